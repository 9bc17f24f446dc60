import csv
import shutil
import signal
import sys

import cv2
import numpy as np
import pytest
import torch

from segmenter.errors import InvalidDataset, InvalidInput, OutputFailed, TrainingFailed
from segmenter.training import loop
from segmenter.training.checkpoint import read_checkpoint, write_checkpoint
from segmenter.training.data import PersonDataset
from segmenter.training.loop import batches, is_patience_over, make_loader, train
from segmenter.training.options import TrainOptions
from segmenter.training.run import Run, choose_precision


def options(data, run, samples: int = 8, **changes) -> TrainOptions:
    chosen = {"batch_size": 2, "size": 64, "epoch": 4, "workers": 0} | changes
    return TrainOptions(data=data, run=run, samples=samples, **chosen)


def rows_of(run) -> list[dict[str, str]]:
    with (run / "log.csv").open() as log:
        return list(csv.DictReader(log))


class Stop(Exception):
    pass


@pytest.mark.parametrize("changes", [{}, {"precision": "float32", "loss": "bce+lovasz"}])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(data, tmp_path, monkeypatch, changes):
    whole = train(options(data, tmp_path / "whole", 12, **changes))
    end_epoch = loop.end_epoch

    def stop_after_the_first(*arguments):
        end_epoch(*arguments)
        raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(loop, "end_epoch", stop_after_the_first)
        with pytest.raises(Stop):
            train(options(data, tmp_path / "parts", 12, **changes))
    parts = train(options(data, tmp_path / "parts", 12, **changes))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name
    curves = [
        [(row["samples"], row["loss"]) for row in rows_of(tmp_path / name)]
        for name in ("whole", "parts")
    ]
    assert curves[0] == curves[1]
    assert [samples for samples, _ in curves[0]] == ["4", "8", "12"]


