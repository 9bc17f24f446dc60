"""From a folder of photos with masks to scores, by the commands that the README names."""

import json
import shlex

import pytest

from segmenter import cli
from segmenter.nets import COMPARED


def train(architecture, data, run):
    """Train for two steps with the command."""
    words = ["train", str(data), "-o", str(run), "--architecture", architecture]
    words += ["--samples", "8", "--epoch", "4", "--batch-size", "4", "--size", "64"]
    assert cli.main([*words, "--validation-share", "0.2", "--workers", "0"]) == 0


@pytest.mark.parametrize("architecture", COMPARED)
def test_every_architecture_is_trained(architecture, data, tmp_path):
    """That each is exported too, `test_onnx.py` shows."""
    train(architecture, data, tmp_path)
    assert (tmp_path / "log.csv").read_text().count("\n") == 3  # the heads and two epochs
    assert (tmp_path / "checkpoint.pt").is_file() and (tmp_path / "best.pt").is_file()


def test_train_export_and_evaluate(data, tmp_path, capsys):
    run = tmp_path / "my run"
    train("deeplabv3", data, run)
    _, _, following = capsys.readouterr().out.partition("next: python -m segmenter ")
    assert cli.main([*shlex.split(following), "--name", "own"]) == 0
    capsys.readouterr()
    record = str(run / "own.json")
    assert cli.main(["evaluate", str(data / "portraits"), "--model", record, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["photos"] == 6 and 0 <= row["miou"] <= 1
    assert row["parameters"] > 1e6 and row["onnx_ms"] > 0 and row["torch_ms"] > 0
