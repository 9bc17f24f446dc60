"""From a folder of photos with masks to scores, by the commands that the README names."""

import json

import pytest

from segmenter import cli
from segmenter.nets import COMPARED


@pytest.mark.parametrize("architecture", COMPARED)
def test_train_export_and_evaluate(architecture, data, tmp_path, capsys):
    run, files = tmp_path / "run", tmp_path / "files"
    train = ["train", str(data), "-o", str(run), "--architecture", architecture]
    train += ["--samples", "8", "--epoch", "4", "--batch-size", "4", "--size", "64"]
    assert cli.main([*train, "--validation-share", "0.2", "--workers", "0"]) == 0
    assert (run / "log.csv").read_text().count("\n") == 3  # the heads and two epochs
    export = ["export", str(run / "checkpoint.pt"), "-o", str(files), "--name", architecture]
    assert cli.main(export) == 0
    capsys.readouterr()
    record = str(files / f"{architecture}.json")
    assert cli.main(["evaluate", str(data / "portraits"), "--model", record, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["photos"] == 6 and 0 <= row["miou"] <= 1
    assert row["parameters"] > 1e6 and row["onnx_ms"] > 0 and row["torch_ms"] > 0