def test_a_run_stopped_within_an_epoch_goes_on_too(data, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY_S", 0)  # after every step
    whole = train(options(data, tmp_path / "whole", 8, epoch=8))
    step, steps = Run.step, []

    def fail_at_the_third(self, *batch):
        steps.append(1)
        if len(steps) == 3:
            raise Stop
        return step(self, *batch)

    monkeypatch.setattr(Run, "step", fail_at_the_third)
    with pytest.raises(Stop):
        train(options(data, tmp_path / "parts", 8, epoch=8))
    parts = train(options(data, tmp_path / "parts", 8, epoch=8))
    assert all(map(torch.equal, whole.state_dict().values(), parts.state_dict().values()))
    assert rows_of(tmp_path / "parts")[0]["loss"] == rows_of(tmp_path / "whole")[0]["loss"]


def test_a_run_that_is_interrupted_within_a_step_goes_on_after_it(
    data, tmp_path, monkeypatch, capsys
):
    whole = train(options(data, tmp_path / "whole", 8, epoch=8))
    step = Run.step

    def interrupt(self, *batch):
        if self.seen == 2:
            signal.raise_signal(signal.SIGINT)
        return step(self, *batch)

    monkeypatch.setattr(Run, "step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        train(options(data, tmp_path / "parts", 8, epoch=8))
    assert read_checkpoint(tmp_path / "parts" / "checkpoint.pt")["seen"] == 4
    assert "the same command goes on from here" in capsys.readouterr().err
    parts = train(options(data, tmp_path / "parts", 8, epoch=8))
    assert all(map(torch.equal, whole.state_dict().values(), parts.state_dict().values()))


def test_a_finished_run_is_left_as_it_is(data, tmp_path):
    train(options(data, tmp_path))
    before = (tmp_path / "checkpoint.pt").read_bytes()
    train(options(data, tmp_path))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_other_options_do_not_go_on_with_a_run(data, tmp_path):
    train(options(data, tmp_path))
    with pytest.raises(InvalidInput, match="seed was 1, now 2; size was 64, now 96"):
        train(options(data, tmp_path, size=96, seed=2))


def test_a_run_of_other_data_is_not_taken_for_one_of_these(data, tmp_path, caplog):
    """They may be the same files in another place, so that it goes on all the same."""
    train(options(data, tmp_path))
    train(options(data, tmp_path))
    assert caplog.messages == []
    train(options(data / "portraits", tmp_path))
    (told,) = caplog.messages
    assert f"begun with the data in {data};" in told and f"from {data / 'portraits'} alone" in told


def test_it_learns_the_discs(data, tmp_path):
    train(options(data, tmp_path, 60, epoch=20, warm_up=4))
    losses = [float(row["loss"]) for row in rows_of(tmp_path)]
    assert losses[-1] < 0.9 * losses[0]


def test_pairs_held_out_are_scored_and_shown(data, tmp_path):
    train(options(data, tmp_path, validation_share=0.3))
    rows = rows_of(tmp_path)
    assert [row["samples"] for row in rows] == ["4", "8"]
    assert all(0 <= float(row["miou"]) <= 1 for row in rows)
    best = max(rows, key=lambda row: float(row["miou"]))
    assert read_checkpoint(tmp_path / "best.pt")["seen"] == int(best["samples"])
    for row in rows:
        sheet = cv2.imread(str(tmp_path / "pictures" / f"{int(row['samples']):07d}.jpg"))
        assert sheet.shape[1] > 800 and sheet.std() > 20


def test_without_pairs_held_out_there_is_no_score(data, tmp_path):
    train(options(data, tmp_path, 4))
    assert rows_of(tmp_path)[0]["miou"] == ""
    assert not (tmp_path / "best.pt").exists()


def run_with_scores(data, tmp_path, scores, patience) -> Run:
    run = Run(options(data, tmp_path, patience=patience, validation_share=0.2), torch.device("cpu"))
    run.epochs = [{"samples": 4, "loss": 1.0, "miou": score, "seconds": 1.0} for score in scores]
    return run


@pytest.mark.parametrize(
    ("scores", "over"),
    [
        ([0.5], False),
        ([0.5, 0.6, 0.7], False),
        ([0.7, 0.6], False),
        ([0.7, 0.6, 0.5], True),
        ([0.7, 0.6, 0.8], False),
        ([0.7, 0.7, 0.7], True),
    ],
)
def test_patience_of_two(data, tmp_path, scores, over):
    assert is_patience_over(run_with_scores(data, tmp_path, scores, patience=2)) is over


def test_a_run_out_of_patience_stops(data, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "validate", lambda *_: 0.5)
    chosen = options(data, tmp_path, 40, validation_share=0.3, patience=2)
    train(chosen)
    assert rows_of(tmp_path)[-1]["samples"] == "12"
    train(chosen)  # and stays stopped
    assert rows_of(tmp_path)[-1]["samples"] == "12"


def test_tensorboard_can_read_the_run(data, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    train(options(data, tmp_path, validation_share=0.3, tensorboard=True))
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    logged = [event.value for event in events.Scalars("loss")]
    assert logged == pytest.approx([float(row["loss"]) for row in rows_of(tmp_path)], rel=1e-5)
    assert len(events.Images("answers")) == 2


def a_batch() -> list[torch.Tensor]:
    generator = np.random.default_rng(0)
    shapes = ((2, 3, 64, 64), (2, 1, 64, 64))
    image, mask = (generator.integers(0, 256, shape, dtype=np.uint8) for shape in shapes)
    return [*map(torch.from_numpy, (image, mask)), torch.ones(2, 1, 64, 64, dtype=torch.uint8)]


def test_a_step_without_a_number_is_left_out(data, tmp_path):
    run = Run(options(data, tmp_path, 100), torch.device("cpu"))
    run.step(*a_batch())
    before = {name: value.clone() for name, value in run.net.named_parameters()}
    loss, run.loss = run.loss, lambda *parts: loss(*parts) * float("nan")
    next(run.net.buffers()).fill_(float("nan"))  # as a broken batch leaves running means
    assert np.isnan(run.step(*a_batch()))
    for name, value in run.net.named_parameters():
        assert torch.equal(value, before[name]), name
    for net in (run.net, run.average.net):
        assert all(torch.isfinite(value).all() for value in net.state_dict().values())
    assert run.seen == 4 and len(run.losses) == 1
    run.loss = loss
    assert np.isfinite(run.step(*a_batch()))


def test_float16_without_numbers_stops_too_and_spoils_no_average(data, tmp_path):
    """Its scaler leaves out steps whose gradients are no numbers; here the loss is none."""
    run = Run(options(data, tmp_path, 100), torch.device("cpu"))
    run.scaler = torch.amp.GradScaler("cpu")
    run.step(*a_batch())
    with torch.no_grad():
        next(run.net.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingFailed, match="gave no number"):
        for _ in range(100):
            run.step(*a_batch())
    assert all(torch.isfinite(value).all() for value in run.average.net.state_dict().values())


def test_a_run_without_numbers_stops_and_keeps_its_last_good_state(data, tmp_path):
    run = Run(options(data, tmp_path, 100), torch.device("cpu"))
    run.save()
    run.loss = lambda logits, *_: logits.sum() * float("nan")
    with pytest.raises(TrainingFailed, match="lower learning rate"):
        for _ in range(100):
            run.step(*a_batch())
    assert read_checkpoint(run.checkpoint)["seen"] == 0


def test_a_run_that_never_gave_a_number_names_no_checkpoint(data, tmp_path):
    run = Run(options(data, tmp_path, 100), torch.device("cpu"))
    run.loss = lambda logits, *_: logits.sum() * float("nan")
    with pytest.raises(TrainingFailed, match="gave no number; start a new run, with a lower"):
        for _ in range(100):
            run.step(*a_batch())


def test_steps_without_numbers_leave_the_checkpoint_from_before(data, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY_S", 0)  # after every step
    step = Run.step

    def break_down(self, *batch):
        if self.seen >= 4:
            self.loss = lambda logits, *_: logits.sum() * float("nan")
        return step(self, *batch)

    monkeypatch.setattr(Run, "step", break_down)
    with pytest.raises(TrainingFailed, match=r"checkpoint\.pt is from before them"):
        train(options(data, tmp_path, 100, epoch=6))
    assert read_checkpoint(tmp_path / "checkpoint.pt")["seen"] == 4


def test_a_run_begun_without_a_scaler_goes_on_with_one(data, tmp_path):
    """As when a checkpoint moves from a CPU to a card."""
    begun = Run(options(data, tmp_path, 100), torch.device("cpu"))
    begun.step(*a_batch())
    begun.save()
    run = Run(options(data, tmp_path, 100), torch.device("cpu"))
    run.scaler = torch.amp.GradScaler("cpu")
    run.resume()
    assert run.seen == begun.seen > 0
    assert np.isfinite(run.step(*a_batch()))


def test_a_card_with_too_little_memory_is_told(data, tmp_path, monkeypatch):
    def fail(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nand more")

    monkeypatch.setattr(Run, "step", fail)
    with pytest.raises(TrainingFailed, match=r"2 GiB; .* with a smaller batch size"):
        train(options(data, tmp_path))


def test_a_worker_that_was_ended_is_told(data, tmp_path, monkeypatch):
    """PyTorch raises it from a signal's handler, wherever the run is."""

    def fail(*_):
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. ")

    monkeypatch.setattr(Run, "step", fail)
    with pytest.raises(TrainingFailed, match=r"\(.* by signal: Killed\.\); give the same command"):
        train(options(data, tmp_path))
    monkeypatch.setattr(Run, "step", lambda *_: torch.zeros(2) @ torch.zeros(3))
    with pytest.raises(RuntimeError, match="size"):
        train(options(data, tmp_path))


def test_a_card_that_only_imitates_bfloat16_takes_float16(monkeypatch):
    def is_supported(including_emulation=True):
        return including_emulation

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", is_supported)
    assert choose_precision("auto", torch.device("cuda")) is torch.float16


def test_weights_alone_are_no_run_to_go_on_with(data, tmp_path):
    run = Run(options(data, tmp_path), torch.device("cpu"))
    run.save_best()
    (tmp_path / "best.pt").rename(run.checkpoint)
    with pytest.raises(InvalidInput, match=r"holds averaged weights alone, as best\.pt does"):
        run.resume()


@pytest.mark.parametrize("content", [b"", b"no pickle", b"PK\x03\x04 cut off"])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path, content):
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="damaged; remove it to begin anew") as caught:
        read_checkpoint(path)
    assert "weights_only" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit")
def test_a_checkpoint_that_does_not_fit_is_told_and_the_last_one_stays(tmp_path):
    import resource

    path = tmp_path / "checkpoint.pt"
    write_checkpoint(path, {"net": 1})
    before = path.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(OutputFailed, match="check the folder's free space"):
            write_checkpoint(path, {"net": torch.zeros(1_000_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_folder_that_can_not_be_made_is_told_before_the_data_is_looked_at(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputFailed, match="can't write into the folder"):
        train(options(tmp_path / "no data", tmp_path / "file" / "run"))


def test_a_validation_share_of_which_nothing_can_be_held_out_is_refused(data, tmp_path):
    for kind, ending in (("images", "jpg"), ("masks", "png")):
        (tmp_path / "one" / kind).mkdir(parents=True)
        name = f"{kind}/0.{ending}"
        (tmp_path / "one" / name).write_bytes((data / "portraits" / name).read_bytes())
    chosen = options(tmp_path / "one", tmp_path / "run", validation_share=0.5)
    with pytest.raises(InvalidInput, match="no pair could be held out for a score: add pairs"):
        train(chosen)


def test_a_file_that_breaks_while_a_worker_reads_is_told_in_one_sentence(data, tmp_path):
    shutil.copytree(data / "portraits", tmp_path / "data")
    dataset = PersonDataset(tmp_path / "data", size=64, batch_size=2, seed=0)
    for photo in (tmp_path / "data" / "images").iterdir():
        photo.write_bytes(b"no picture")
    for workers in (0, 1):
        loader = make_loader(dataset, 0, options(tmp_path / "data", tmp_path, workers=workers))
        with pytest.raises(InvalidDataset) as caught:
            list(batches(loader))
        assert str(caught.value).startswith(str(tmp_path / "data" / "images"))


def test_seconds_go_on_from_a_checkpoint_within_an_epoch(data, tmp_path):
    run = Run(options(data, tmp_path), torch.device("cpu"))
    run.seconds = 1000.0  # before the first epoch's end
    run.save()
    train(options(data, tmp_path))
    assert all(1000 < float(row["seconds"]) < 1100 for row in rows_of(tmp_path))


def test_the_rate_warms_up_and_falls(data, tmp_path):
    run = Run(options(data, tmp_path, 100, warm_up=10), torch.device("cpu"))
    rates = []
    for seen in range(0, 101, 2):
        run.seen = seen
        run.set_rate()
        rates.append(run.optimiser.param_groups[0]["lr"])
    assert rates[0] == pytest.approx(0.2e-3, rel=0.01)
    assert np.argmax(rates) == 4  # the warm-up's last step
    assert all(np.diff(rates[4:]) < 0)
    assert rates[-1] == pytest.approx(1e-5)


def test_only_a_pretrained_encoder_learns_more_slowly(data, tmp_path):
    def rates(**changes) -> set[float]:
        run = Run(options(data, tmp_path, **changes), torch.device("cpu"))
        return {group["lr"] for group in run.optimiser.param_groups}

    assert rates() == {1e-3}
    from segmenter.nets import build

    encoder = tmp_path / "encoder.pt"
    torch.save(build("deeplabv3").encoder.state_dict(), encoder)
    assert rates(encoder_weights=encoder) == {1e-3, 0.5e-3}


def test_precision_is_as_told():
    assert choose_precision("float32", torch.device("cpu")) is torch.float32
    assert choose_precision("auto", torch.device("cpu")) in (torch.float32, torch.bfloat16)


@pytest.mark.cuda
@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_it_learns_on_cuda(data, tmp_path, precision):
    train(options(data, tmp_path, 60, epoch=20, warm_up=4, precision=precision))
    losses = [float(row["loss"]) for row in rows_of(tmp_path)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"samples": 0}, "at least 1"),
        ({"size": 32}, "64 pixels"),
        ({"validation_share": 1.0}, "validation share"),
        ({"patience": 3}, "validation share"),
        ({"precision": "int3"}, "bfloat16"),
        ({"loss": "hope"}, "lovasz"),
        ({"learning_rate": 0.0}, "positive"),
        ({"averaging": 1.0}, "averaging"),
        ({"start_from": "a.safetensors", "encoder_weights": "b.pt"}, "leave one out"),
        ({"learning_rate": float("inf")}, "learning rate is inf; choose a number"),
        ({"weight_decay": float("nan")}, "weight decay is nan; choose a number"),
        ({"weight_decay": -1.0}, "weight decay is -1.0; choose a number, 0 or more"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**64}, "choose one up to 9223372036854775807"),
        ({"workers": -1}, "workers is -1"),
        ({"warm_up": -5}, "warm up is -5"),
        ({"size": 100_000}, "at most 2048"),
        ({"architecture": "deeplabv3_resnet50", "batch_size": 1}, "choose 2 or more"),
        (
            {"architecture": "deeplabv3_mobilenet_v3_large", "batch_size": 4, "samples": 9},
            "the last of 9 samples in batches of 4; choose 10 samples",
        ),
    ],
)
def test_senseless_options_are_refused(data, tmp_path, changes, message):
    with pytest.raises(InvalidInput, match=message):
        options(data, tmp_path, **changes)


def test_a_torchvision_network_learns_from_what_is_not_refused(data, tmp_path):
    """A last batch of two, and no more."""
    chosen = {"architecture": "deeplabv3_mobilenet_v3_large", "batch_size": 3}
    train(options(data, tmp_path, 5, **chosen))
    assert rows_of(tmp_path)[-1]["samples"] == "5"
