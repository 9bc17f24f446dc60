import pytest

from segmenter.wire import read_shape

MOST = 2_000_000


@pytest.mark.parametrize("size", [(480, 640), (1, 1), (1080, 1850), (30, 65_500)])
def test_the_announced_size_is_taken(size):
    assert read_shape({"height": size[0], "width": size[1]}, MOST) == size


@pytest.mark.parametrize(
    ("height", "width"),
    [(0, 640), (-1, 5), (True, 640), (480, 640.0), ("480", 640), (None, None), (1500, 1500)],
)
def test_a_size_that_makes_no_sense_is_replaced(height, width):
    assert read_shape({"height": height, "width": width}, MOST) == (480, 640)
    assert read_shape({}, MOST) == (480, 640)


def test_a_side_that_no_jpeg_can_have_is_replaced():
    assert read_shape({"height": 1, "width": 1_600_000}, MOST) == (480, 640)
