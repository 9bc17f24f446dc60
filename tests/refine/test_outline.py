"""Outlines moved and softened, against geometry and OpenCV's own blur."""

import cv2
import numpy as np
import pytest

from segmenter.refine.outline import shifted, softened

RADIUS = 100


def round_person():
    alpha = np.zeros((361, 401), np.float32)
    cv2.circle(alpha, (200, 180), RADIUS, 1, -1)
    return alpha


def reach(alpha):
    """Return how far the person reaches from the middle, in pixels, in each direction."""
    angles = np.radians(np.arange(0, 360, 5))[:, None]
    along = np.arange(0, 180, 0.25)
    x, y = 200 + along * np.cos(angles), 180 + along * np.sin(angles)
    return cv2.remap(alpha, np.float32(x), np.float32(y), cv2.INTER_LINEAR).sum(axis=1) / 4


@pytest.mark.parametrize("shift", [1, 2.5, 6, 7, 13.25, 20, 50, -0.5, -1, -4.75, -9, -20, -50])
def test_a_shift_moves_the_outline_as_far_in_every_direction(shift):
    moved = reach(shifted(round_person(), shift)) - RADIUS
    assert moved.mean() == pytest.approx(shift, abs=max(0.5, 0.02 * abs(shift)))
    assert abs(moved - shift).max() < max(1, 0.1 * abs(shift))


def test_a_shift_keeps_the_softness():
    ramp = np.tile(np.clip((np.arange(100, dtype=np.float32) - 40) / 10, 0, 1), (40, 1))
    for shift in (-7, 3, 12):
        expected = np.roll(ramp, -shift, axis=1)[:, 15:-15]
        np.testing.assert_allclose(shifted(ramp, shift)[:, 15:-15], expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(540, 960), (539, 961), (90, 40)])
@pytest.mark.parametrize("deviation", [0.5, 8, 8.5, 20, 50])
def test_a_blur_is_opencvs(shape, deviation):
    alpha = cv2.GaussianBlur(np.random.default_rng(1).random(shape, np.float32), (0, 0), 9)
    alpha = (alpha > 0.5).astype(np.float32)
    border = cv2.BORDER_REFLECT_101 if deviation <= 8 else cv2.BORDER_REFLECT
    expected = cv2.GaussianBlur(alpha, (0, 0), deviation, borderType=border)
    assert abs(softened(alpha, deviation) - expected).max() < 0.025


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3, 5)])
def test_tiny_pictures(shape):
    alpha = np.ones(shape, np.float32)
    for made in (shifted(alpha, 50), shifted(alpha, -50), softened(alpha, 50)):
        np.testing.assert_allclose(made, alpha, atol=1e-6)
