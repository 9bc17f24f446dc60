from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from segmenter import Segmenter, open_image
from segmenter.closeup import WHOLE, Crop
from segmenter.errors import InvalidInput
from segmenter.metrics import boundary_f, iou, mad
from segmenter.refine import VIDEO, RefineOptions, adjust, guided, refine
from segmenter.refine.alpha import studied_parts, unknown_band
from segmenter.resample import halve

EXAMPLES = Path(__file__).parents[2] / "examples"
SIZE = 320
ROW, COLUMN = 170, 130  # off the middle, so that a mirrored or swapped axis shows


def disc(radius: float = 90.0) -> np.ndarray:
    """Draw a soft-edged disc's alpha; its outline is one pixel wide."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    distance = np.hypot(rows - ROW, columns - COLUMN)
    return np.clip(radius - distance + 0.5, 0, 1).astype(np.float32)


def photograph(alpha: np.ndarray) -> np.ndarray:
    """Show the disc, reddish, before a bluish ground; both shaded and a little noisy."""
    noise = np.random.default_rng(0).normal(0, 3, (SIZE, SIZE, 1))
    shade = np.linspace(0, 40, SIZE)[:, None, None] + noise
    person, ground = np.array([190, 90, 80]) - shade, np.array([70, 90, 150]) + shade
    picture = alpha[..., None] * person + (1 - alpha[..., None]) * ground
    return np.clip(picture, 0, 255).astype(np.uint8)


def coarse(alpha: np.ndarray) -> np.ndarray:
    """Make what a network gives: shifted by three pixels, and blurred."""
    moved = np.roll(alpha, 3, axis=1)
    return cv2.GaussianBlur(moved, (0, 0), 4)


def test_the_outline_moves_to_the_pictures_edge():
    truth = disc()
    probability = coarse(truth)
    alpha = refine(probability, photograph(truth))
    assert mad(alpha, truth) < 0.5 * mad(probability, truth)
    assert boundary_f(alpha > 0.5, truth > 0.5) > boundary_f(probability > 0.5, truth > 0.5)
    assert boundary_f(alpha > 0.5, truth > 0.5) > 0.95


@pytest.mark.parametrize("width", [5, 8, 20])
def test_thin_people_before_a_room_of_all_colours_stay(width):
    people = np.zeros((SIZE, SIZE), np.float32)
    for left in (60, 100, 150, 210):
        people[80:260, left : left + width] = 1
    soft = cv2.GaussianBlur(people, (0, 0), 0.8)[..., None]
    frame = np.uint8(soft * patchwork(16) + (1 - soft) * patchwork(8))
    alpha = refine(0.85 * cv2.GaussianBlur(people, (0, 0), 1.5), frame)
    assert iou(alpha >= 0.5, people == 1) > 0.95


def patchwork(patch: int) -> np.ndarray:
    """Colours that flow into each other, a new one every `patch` pixels."""
    few = np.random.default_rng(patch).integers(
        30, 220, (SIZE // patch, SIZE // patch, 3), np.uint8
    )
    return cv2.resize(few, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)


def test_windows_shrink_with_people_and_are_the_usual_ones_for_thick_people():
    def windows(width):
        people = np.zeros((SIZE, SIZE), bool)
        people[:, 20 : 20 + width] = True  # from edge to edge: its outline is two lines
        return VIDEO.for_people(people)

    assert windows(48) == windows(200) == VIDEO
    assert windows(24) == replace(VIDEO, radius=3, near=1, far=6)
    assert windows(2) == replace(VIDEO, radius=2, near=1, far=4)
    assert VIDEO.for_people(np.zeros((SIZE, SIZE), bool)).radius == 2


def test_strength_zero_is_the_probability():
    probability = coarse(disc())
    alpha = refine(probability, photograph(disc()), RefineOptions(edge_strength=0))
    np.testing.assert_array_equal(alpha, probability)


def test_away_from_the_outline_it_is_decided():
    alpha = refine(coarse(disc()), photograph(disc()))
    assert alpha[SIZE // 2, SIZE // 2] == 1
    assert alpha[5, 5] == 0


def test_without_any_edge_the_outline_stays():
    truth = disc()
    flat = np.full((SIZE, SIZE, 3), 128, np.uint8)
    alpha = refine(cv2.GaussianBlur(truth, (0, 0), 2), flat)
    assert boundary_f(alpha > 0.5, truth > 0.5) > 0.95


def test_nobody_and_everywhere_stay_so():
    frame = photograph(disc())
    for value in (0.0, 1.0):
        alpha = refine(np.full((SIZE, SIZE), value, np.float32), frame)
        assert (alpha == value).all()


@pytest.mark.parametrize("shift", [4.0, -4.0, 1.5])
def test_shift_moves_the_outline_by_that_many_pixels(shift):
    frame = photograph(disc())
    alpha = refine(disc(), frame)
    shown, hers = adjust(alpha, RefineOptions(shift_px=shift))
    radius, moved = np.sqrt(alpha.sum() / np.pi), np.sqrt(shown.sum() / np.pi)
    assert moved - radius == pytest.approx(shift, abs=0.4)
    np.testing.assert_array_equal(hers, np.maximum(alpha, shown))


def test_feather_widens_the_soft_rim():
    frame = photograph(disc())
    plain = refine(disc(), frame)
    soft, hers = adjust(plain, RefineOptions(feather_px=5))
    np.testing.assert_array_equal(hers, plain)
    assert soft.sum() == pytest.approx(plain.sum(), rel=0.01)
    assert ((soft > 0.1) & (soft < 0.9)).sum() > 3 * ((plain > 0.1) & (plain < 0.9)).sum()


@pytest.mark.parametrize("shape", [(16, 16), (1, 1), (3, 500), (700, 1200)])
def test_any_size(shape):
    frame = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    alpha = refine(np.random.default_rng(2).random(shape, dtype=np.float32), frame)
    assert alpha.shape == shape and alpha.dtype == np.float32
    assert alpha.min() >= 0 and alpha.max() <= 1


def test_the_unknown_band_holds_the_outline_only():
    band = unknown_band(disc())
    outline = (disc() > 0.02) & (disc() < 0.98)
    assert band[outline].all()
    assert not band[SIZE // 2, SIZE // 2] and not band[0, 0]


def test_the_band_is_wider_where_the_network_doubts():
    sure = unknown_band(disc())
    doubting = disc()
    doubting[ROW - 95 : ROW - 88, COLUMN] = 0.5  # hair, above
    wider = unknown_band(doubting)
    assert wider[ROW - 95, COLUMN] and not sure[ROW - 95, COLUMN]
    assert (wider | ~sure).all()


def test_where_nothing_was_fitted_nothing_is_read(monkeypatch):
    """Not even to weigh 0, which no undefined number would be afterwards."""
    people = np.zeros((256, SIZE), np.float32)
    people[100:140, 103:111] = 1
    frame = np.ascontiguousarray(photograph(disc())[:256])
    monkeypatch.setattr(
        guided.np, "empty", lambda shape, dtype=float: np.full(shape, np.nan, dtype)
    )
    assert np.isfinite(refine(people, frame, parts=[WHOLE])).all()


def test_a_halved_frame_at_hand_changes_nothing():
    frame = cv2.resize(photograph(disc()), (1280, 1280))
    probability = cv2.resize(coarse(disc()), (128, 128))
    expected = refine(probability, frame, detail=VIDEO)
    alpha = refine(probability, frame, detail=VIDEO, small=halve(frame, VIDEO.long_side))
    np.testing.assert_array_equal(alpha, expected)


@pytest.mark.parametrize(
    "wrong",
    [{"edge_strength": 1.1}, {"feather_px": -1}, {"shift_px": 99}, {"edge_strength": float("nan")}],
)
def test_options_without_meaning_are_refused(wrong):
    with pytest.raises(InvalidInput):
        RefineOptions(**wrong)


def test_the_band_ends_without_steps():
    """Before a ground of one colour nothing decides: alpha must fade, not stop in large blocks."""
    probability = cv2.GaussianBlur(disc(), (0, 0), 12)
    large = cv2.resize(probability, (1280, 1280))
    alpha = refine(large, np.full((1280, 1280, 3), 128, np.uint8), detail=VIDEO)
    assert np.abs(np.diff(alpha, axis=1)).max() < 0.05


def test_small_people_are_studied_apart_as_if_each_had_a_photo_of_their_own():
    near = open_image(EXAMPLES / "portraits" / "eileen-collins.jpg")
    found = Segmenter(device="cpu").probability(near)
    height, width = found.shape
    frame = np.full((2400, 3200, 3), 90, np.uint8)
    probability = np.zeros(frame.shape[:2], np.float32)
    places = [(slice(height), slice(width)), (slice(-height, None), slice(-width, None))]
    for place in places:
        frame[place], probability[place] = near, found
    assert len(studied_parts(probability)) == 2
    assert studied_parts(found) == [WHOLE]
    alone = refine(found, near)
    by_parts = refine(probability, frame)
    as_one = refine(probability, frame, parts=[WHOLE])
    for place in places:
        assert mad(by_parts[place], alone) < 0.35 * mad(as_one[place], alone)


def test_who_is_carried_on_outside_the_parts_is_dropped():
    frame = np.full((SIZE, SIZE, 3), 90, np.uint8)
    probability = np.full((SIZE, SIZE), 0.9, np.float32)
    before = probability.copy()
    left, right = Crop(0.2, 0.6, 0, 0.3), Crop(0, 1, 0.75, 1)
    alpha = refine(probability, frame, detail=VIDEO, parts=[left, right])
    inside = np.zeros((SIZE, SIZE), bool)
    left.of(inside)[:] = right.of(inside)[:] = True
    assert alpha[~inside].max() == 0 and alpha[inside].mean() > 0.9
    np.testing.assert_array_equal(probability, before)


def test_a_part_of_a_video_is_studied_as_if_it_were_the_frame():
    near, found = photograph(disc()), coarse(disc())
    frame = np.full((1280, 1280, 3), 90, np.uint8)
    probability = np.zeros(frame.shape[:2], np.float32)
    place, part = (slice(64, 64 + SIZE), slice(640, 640 + SIZE)), Crop(0.05, 0.3, 0.5, 0.75)
    frame[place], probability[place] = near, found
    assert part.of(probability).shape == found.shape
    alone = refine(found, near, detail=VIDEO)
    small = halve(frame, VIDEO.long_side)  # four times too coarse for the part
    closely = refine(probability, frame, detail=VIDEO, small=small, parts=[part])
    np.testing.assert_array_equal(closely[place], alone)
