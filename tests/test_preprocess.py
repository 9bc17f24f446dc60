import numpy as np
import pytest

from segmenter.preprocess import LONG, restore, seen_shape, to_batch

MEAN, STD = (0.5, 0.4, 0.3), (0.5, 0.25, 0.2)


@pytest.mark.parametrize(
    "shape", [(480, 640), (640, 480), (16, 16), (17, 900), (31, 33), (256, 256)]
)
def test_the_batch_is_a_multiple_and_keeps_the_aspect(shape):
    frame = np.zeros((*shape, 3), np.uint8)
    batch, geometry = to_batch(frame, 256, 32, MEAN, STD)
    assert batch.dtype == np.float32 and batch.flags.c_contiguous
    assert batch.shape[2] % 32 == batch.shape[3] % 32 == 0
    assert max(geometry.inner_height, geometry.inner_width) == 256
    scale = 256 / max(shape)
    assert abs(geometry.inner_height - shape[0] * scale) <= 1
    assert abs(geometry.inner_width - shape[1] * scale) <= 1


@pytest.mark.parametrize("shape", [(100, 240), (240, 100), (300, 1800), (60, 900)])
def test_a_long_picture_is_seen_with_the_area_of_a_shorter_one(shape):
    height, width = seen_shape(*shape, 384)
    assert height * width == pytest.approx(384 * 384 / LONG, rel=0.2)
    assert (height > width) == (shape[0] > shape[1])
    assert abs(width / shape[1] - height / shape[0]) * min(shape) <= 0.5 + 1e-9


def test_a_line_is_not_seen_larger_than_the_longest_picture():
    assert max(seen_shape(1, 60_000, 384)) == max(seen_shape(100, 1600, 384)) < 1200


def test_what_is_no_longer_than_that_has_the_long_side_asked_for():
    for shape in ((240, 432), (720, 1280), (600, 800), (500, 500), (800, 600)):
        assert max(seen_shape(*shape, 384)) == 384


def test_normalisation_is_the_formula():
    frame = np.full((64, 64, 3), (255, 102, 0), np.uint8)
    batch, _ = to_batch(frame, 64, 32, MEAN, STD)
    expected = [(1 - 0.5) / 0.5, (0.4 - 0.4) / 0.25, (0 - 0.3) / 0.2]
    np.testing.assert_allclose(batch[0, :, 10, 10], expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(480, 640), (301, 97), (40, 300)])
def test_restore_undoes_it(shape):
    """A smooth ramp through the network's size and back is the same ramp."""
    ramp = np.linspace(0, 255, shape[1], dtype=np.float32)
    frame = np.repeat(np.broadcast_to(ramp, shape)[..., None], 3, axis=2).astype(np.uint8)
    batch, geometry = to_batch(frame, 256, 32, (0.0,) * 3, (1.0,) * 3)
    back = restore(batch[0, 0], geometry)
    assert back.shape == shape
    assert np.abs(back - frame[..., 0] / 255).max() < 0.02


def test_what_is_missing_is_mirrored():
    frame = np.random.default_rng(1).integers(0, 256, (48, 40, 3), np.uint8)
    batch, geometry = to_batch(frame, 48, 32, (0.0,) * 3, (1.0,) * 3)
    assert batch.shape[2:] == (64, 64) and (geometry.inner_height, geometry.inner_width) == (48, 40)
    expected = np.pad(frame, ((0, 16), (0, 24), (0, 0)), "reflect").transpose(2, 0, 1) / 255
    np.testing.assert_allclose(batch[0], expected, atol=1e-6)
