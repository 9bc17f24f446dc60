import numpy as np
import pytest

from segmenter import metrics


def square(top: int, left: int, side: int = 40, size: int = 100) -> np.ndarray:
    mask = np.zeros((size, size), bool)
    mask[top : top + side, left : left + side] = True
    return mask


NOBODY = np.zeros((100, 100), bool)


def test_iou_of_squares_overlapping_by_half():
    # 40x40 squares moved by 20: 800 common pixels of 2400.
    assert metrics.iou(square(10, 10), square(10, 30)) == 800 / 2400


def test_dice_of_squares_overlapping_by_half():
    assert metrics.dice(square(10, 10), square(10, 30)) == 2 * 800 / 3200


def test_empty_against_empty_is_one():
    assert metrics.iou(NOBODY, NOBODY) == metrics.dice(NOBODY, NOBODY) == 1
    assert metrics.boundary_f(NOBODY, NOBODY) == 1
    assert metrics.iou(NOBODY, square(0, 0)) == metrics.boundary_f(NOBODY, square(0, 0)) == 0


def test_miou_is_the_mean_of_both_sides():
    first, second = square(10, 10), square(10, 30)
    assert metrics.miou(first, second) == pytest.approx((800 / 2400 + 7600 / 9200) / 2)


def test_boundary_f_forgives_up_to_the_tolerance():
    # 0.5 % of the diagonal of 100x100 is under a pixel: the floor of 2 pixels holds.
    assert metrics.boundary_f(square(30, 30), square(30, 32)) == 1
    moved_far = metrics.boundary_f(square(30, 30), square(30, 35))
    # Left and right sides are wrong; top and bottom still agree.
    assert 0.4 < moved_far < 0.7


def test_the_pictures_edge_is_no_contour():
    assert metrics.contour(np.ones((5, 5), bool)).sum() == 0
    half = np.zeros((5, 5), bool)
    half[:, :2] = True
    assert metrics.contour(half).sum() == 5


def test_boundary_iou_of_a_square_and_itself():
    assert metrics.boundary_iou(square(10, 10), square(10, 10)) == 1
    assert metrics.boundary_iou(square(10, 10), square(55, 55)) == 0


def test_mad_counts_alpha():
    assert metrics.mad(np.full((2, 2), 0.25, np.float32), np.zeros((2, 2), np.float32)) == 0.25


def test_flicker_looks_only_where_the_truth_is_still():
    truths = np.zeros((2, 1, 4), np.float32)
    truths[1, 0, 0] = 1  # she moves into the first pixel
    alphas = np.array([[[0, 0, 0, 0]], [[1, 0.3, 0, 0]]], np.float32)
    assert metrics.flicker(alphas, truths) == pytest.approx(0.1)
