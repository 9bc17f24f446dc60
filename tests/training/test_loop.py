import csv

import cv2
import numpy as np
import pytest
import torch

from segmenter.errors import InvalidInput, TrainingFailed
from segmenter.training import loop
from segmenter.training.loop import is_patience_over, train
from segmenter.training.options import TrainOptions
from segmenter.training.run import Run, choose_precision, read_checkpoint


def options(data, run, samples: int = 8, **changes) -> TrainOptions:
    chosen = {"batch_size": 2, "size": 64, "epoch": 4, "workers": 0} | changes
    return TrainOptions(data=data, run=run, samples=samples, **chosen)


def rows_of(run) -> list[dict[str, str]]:
    with (run / "log.csv").open() as log:
        return list(csv.DictReader(log))


class Stop(Exception):
    pass


def stop_after(seen: int):
    def stop(run: Run) -> None:
        if run.seen >= seen:
            raise Stop

    return stop


@pytest.mark.parametrize("changes", [{}, {"precision": "float32", "loss": "bce+lovasz"}])
def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(data, tmp_path, changes):
    whole = train(options(data, tmp_path / "whole", 12, **changes))
    with pytest.raises(Stop):
        train(options(data, tmp_path / "parts", 12, **changes), stop_after(4))
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


def test_a_finished_run_is_left_as_it_is(data, tmp_path):
    train(options(data, tmp_path))
    before = (tmp_path / "checkpoint.pt").read_bytes()
    train(options(data, tmp_path))
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_other_options_do_not_go_on_with_a_run(data, tmp_path):
    train(options(data, tmp_path))
    with pytest.raises(InvalidInput, match="seed was 1, now 2; size was 64, now 96"):
        train(options(data, tmp_path, size=96, seed=2))


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


def test_a_run_without_numbers_stops_and_keeps_its_last_good_state(data, tmp_path):
    run = Run(options(data, tmp_path, 100), torch.device("cpu"))
    run.save()
    run.loss = lambda logits, *_: logits.sum() * float("nan")
    with pytest.raises(TrainingFailed, match="lower learning rate"):
        for _ in range(100):
            run.step(*a_batch())
    assert read_checkpoint(run.checkpoint)["seen"] == 0


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
    ],
)
def test_senseless_options_are_refused(data, tmp_path, changes, message):
    with pytest.raises(InvalidInput, match=message):
        options(data, tmp_path, **changes)
