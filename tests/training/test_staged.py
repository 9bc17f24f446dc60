import cv2
import numpy as np
import pytest

from segmenter.errors import InvalidDataset
from segmenter.training.staged import LENGTH, SCENES, STEP, Scene, Shot, Stage


@pytest.fixture(scope="module")
def clips(data):
    return {clip.name.split()[0]: clip for clip in Stage(data).clips(seed=1, takes=1)}


def changed(clip):
    """The largest change of the truth from each frame to the next."""
    return np.abs(np.diff(clip.truths, axis=0)).max(axis=(1, 2))


def test_every_scene_is_a_clip_with_its_truth(clips):
    assert set(clips) == set(SCENES)
    for clip in clips.values():
        assert len(clip.frames) == len(clip.truths) == LENGTH
        assert {frame.shape for frame in clip.frames} == {(240, 432, 3)}
        assert {truth.shape for truth in clip.truths} == {(240, 432)}
        assert all(frame.dtype == np.uint8 for frame in clip.frames)
        assert 0.05 < np.mean(clip.truths) < 0.9


def test_nobody_moves_in_the_still_scene_though_no_two_frames_are_alike(clips):
    assert changed(clips["still"]).max() == 0
    first, second = (frame.astype(float) for frame in clips["still"].frames[:2])
    assert 1 < np.abs(second - first).mean() < 10  # the sensor's noise


def test_somebody_appears_beside_the_other(clips):
    clip = clips["appears"]
    assert clip.step == STEP
    before, after = clip.truths[STEP - 1] > 0.5, clip.truths[STEP] > 0.5
    assert (after & ~before).sum() > 0.3 * before.sum()
    assert (before & ~after).sum() < 0.1 * before.sum()  # the other is still there


def test_a_cut_changes_the_whole_picture(clips):
    clip = clips["cut"]
    change = [
        np.abs(later.astype(float) - frame).mean()
        for frame, later in zip(clip.frames, clip.frames[1:], strict=False)
    ]
    assert clip.step == STEP
    assert int(np.argmax(change)) == STEP - 1
    assert change[STEP - 1] > 1.5 * np.median(change)


def test_fast_is_faster_than_slow_and_smooth(clips):
    def speed(clip):
        columns = np.arange(clip.truths[0].shape[1])
        places = [(columns * truth).sum() / truth.sum() for truth in clip.truths]
        return np.abs(np.diff(places))

    assert speed(clips["fast"]).max() > 3 * speed(clips["slow"]).max() > 0.5
    assert speed(clips["fast"]).max() < 16  # of 432 pixels: no jumps


def test_a_pan_moves_the_background(clips):
    # What is far from everybody moves by the camera's 2.5 pixels a frame, to the left.
    clip = clips["pan"]
    free = max(
        (slice(10, 120), slice(300, 420)),
        key=lambda columns: -max(truth[:, columns].sum() for truth in clip.truths[10:15]),
    )
    one, later = (
        cv2.cvtColor(clip.frames[time], cv2.COLOR_RGB2GRAY)[:120, free].astype(np.float32)
        for time in (10, 14)
    )
    window = cv2.createHanningWindow(one.shape[::-1], cv2.CV_32F)
    (x, y), _ = cv2.phaseCorrelate(one, later, window)
    assert x == pytest.approx(-10, abs=1)
    assert y == pytest.approx(0, abs=1)


def test_the_same_seed_makes_the_same_clip(data):
    first, second, other = (
        next(Stage(data).clips(seed=seed, takes=1)).frames[0] for seed in (3, 3, 4)
    )
    assert (first == second).all()
    assert (first != other).any()


def test_a_folder_without_backgrounds(tmp_path):
    (tmp_path / "cutouts").mkdir()
    with pytest.raises(InvalidDataset, match="backgrounds"):
        Stage(tmp_path)


class Haze:
    """Covers half of every pixel."""

    def at(self, time, shift_px):
        return np.zeros((240, 432, 3), np.float32), np.full((240, 432), 0.5, np.float32)


def test_where_two_cover_half_a_pixel_each_three_quarters_are_people():
    white = np.full((240, 432, 3), 255, np.uint8)
    picture, alpha = Shot(Scene(appears=True), white, [Haze(), Haze()]).at(STEP)
    assert (alpha == 0.75).all() and (picture == 255 / 4).all()
