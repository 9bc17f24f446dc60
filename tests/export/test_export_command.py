"""`python -m segmenter export`: what it writes and what it says."""

import shutil

import cv2
import numpy as np
import pytest

from segmenter import cli
from segmenter.benchmark.scenes import scene
from segmenter.export import release
from segmenter.inference import Segmenter
from segmenter.weights.finding import BUNDLED

RECORD = BUNDLED / "deeplabv3-portrait.json"


@pytest.fixture
def photos(tmp_path):
    """Three drawings of somebody, with masks of the lower halves."""
    for kind in ("images", "masks"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
    for index, size in enumerate(((96, 128), (128, 96), (128, 128))):
        mask = np.zeros(size, np.uint8)
        mask[size[0] // 2 :] = 255
        cv2.imwrite(str(tmp_path / "photos/images" / f"{index}.png"), scene(*size)[..., ::-1])
        cv2.imwrite(str(tmp_path / "photos/masks" / f"{index}.png"), mask)
    return tmp_path / "photos"


@pytest.fixture
def bundled_graph(monkeypatch):
    """Take the file of free size from the record's own folder, where an export wrote it before."""
    write_onnx = release.write_onnx

    def write(net, path, fixed_size=None):
        if fixed_size:
            return write_onnx(net, path, fixed_size)
        return shutil.copyfile(RECORD.with_suffix(".onnx"), path)

    monkeypatch.setattr(release, "write_onnx", write)


def test_it_lists_the_files_and_how_near_they_come(photos, bundled_graph, tmp_path, capsys):
    folder = tmp_path / "files"
    words = ["export", str(RECORD), "-o", str(folder), "--name", "mine", "--formats", "int8"]
    words += ["--fixed-size", "64"]
    assert cli.main([*words, "--calibration", str(photos), "--photos", str(photos)]) == 0
    said = capsys.readouterr().out
    names = ("mine.safetensors", "mine.onnx", "mine.json", "mine-64.onnx", "mine-int8.onnx")
    assert said.splitlines()[:5] == [str(folder / name) for name in names]
    assert f"3 pictures of {photos}, 64x64; CPU" in said
    rows = [line.strip("| ").split(" | ") for line in said.splitlines() if line.startswith("| m")]
    ran = [(file, runtime) for file, runtime, *_ in rows]
    assert ran[:2] == [("mine.safetensors", "PyTorch"), ("mine.onnx", "ONNX Runtime")]
    assert {("mine-int8.onnx", "ONNX Runtime"), ("mine-64.onnx", "OpenCV dnn")} <= set(ran)
    assert all(float(row[4]) < 1e-3 for row in rows if row[0] in ("mine.onnx", "mine-64.onnx"))
    assert len({row[6] for row in rows if row[0] != "mine-int8.onnx"}) == 1  # mIoU
    segmenter = Segmenter(str(folder / "mine-int8.json"), backend="onnx", device="cpu")
    assert segmenter.weights.name == "mine-int8"
    assert segmenter.probability(scene(96, 128)).shape == (96, 128)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nowhere.pt"], "there is no file nowhere.pt"),
        (["nowhere.json"], "no record nowhere.json"),
        (["x.pt", "--formats", "int8"], "give --calibration FOLDER"),
        (["x.pt", "--fixed-size", "70"], "choose a multiple of 16"),
        (["x.pt", "--photos", "nowhere"], "can't list nowhere"),
    ],
)
def test_what_it_can_not_do_is_told_in_a_line(words, reason, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", *words, "-o", "files"]) in (1, 2)
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1
    assert not (tmp_path / "files").exists()
