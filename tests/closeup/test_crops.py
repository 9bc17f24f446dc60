import numpy as np
import pytest

from segmenter.closeup import WHOLE, Crop, crops_around


def people(*boxes, height=400, width=600):
    """Return a mask of people in boxes (top, bottom, left, right)."""
    mask = np.zeros((height, width), bool)
    for top, bottom, left, right in boxes:
        mask[top:bottom, left:right] = True
    return mask


def test_a_small_person_gets_a_part_with_a_fifth_of_her_height_around_her():
    (crop,) = crops_around(people((100, 200, 300, 340)))
    assert crop == Crop(80 / 400, 220 / 400, 280 / 600, 360 / 600)
    assert crop.share == pytest.approx(140 * 80 / (400 * 600))


def test_a_part_ends_with_the_photo():
    (crop,) = crops_around(people((300, 400, 0, 40)))
    assert (crop.bottom, crop.left) == (1, 0)


def test_people_far_apart_get_a_part_each_and_neighbours_one_together():
    apart = crops_around(people((100, 160, 50, 80), (100, 160, 400, 430)))
    assert len(apart) == 2
    (together,) = crops_around(people((100, 160, 50, 80), (100, 160, 90, 120)))
    assert together == Crop(88 / 400, 172 / 400, 38 / 600, 132 / 600)


def test_a_part_that_joins_two_others_makes_one_of_all_three():
    left, right = (100, 140, 100, 120), (100, 140, 160, 180)
    assert len(crops_around(people(left, right))) == 2
    (one,) = crops_around(people(left, right, (150, 190, 130, 150)))
    assert (one.left, one.right) == (92 / 600, 188 / 600)


def test_of_many_small_groups_one_part_is_made():
    many = [(20, 40, left, left + 10) for left in range(20, 600, 60)]
    (crop,) = crops_around(people(*many))
    assert (crop.left, crop.right) == (16 / 600, 574 / 600)


def test_who_fills_the_photo_and_nobody_have_no_part():
    assert crops_around(people((20, 400, 100, 400))) == []
    assert crops_around(people()) == []
    assert crops_around(people((10, 20, 10, 20))) == []  # 100 of 240,000 pixels


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (400, 600), (5000, 7001, 3)])
def test_a_part_of_any_size_is_a_view_of_it(shape):
    pixels = np.zeros(shape, np.uint8)
    part = Crop(0.25, 0.5, 0.9, 0.99).of(pixels)
    assert part.size and part.base is not None
    part[:] = 7
    assert pixels.any() and WHOLE.of(pixels).shape == shape
    assert part.shape[0] == pytest.approx(shape[0] / 4, abs=1)
