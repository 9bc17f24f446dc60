import numpy as np
import pytest
from PIL import Image

from segmenter.resample import (
    colours_at,
    halve,
    places_where,
    put_colours,
    sample,
    shrink,
    shrink_to,
)


@pytest.mark.parametrize(
    ("shape", "long_side", "expected"),
    [
        ((720, 1280, 3), 384, (216, 384)),
        ((1281, 721, 3), 256, (256, 144)),
        ((5, 4000, 3), 100, (1, 100)),
        ((40, 60, 3), 100, (40, 60)),
    ],
)
def test_the_long_side_shrinks_and_the_aspect_stays(shape, long_side, expected):
    assert shrink(np.zeros(shape, np.uint8), long_side).shape == (*expected, 3)


@pytest.mark.parametrize("size", [(90, 160), (135, 240), (100, 177), (359, 639)])
def test_a_smooth_picture_shrinks_as_pillow_shrinks_it(size):
    y, x = np.mgrid[:720, :1280]
    waves = 127 + 60 * np.sin(x / 60)[..., None] + 60 * np.cos(y / 40)[..., None]
    frame = np.rint(np.repeat(waves, 3, axis=2)).astype(np.uint8)
    expected = np.asarray(Image.fromarray(frame).resize(size[::-1], Image.Resampling.BOX))
    difference = np.abs(shrink_to(frame, *size).astype(int) - expected)
    assert difference.mean() < 1 and difference.max() <= 6


def test_a_fine_pattern_becomes_grey_rather_than_bands():
    """Reading single pixels would turn a one-pixel chequerboard into coarse stripes."""
    pattern = (255 * (np.indices((720, 1280)).sum(axis=0) % 2)).astype(np.uint8)
    assert shrink(pattern, 256).std() < 2


def test_what_is_small_enough_comes_back_as_it_is():
    pixels = np.zeros((30, 20), np.float32)
    assert shrink(pixels, 30) is pixels


def test_sample_reads_at_pixel_centres():
    """A picture of its own coordinates: each pixel must read where its middle lies."""
    y, x = np.mgrid[:50, :80].astype(np.float32)
    small = np.dstack([x, y])
    height, width = 300, 400
    places = np.random.default_rng(0).choice(height * width, 3000, replace=False)
    values = sample(small, places, height, width)
    wanted_x = ((places % width + 0.5) / width * 80 - 0.5).clip(0, 79)
    wanted_y = ((places // width + 0.5) / height * 50 - 0.5).clip(0, 49)
    assert values.shape == (3000, 2)
    np.testing.assert_allclose(values[:, 0], wanted_x, atol=0.02)
    np.testing.assert_allclose(values[:, 1], wanted_y, atol=0.02)


def test_sampling_nothing_gives_nothing():
    assert sample(np.zeros((5, 5, 4), np.float32), np.array([], np.intp), 10, 10).shape == (0, 4)


def test_places_are_those_of_numpy():
    mask = np.random.default_rng(1).integers(0, 2, (31, 47), dtype=np.uint8)
    np.testing.assert_array_equal(places_where(mask), np.flatnonzero(mask))
    assert places_where(np.zeros((3, 4), np.uint8)).shape == (0,)


def test_colours_are_put_where_they_were_read():
    frame = np.random.default_rng(2).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    places = np.array([0, 7, 599, 31])
    expected = frame.copy()
    for place in places:
        expected[place // 30, place % 30] = 255 - expected[place // 30, place % 30]
    put_colours(frame, places, 255 - colours_at(frame, places))
    np.testing.assert_array_equal(frame, expected)


@pytest.mark.parametrize("shape", [(720, 1280), (1080, 1920), (480, 640), (1079, 1920), (40, 60)])
def test_what_was_halved_shrinks_to_the_same(shape):
    frame = np.random.default_rng(7).integers(0, 256, (*shape, 3), dtype=np.uint8)
    half = halve(frame, 256)
    assert max(half.shape) >= min(256, *shape)
    for long_side in (256, 160):
        np.testing.assert_array_equal(shrink(half, long_side), shrink(frame, long_side))


def test_halving_does_shrink():
    assert halve(np.zeros((720, 1280, 3), np.uint8), 512).shape == (360, 640, 3)
    assert halve(np.zeros((720, 1280, 3), np.uint8), 256).shape == (180, 320, 3)
