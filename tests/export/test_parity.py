"""The report, on run-times whose answers are known."""

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from segmenter.benchmark.scenes import SCENE_SIZES
from segmenter.errors import InvalidDataset, InvalidInput
from segmenter.export.parity import compare, median_times, to_markdown
from segmenter.export.photos import Photo, calibration_photos, parity_photos, read_photo
from segmenter.export.runtimes import Exported, OpenCvRuntime, with_opencv
from segmenter.weights import read_record
from segmenter.weights.finding import BUNDLED

RECORD = read_record(BUNDLED / "deeplabv3-portrait.json")
EVEN = np.float32(0)  # the logit of one half
SURE = np.float32(np.log(3))  # of three quarters


class Fixed:
    """A run-time that says `left` of the left half of every picture and `right` of the rest."""

    def __init__(self, name, left, right, seconds=0.0):
        self.name, self.seconds = name, seconds
        self.left, self.right = left, right

    def run(self, batch):
        time.sleep(self.seconds)
        logits = np.full((1, 1, *batch.shape[2:]), self.right, np.float32)
        logits[..., : batch.shape[3] // 2] = self.left
        return logits


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(bytes(1_500_000))
    return path


def square(person=None):
    return Photo(np.zeros((64, 64, 3), np.uint8), person)


def test_differences_are_of_probabilities(file):
    first, second = Fixed("first", EVEN, EVEN), Fixed("second", SURE, EVEN)
    exported = [Exported(file, first), Exported(file, second)]
    reference, row = compare(exported, [square, square], RECORD, 64)
    assert (reference.largest, reference.mean) == (0, 0)
    assert row.largest == pytest.approx(0.25)  # three quarters against one half
    assert row.mean == pytest.approx(0.125)  # in the left half alone
    assert row.megabytes == 1.5 and row.runtime == "second"
    assert row.miou is None


def test_what_continues_a_photo_to_a_square_does_not_count(file):
    narrow = Photo(np.zeros((64, 32, 3), np.uint8))  # the left half of its square
    exported = [Exported(file, Fixed("a", EVEN, EVEN)), Exported(file, Fixed("b", EVEN, SURE))]
    assert compare(exported, [lambda: narrow], RECORD, 64)[1].largest == 0


def test_miou_is_of_each_file_against_the_masks(file):
    left = np.zeros((64, 64), bool)
    left[:, :32] = True
    right_answer, all_person = Fixed("right", SURE, -SURE), Fixed("all", SURE, SURE)
    exported = [Exported(file, right_answer), Exported(file, all_person)]
    rows = compare(exported, [lambda: square(left)], RECORD, 64)
    assert rows[0].miou == 1
    assert rows[1].miou == 0.25  # person one half, background nothing


def test_one_class_of_a_softmax_is_compared(file):
    class TwoClasses(Fixed):
        def run(self, batch):
            person = super().run(batch)
            return np.concatenate([np.zeros_like(person), person], axis=1)

    record = replace(RECORD, classes=2, person_class=1)
    exported = [
        Exported(file, TwoClasses("first", EVEN, EVEN)),
        Exported(file, TwoClasses("second", SURE, SURE)),
    ]
    assert compare(exported, [square], record, 64)[1].mean == pytest.approx(0.25)


def test_the_slower_one_takes_longer():
    batch = np.zeros((1, 3, 32, 32), np.float32)
    quick, slow = median_times([Fixed("a", 0, 0), Fixed("b", 0, 0, 0.005)], batch)
    assert quick < 5 <= slow


def test_the_table_has_a_column_of_miou_when_there_are_masks(file):
    exported = [Exported(file, Fixed("ONNX Runtime", EVEN, SURE))]
    without = to_markdown(compare(exported, [square], RECORD, 64)).splitlines()
    assert without[0].endswith("| mean difference |")
    assert without[2].startswith("| net.onnx | ONNX Runtime | 1.5 | ")
    person = np.ones((64, 64), bool)
    half = [Exported(file, Fixed("half", -SURE, SURE))]
    with_masks = to_markdown(compare(half, [lambda: square(person)], RECORD, 64)).splitlines()
    assert with_masks[0].endswith("| mIoU |") and with_masks[2].endswith("| 0.2500 |")
    assert len({line.count("|") for line in with_masks}) == 1


@pytest.fixture
def folder(tmp_path):
    """Ten numbered photos with masks of their left halves."""
    for kind in ("Images", "masks"):
        (tmp_path / "set" / kind).mkdir(parents=True)
    mask = np.zeros((40, 60), np.uint8)
    mask[:, :30] = 255
    for number in range(10):
        cv2.imwrite(str(tmp_path / "set/Images" / f"{number}.png"), np.dstack([mask // 2] * 3))
        cv2.imwrite(str(tmp_path / "set/masks" / f"{number}.png"), mask)
    return tmp_path / "set"


def test_photos_come_with_the_masks_beside_them(folder):
    photos = parity_photos(folder, 100)
    assert len(photos) == 10
    photo = photos[0]()
    assert photo.frame.shape == (40, 60, 3)
    assert photo.person[:, :30].all() and not photo.person[:, 30:].any()
    (without_masks,) = parity_photos(folder / "Images", 1)
    assert without_masks().person is None


def test_generated_pictures_stand_in_for_photos():
    photos = [read() for read in parity_photos(None, 1)]
    assert [photo.frame.shape[:2] for photo in photos] == list(SCENE_SIZES)
    assert all(photo.frame.dtype == np.uint8 and photo.frame.std() > 10 for photo in photos)


def test_calibration_takes_the_same_share_of_every_folder(folder, tmp_path):
    (tmp_path / "few").mkdir()
    for number in range(2):
        cv2.imwrite(str(tmp_path / "few" / f"{number}.png"), np.zeros((9, 9, 3), np.uint8))
    chosen = calibration_photos([folder, tmp_path / "few"], 6)
    assert [path.parent.name for path in chosen] == ["Images"] * 3 + ["few"] * 2
    assert read_photo(chosen[0]).frame.shape == (40, 60, 3)


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_pictures_is_named(make, tmp_path):
    if make:
        (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidDataset, match="empty"):
        parity_photos(tmp_path / "empty", 5)


def test_what_opencv_can_not_load_is_told(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"no network")
    with pytest.raises(InvalidInput, match=r"OpenCV .* can't load .*net\.onnx; write a fixed-size"):
        OpenCvRuntime(tmp_path / "net.onnx")


def test_a_network_that_opencv_loads_but_can_not_run_is_left_out(tmp_path, caplog, monkeypatch):
    """As torchvision's with OpenCV 5.0."""

    class Stuck:
        def setInput(self, batch):
            assert batch.shape == (1, 3, 64, 64)

        def forward(self):
            raise cv2.error("inpShape0[j] == inpShape_i[j]")

    monkeypatch.setattr("cv2.dnn.readNetFromONNX", lambda path: Stuck())
    assert with_opencv(tmp_path / "net.onnx", 64) == []
    assert f"can't run {tmp_path / 'net.onnx'}" in caplog.text
