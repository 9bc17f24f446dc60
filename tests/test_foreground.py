import cv2
import numpy as np
import pytest

from segmenter.foreground import estimate_foreground, estimate_rim, weighted_mean
from segmenter.resample import halve

SIZE = 240
PERSON, GROUND = np.array([200.0, 60.0, 50.0]), np.array([40.0, 220.0, 60.0])


def soft_disc(width: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    distance = np.hypot(rows - SIZE / 2, columns - SIZE / 2)
    return np.clip((70 - distance) / width + 0.5, 0, 1).astype(np.float32)


def photograph(alpha: np.ndarray) -> np.ndarray:
    mixed = alpha[..., None] * PERSON + (1 - alpha[..., None]) * GROUND
    return np.rint(mixed).astype(np.uint8)


@pytest.mark.parametrize(("width", "left"), [(2, 0.15), (8, 0.15), (16, 0.25)])
def test_the_green_ground_does_not_spill(width, left):
    """With F known, the colours of half-covered pixels come back: red, not muddy green."""
    alpha = soft_disc(width)
    frame = photograph(alpha)
    rim = (alpha > 0.1) & (alpha < 0.95)
    before = np.abs(frame[rim] - PERSON).mean()
    after = np.abs(estimate_foreground(frame, alpha)[rim] - PERSON).mean()
    assert after < left * before


def test_covered_pixels_keep_their_colours():
    generator = np.random.default_rng(0)
    frame = generator.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    alpha = soft_disc(6)
    result = estimate_foreground(frame, alpha)
    np.testing.assert_array_equal(result[alpha == 1], frame[alpha == 1])


def test_the_frame_is_not_changed():
    alpha = soft_disc(6)
    frame = photograph(alpha)
    copy = frame.copy()
    estimate_foreground(frame, alpha)
    np.testing.assert_array_equal(frame, copy)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_constant_alpha_is_fine(value):
    frame = np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    result = estimate_foreground(frame, np.full((20, 30), value, np.float32))
    assert result.shape == frame.shape
    if value != 0.5:
        np.testing.assert_array_equal(result, frame)


def test_spread_is_a_weighted_mean():
    colours = np.random.default_rng(2).random((9, 9, 3), dtype=np.float32)
    weight = np.random.default_rng(3).random((9, 9, 1), dtype=np.float32)
    around = (slice(2, 7), slice(2, 7))
    expected = (colours * weight)[around].sum(axis=(0, 1)) / weight[around].sum()
    with_ones = np.dstack([colours, np.ones((9, 9), np.float32)])
    found = weighted_mean(with_ones, np.repeat(weight, 4, axis=2), 5)[4, 4]
    np.testing.assert_allclose(found, [*expected, 1], atol=1e-3)


def test_the_rim_has_the_foregrounds_colours_and_knows_both_sides():
    alpha = soft_disc(8)
    frame = photograph(alpha)
    rim = estimate_rim(frame, alpha)
    mixed = (rim.coverage > 1 / 255) & (rim.coverage < 254 / 255)
    whole = rim.places.read(estimate_foreground(frame, alpha))
    np.testing.assert_array_equal(rim.colours[mixed], whole[mixed])
    assert mixed.sum() == ((alpha > 1 / 255) & (alpha < 254 / 255)).sum()
    assert (rim.inside[alpha == 1] == 255).all() and not rim.inside[alpha == 0].any()


def test_a_halved_frame_at_hand_changes_nothing():
    alpha = soft_disc(8)
    frame = np.random.default_rng(4).integers(0, 256, (2 * SIZE, 2 * SIZE, 3), dtype=np.uint8)
    large = cv2.resize(alpha, (2 * SIZE, 2 * SIZE))
    expected = estimate_foreground(frame, large)
    result = estimate_foreground(frame, large, halve(frame, SIZE))
    np.testing.assert_array_equal(result, expected)
    assert (result != frame).any()


@pytest.mark.parametrize("value", [0.0, 0.4, 0.6, 1.0])
def test_a_picture_of_one_pixel_has_a_rim(value):
    rim = estimate_rim(np.full((1, 1, 3), 90, np.uint8), np.full((1, 1), value, np.float32))
    assert rim.inside.tolist() == [[255 if value > 0.5 else 0]]
