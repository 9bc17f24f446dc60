import csv

import pytest
import torch

from segmenter.errors import InvalidInput
from segmenter.export.onnx import export_checkpoint
from segmenter.nets import build
from segmenter.training.loop import TrainOptions, load_encoder, train


def options(data, run, samples: int) -> TrainOptions:
    return TrainOptions(data=data, run=run, samples=samples, batch_size=2, size=64)


def losses_of(run) -> list[float]:
    with (run / "log.csv").open() as log:
        return [float(row[1]) for row in csv.reader(log)]


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(data, tmp_path, monkeypatch):
    monkeypatch.setattr("segmenter.training.loop.CHECKPOINT_EVERY_S", 0)  # after every step
    whole = train(options(data, tmp_path / "whole", 8))

    class Stop(Exception):
        pass

    def stop_half_way(net, seen):
        if seen == 4:
            raise Stop
        return ""

    with pytest.raises(Stop):
        train(options(data, tmp_path / "parts", 8), stop_half_way)
    parts = train(options(data, tmp_path / "parts", 8))
    for name, value in whole.state_dict().items():
        assert torch.equal(value, parts.state_dict()[name]), name
    assert losses_of(tmp_path / "parts")[-1] > 0


def test_it_learns_the_discs(data, tmp_path, monkeypatch):
    monkeypatch.setattr("segmenter.training.loop.WARM_UP_STEPS", 2)
    monkeypatch.setattr("segmenter.training.loop.CHECKPOINT_EVERY_S", 0)
    train(options(data, tmp_path, 60))
    losses = losses_of(tmp_path)  # running means
    assert losses[-1] < 0.9 * losses[0]


def test_the_encoder_takes_a_published_classifiers_tensors(tmp_path):
    published = build("deeplabv3").encoder.state_dict()
    renamed = {f"layer{index}": value + 0.5 for index, value in enumerate(published.values())}
    torch.save(renamed | {"classifier": torch.zeros(1000, 320)}, tmp_path / "published.pt")
    encoder = build("deeplabv3").encoder
    load_encoder(encoder, tmp_path / "published.pt")
    for mine, theirs in zip(encoder.state_dict().values(), renamed.values(), strict=True):
        assert torch.equal(mine.float(), theirs.to(mine.dtype).float())


def test_another_networks_tensors_are_refused(tmp_path):
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(InvalidInput, match="EfficientNet-Lite0"):
        load_encoder(build("deeplabv3").encoder, tmp_path / "other.pt")


def test_senseless_options_are_refused(data, tmp_path):
    with pytest.raises(InvalidInput):
        options(data, tmp_path, 0)


def test_a_checkpoint_of_another_kind_is_not_exported(tmp_path):
    torch.save({"something": 1}, tmp_path / "checkpoint.pt")
    with pytest.raises(InvalidInput, match="no checkpoint"):
        export_checkpoint(tmp_path / "checkpoint.pt", tmp_path, "x", "deeplabv3")
