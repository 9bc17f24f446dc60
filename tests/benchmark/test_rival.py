import json
import os
import shutil
import sys

import cv2
import pytest
from scenes import RedSegmenter, person

from segmenter import cli
from segmenter.benchmark import rival
from segmenter.benchmark.rival import OURS, compare, started_rival
from segmenter.benchmark.rival_process import NETWORKS
from segmenter.benchmark.scenes import Stage
from segmenter.errors import InvalidDataset, InvalidInput, MissingExtra
from segmenter.images import save_image

FAKE = """
import time, types
import numpy as np

__version__ = "0.0 of a test"
print("a library's remark")

class SelfieSegmentation:
    def __init__(self, model_selection):
        self.shift = 20 * model_selection

    def process(self, frame):
        time.sleep(0.002)  # of much less, the report's hundredths of a millisecond are a large part
        mask = (frame[..., 0].astype(int) - frame[..., 1] > 60).astype(np.float32)
        return types.SimpleNamespace(segmentation_mask=np.roll(mask, self.shift, axis=1))

solutions = types.SimpleNamespace(
    selfie_segmentation=types.SimpleNamespace(SelfieSegmentation=SelfieSegmentation)
)
"""


def interpreter(folder, fake):
    """This Python, with a module `mediapipe` made of `fake`."""
    folder.mkdir()
    (folder / "mediapipe.py").write_text(fake)
    program = folder / "python"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return program


@pytest.fixture
def stage(tmp_path):
    save_image(tmp_path / "red.png", person())
    return Stage(RedSegmenter(), tmp_path / "red.png")


@pytest.fixture
def photos(tmp_path):
    """One photo of a red square, and its mask."""
    folder = tmp_path / "party"
    frame = person()
    save_image(folder / "images" / "a.png", frame)
    (folder / "masks").mkdir()
    cv2.imwrite(str(folder / "masks" / "a.png"), 255 * (frame[..., 0] > 100).astype("uint8"))
    return folder


@pytest.mark.alone
def test_both_are_timed_and_scored_on_the_same_pictures(stage, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(rival, "SIZE", (72, 128))
    python = interpreter(tmp_path / "env", FAKE)
    found = compare(RedSegmenter(), stage, python, [photos], 3)
    by_name = {contender.name: contender for contender in found.contenders}
    assert list(by_name) == [*OURS, *NETWORKS]
    assert found.machine["mediapipe"] == "0.0 of a test"
    general, landscape = (by_name[name] for name in NETWORKS)
    assert general.times_the_rivals == 1.0
    ours = by_name[OURS[0]]
    assert ours.times_the_rivals == pytest.approx(ours.median_ms / general.median_ms, rel=0.05)
    # The general one sees the very square; the other one sees it beside itself.
    assert general.scores["party"] == {"boundary_f": 1.0, "miou": 1.0}
    assert landscape.scores["party"]["boundary_f"] < 0.9
    assert all(by_name[name].scores["party"]["miou"] > 0.97 for name in OURS)
    assert "| MediaPipe Selfie, general |" in found.to_markdown()
    assert json.loads(found.to_json())["frames"] == 3


def test_sets_of_one_name_are_both_scored_and_a_bad_one_is_told_first(
    stage, photos, tmp_path, monkeypatch
):
    monkeypatch.setattr(rival, "SIZE", (72, 128))
    python = interpreter(tmp_path / "env", FAKE)
    other = tmp_path / "later" / "party"
    shutil.copytree(photos, other)
    found = compare(RedSegmenter(), stage, python, [photos, other], 1)
    assert set(found.contenders[0].scores) == {str(photos), str(other)}
    (other / "masks" / "a.png").write_bytes(b"milk")
    monkeypatch.setattr(rival, "started_rival", None)
    with pytest.raises(InvalidDataset, match=r"a\.png"):
        compare(RedSegmenter(), stage, python, [photos, other], 1)


def test_a_python_without_mediapipe_is_told(tmp_path):
    python = interpreter(tmp_path / "env", "raise ImportError('no such thing')")
    with pytest.raises(MissingExtra, match=r"no such thing.*-m pip install mediapipe"):
        started_rival(python).__enter__()


def test_a_mediapipe_without_its_segmenter_is_told(tmp_path):
    python = interpreter(tmp_path / "env", "__version__ = '9'")
    with pytest.raises(MissingExtra, match=r"AttributeError.*solutions"):
        started_rival(python).__enter__()


def test_what_is_no_python_is_told(tmp_path, capsys):
    with pytest.raises(InvalidInput, match="--rival-python"):
        started_rival(tmp_path / "none").__enter__()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="--rival-python"):
        started_rival(tmp_path / "pipe").__enter__()
    assert cli.main(["benchmark", "--against", "mediapipe"]) == 2
    assert "--rival-python PATH" in capsys.readouterr().err
