import shutil
from dataclasses import replace

import numpy as np
import pytest
from photo_sets import NETWORK, NamedSegmenter, put_pair

from segmenter.errors import InvalidDataset
from segmenter.training.clips import (
    CLIP_COLUMNS,
    WAYS,
    check_clips,
    evaluate_clips,
    read_clip,
    score_clip,
)
from segmenter.training.evaluate import Model
from segmenter.training.staged import Clip

HEIGHT, WIDTH = 60, 80


class BlinkingSegmenter(NamedSegmenter):
    """Finds what is red, in every other frame less surely."""

    live_size = 256
    turn = 0

    def probability(self, frame, size=None):
        self.turn += frame.shape[:2] == (HEIGHT, WIDTH)  # a quarter of it is of the same moment
        return super().probability(frame, size) * np.float32(0.3 if self.turn % 2 else 1)


def red_square(left=20):
    """A large red square on grey with texture, and its mask of 0 and 1."""
    frame = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    frame[::4] += 40
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    if left is not None:
        frame[8:54, left : left + 46] = (200, 20, 20)
        mask[8:54, left : left + 46] = 1
    return frame, mask


def model(segmenter):
    return Model("disc", segmenter, NETWORK)


def clip_of(places, step=None):
    frames, truths = zip(*(red_square(left) for left in places), strict=True)
    return Clip("square", list(frames), list(truths), step)


def noisy(clip):
    """The clip with a camera's noise, other in every frame."""
    generator = np.random.default_rng(2)
    frames = [
        np.clip(frame + generator.normal(0, 5, frame.shape), 0, 255).astype(np.uint8)
        for frame in clip.frames
    ]
    return replace(clip, frames=frames)


def steady(segmenter=None):
    segmenter = segmenter or NamedSegmenter()
    segmenter.live_size = 256
    return segmenter


def test_a_network_that_blinks_flickers_less_when_steadied():
    clip = noisy(clip_of([20] * 12))  # where nothing changes a network does not blink
    alone, *steadied = (score_clip(model(BlinkingSegmenter()), clip, way) for way in WAYS)
    assert alone["flicker"] > 0.1  # a third of the frame appears and disappears
    assert len(steadied) == 3
    for row in steadied:
        assert row["flicker"] < 0.5 * alone["flicker"]
        assert row["person_iou"] > alone["person_iou"]


def test_each_way_sees_its_own_size():
    class Sizes(NamedSegmenter):
        live_size = 256

        def __init__(self):
            super().__init__()
            self.seen = set()

        def probability(self, frame, size=None):
            self.seen.add(size)
            return super().probability(frame, size)

    segmenters = {way: Sizes() for way in WAYS}
    for way, segmenter in segmenters.items():
        score_clip(model(segmenter), clip_of([20, 22]), way)
    photo_size = NamedSegmenter().photo_size
    assert segmenters["video"].seen == segmenters["video, frame by frame"].seen == {photo_size}
    assert segmenters["camera"].seen == {round(1.2 * 256)}
    assert segmenters["camera, busy machine"].seen == {256}


def test_a_network_that_is_right_has_neither_flicker_nor_lag():
    row = score_clip(model(steady()), clip_of([None] * 5 + [20] * 5, step=5), "video")
    assert row["lag"] <= 1
    assert row["flicker"] < 0.01
    assert row["person_iou"] > 0.95
    assert row["boundary_f"] > 0.95
    assert set(row) == set(CLIP_COLUMNS)


def test_a_network_that_sees_people_late_lags():
    class Late(NamedSegmenter):
        live_size = 256
        seen = 0

        def probability(self, frame, size=None):
            found = super().probability(frame, size)
            is_whole = frame.shape[:2] == (HEIGHT, WIDTH)  # and no quarter of it
            self.seen += bool(found.any()) and is_whole
            return found * np.float32(self.seen > 3)

    row = score_clip(model(Late()), clip_of([None] * 5 + [20] * 8, step=5), "video, frame by frame")
    assert row["lag"] == 3


def test_the_lag_of_a_network_that_sees_nobody_has_no_number():
    class Blind(NamedSegmenter):
        live_size = 256

        def probability(self, frame, size=None):
            return np.zeros(frame.shape[:2], np.float32)

    row = score_clip(
        model(Blind()), clip_of([None] * 3 + [20] * 3, step=3), "video, frame by frame"
    )
    assert row["lag"] is None


def test_a_clip_from_its_folder(tmp_path):
    for number in range(3):
        frame, mask = red_square(20 + 5 * number)
        put_pair(tmp_path / "walk", f"{number:04}", frame, (mask * 255).astype(np.uint8))
    rows = evaluate_clips(model(steady()), [tmp_path / "walk"])
    assert [(row["clip"], row["way"], row["frames"]) for row in rows] == [
        ("walk", "video, frame by frame", 3),
        ("walk", "video", 3),
        ("walk", "camera", 3),
        ("walk", "camera, busy machine", 3),
    ]
    assert rows[0]["lag"] is None
    assert rows[0]["person_iou"] > 0.95


def test_a_training_folder_stages_its_clips(data, monkeypatch):
    monkeypatch.setattr("segmenter.training.staged.LENGTH", 4)
    monkeypatch.setattr("segmenter.training.staged.STEP", 2)
    monkeypatch.setattr("segmenter.training.staged.TAKES", 1)
    rows = evaluate_clips(model(steady()), [data])
    assert {row["clip"] for row in rows} >= {"still 1", "fast 1", "cut 1"}
    assert [row["clip"] for row in rows if row["lag"] is not None] == [
        *["appears 1"] * 4,
        *["cut 1"] * 4,
    ]


def test_single_photos_are_no_clip(tmp_path):
    put_pair(tmp_path, "only")
    with pytest.raises(InvalidDataset, match="two frames or more"):
        read_clip(tmp_path)


def test_every_frame_is_looked_at_before_anything_is_scored(tmp_path):
    for name in "abc":
        put_pair(tmp_path, name)
    check_clips([tmp_path])
    for name in "bc":
        (tmp_path / "masks" / f"{name}.png").write_bytes(b"no picture")
    with pytest.raises(InvalidDataset, match=r"2 faults in 3 photos:\n.*b\.png.*\n.*c\.png"):
        check_clips([tmp_path])


def test_the_files_of_staged_clips_are_looked_at_too(tmp_path, data):
    check_clips([shutil.copytree(data, tmp_path / "data")])
    (tmp_path / "data" / "backgrounds" / "1.jpg").write_bytes(b"no picture")
    with pytest.raises(InvalidDataset, match=r"1\.jpg is no picture"):
        check_clips([tmp_path / "data"])


def test_a_folder_of_neither(tmp_path):
    with pytest.raises(InvalidDataset, match="no clip"):
        evaluate_clips(model(steady()), [tmp_path])
