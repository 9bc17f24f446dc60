import numpy as np
import pytest

from segmenter.places import Places, in_lines

# Widths whose runs are of four pixels, of two, and of one.
sizes = pytest.mark.parametrize("size", [(300, 400), (31, 46), (31, 47), (1, 1)])


def some(height, width):
    """Choose some pixels; a whole run of neighbours is chosen with any of them."""
    mask = (np.random.default_rng(0).random((height, width)) < 0.1).astype(np.uint8)
    mask[-1, -1] = 255
    return mask


def flat(places):
    """Return the flat index of each chosen pixel, (N,)."""
    return (places.runs[:, None] * places.length + np.arange(places.length)).reshape(-1)


@sizes
def test_all_that_is_marked_is_chosen_and_at_most_its_runs(size):
    mask = some(*size)
    places = Places.where(mask)
    assert len(places) == len(flat(places))
    runs = mask.reshape(-1, places.length).any(axis=1)
    expected = np.repeat(runs, places.length)
    np.testing.assert_array_equal(flat(places), np.flatnonzero(expected))
    assert size[1] % places.length == 0


def test_nothing_marked_is_nothing_chosen():
    nothing = Places.where(np.zeros((6, 8), np.uint8))
    assert len(nothing) == 0
    assert nothing.read(np.zeros((6, 8, 3), np.uint8)).shape == (0, 3)
    assert nothing.sample(np.zeros((3, 4, 4), np.float32))[0].shape == (0, 4)


@sizes
def test_what_is_read_is_written_where_it_was(size):
    generator, places = np.random.default_rng(2), Places.where(some(*size))
    for pixels in (
        generator.integers(0, 256, (*size, 3), dtype=np.uint8),
        generator.random(size, dtype=np.float32),
    ):
        expected = pixels.copy()
        rows = expected.reshape(-1, *pixels.shape[2:])  # a view
        rows[flat(places)] = 1 - rows[flat(places)]
        places.write(pixels, 1 - places.read(pixels))
        np.testing.assert_array_equal(pixels, expected)


@sizes
def test_sample_reads_at_pixel_centres(size):
    """A picture of its own coordinates: each pixel must read where its middle lies."""
    height, width = size
    y, x = np.mgrid[:50, :80].astype(np.float32)
    places = Places.where(some(height, width))
    first, second = places.sample(np.dstack([x, y, x, y]), np.dstack([y] * 4))
    wanted_x = ((flat(places) % width + 0.5) / width * 80 - 0.5).clip(0, 79)
    wanted_y = ((flat(places) // width + 0.5) / height * 50 - 0.5).clip(0, 49)
    assert first.shape == second.shape == (len(places), 4)
    np.testing.assert_allclose(first[:, 0], wanted_x, atol=0.02)
    np.testing.assert_allclose(first[:, 1], wanted_y, atol=0.02)
    np.testing.assert_array_equal(second[:, 0], first[:, 1])


def test_a_whole_photo_of_fifty_megapixels_has_fewer_lines_than_opencv_takes():
    points = np.broadcast_to(np.float32(0), 50_000_000)
    assert len(in_lines(points)) < 32_767
