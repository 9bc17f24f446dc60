import numpy as np
import pytest
from PIL import Image

from segmenter.resample import halve, shrink, shrink_to


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
