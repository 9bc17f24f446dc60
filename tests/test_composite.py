import numpy as np
import pytest

from segmenter.composite import cut_out, over, over_at, without_background
from segmenter.errors import InvalidInput
from segmenter.places import Places, Rim

GENERATOR = np.random.default_rng(0)
FRAME = GENERATOR.integers(0, 256, (31, 45, 3), dtype=np.uint8)
OTHER = GENERATOR.integers(0, 256, (31, 45, 3), dtype=np.uint8)
ALPHA = GENERATOR.random((31, 45), dtype=np.float32)


def test_over_itself_is_itself_for_any_alpha():
    np.testing.assert_array_equal(over(FRAME, ALPHA, FRAME), FRAME)


def test_alpha_one_shows_the_foreground_and_zero_the_background():
    np.testing.assert_array_equal(over(FRAME, np.ones_like(ALPHA), OTHER), FRAME)
    np.testing.assert_array_equal(over(FRAME, np.zeros_like(ALPHA), OTHER), OTHER)


def test_over_is_the_formula():
    exact = ALPHA[..., None] * FRAME.astype(float) + (1 - ALPHA[..., None]) * OTHER.astype(float)
    assert np.abs(over(FRAME, ALPHA, OTHER) - exact).max() <= 0.51


def test_colours_given_apart_stand_at_the_mixed_pixels_alone():
    alpha = np.clip(3 * ALPHA - 1, 0, 1)
    soft = (alpha > 0) & (alpha < 1)
    mixed = Places.where(soft)
    own = FRAME.copy()
    mixed.write(own, 255 - mixed.read(FRAME))
    rim = Rim(mixed, mixed.read(own), mixed.read(alpha), 255 * (alpha >= 0.5).astype(np.uint8))
    assert 0.2 < soft.mean() < 0.5
    np.testing.assert_array_equal(over_at(rim, FRAME, OTHER), over(own, alpha, OTHER))


def test_a_cut_out_is_straight():
    result = cut_out(FRAME, ALPHA)
    np.testing.assert_array_equal(result[..., :3], FRAME)
    assert np.abs(result[..., 3] / 255 - ALPHA).max() <= 0.5 / 255 + 1e-6


def test_what_lies_behind_a_cut_out_is_black_but_for_two_pixels_around_it():
    alpha = np.zeros((31, 45), np.float32)
    alpha[10:20, 10:20] = 1
    cutout = cut_out(np.maximum(FRAME, 1), alpha)
    result = without_background(cutout)
    np.testing.assert_array_equal(result[8:22, 8:22], cutout[8:22, 8:22])
    assert result.sum() == cutout[8:22, 8:22].sum(dtype=np.int64)


def test_other_colours_may_lie_behind_a_cut_out():
    alpha = np.zeros((31, 45), np.float32)
    alpha[10:20, 10:20] = 1
    cutout = cut_out(FRAME, alpha)
    result = without_background(cutout, OTHER)
    np.testing.assert_array_equal(result[..., 3], cutout[..., 3])
    np.testing.assert_array_equal(result[8:22, 8:22, :3], FRAME[8:22, 8:22])
    result[8:22, 8:22, :3] = OTHER[8:22, 8:22]
    np.testing.assert_array_equal(result[..., :3], OTHER)


def test_another_size_is_refused():
    with pytest.raises(InvalidInput):
        over(FRAME, ALPHA[1:], OTHER)
    with pytest.raises(InvalidInput):
        over(FRAME, ALPHA, OTHER[1:])


@pytest.mark.parametrize(("level", "expected"), [(0, 20), (0.4, 92), (0.6, 128), (1, 200)])
def test_a_picture_of_one_pixel(level, expected):
    colours = [np.full((1, 1, 3), value, np.uint8) for value in (200, 20)]
    assert (over(colours[0], np.full((1, 1), level, np.float32), colours[1]) == expected).all()
