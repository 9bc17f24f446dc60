import numpy as np
import pytest

from segmenter.photo_views import (
    is_believed,
    is_small,
    is_sparse,
    join_views,
    next_shares,
    with_gaps_of,
    zoom_for,
)


def left_part(share, height=60, width=80):
    """Somebody who fills the left part of a view."""
    probability = np.zeros((height, width), np.float32)
    probability[:, : round(share * width)] = 1
    return probability


@pytest.mark.parametrize(
    ("filled", "zoom"), [(1, 1), (0.5, 1), (0.25, 2**0.5), (0.1, 1.6), (0, 1.6)]
)
def test_small_people_are_looked_at_from_nearer(filled, zoom):
    assert zoom_for(left_part(filled)) == pytest.approx(zoom)


def in_a_row(count, width, height):
    """So many people of that many pixels in a view of 240x320."""
    probability = np.zeros((240, 320), np.float32)
    for number in range(count):
        left = 10 + number * 60
        probability[200 - height : 200, left : left + width] = 1
    return probability


@pytest.mark.parametrize(
    ("count", "width", "height", "expected"),
    [
        (5, 20, 120, True),
        (1, 20, 120, True),
        (3, 56, 100, True),  # half bodies
        (5, 20, 195, True),
        (3, 50, 195, False),  # tall
        (1, 250, 150, False),  # thick
        (0, 0, 0, False),
    ],
)
def test_groups_of_small_people_are_seen_from_nearest(count, width, height, expected):
    view = in_a_row(count, width, height)
    assert is_small(view) == expected
    whole, near = next_shares(view)
    assert (whole >= 1.5 and near > 2) == expected
    if not expected:
        assert near / whole == 2


def test_the_largest_view_counts_at_the_outline_only():
    first = whole = left_part(0.5, 600, 800)
    near = np.full((600, 800), 0.7, np.float32)
    joined = join_views(first, whole, near)
    assert joined.shape == near.shape and joined.dtype == np.float32
    # Within 12 pixels of the outline a third of the first view, and two thirds of the largest.
    np.testing.assert_allclose(joined[:, 391:397], (1 + 2 * 0.7) / 3, atol=0.01)
    np.testing.assert_allclose(joined[:, 403:409], 2 * 0.7 / 3, atol=0.01)
    # From about 36 pixels on it does not count.
    assert (joined[:, :360] == 1).all() and (joined[:, 440:] == 0).all()
    assert (np.diff(joined[:, :391]) <= 0).all()  # and in between less and less


def test_who_is_a_person_is_the_mean_of_the_smaller_views():
    first, whole = np.full((30, 40), 0.9, np.float32), np.full((20, 27), 0.3, np.float32)
    joined = join_views(first, whole, np.zeros((60, 80), np.float32))
    np.testing.assert_allclose(joined, 0.6, atol=1e-6)


def test_a_finer_view_is_taken_where_people_fill_little():
    assert is_sparse(left_part(0.05)) and is_sparse(left_part(0)) and not is_sparse(left_part(0.2))


@pytest.mark.parametrize(
    ("value", "filled", "believed"),
    [(1, 0.2, True), (0.95, 0.3, True), (0.8, 0.2, False), (1, 0.5, False), (1, 0, False)],
)
def test_whom_the_first_view_overlooked_is_believed_if_surely_seen_and_small(
    value, filled, believed
):
    assert is_believed(value * left_part(filled)) == believed


def test_a_part_of_somebody_may_be_unsure():
    joined = left_part(0.2)
    joined[:10] *= 0.7  # a sixth of her
    assert is_believed(joined)
    joined[:30] *= 0.7
    assert not is_believed(joined)


def test_nobody_stays_nobody():
    assert (
        join_views(*(np.zeros(size, np.float32) for size in ((6, 8), (3, 4), (12, 16)))).max() == 0
    )


def test_a_gap_between_arm_and_body_that_the_nearest_view_sees_is_open():
    frame = np.full((600, 800, 3), 200, np.uint8)  # a wall
    near = np.zeros((300, 400), np.float32)
    near[50:, 100:300] = 1
    frame[100:, 200:600] = (40, 60, 120)  # somebody
    gap, spot = (slice(120, 160), slice(260, 280)), (slice(200, 240), slice(150, 170))
    frame[240:320, 520:560] = 200
    joined = near.copy()
    near[gap] = near[spot] = 0.3
    joined[gap] = joined[spot] = 0.9
    result = with_gaps_of(near, joined, frame)
    assert result[gap][2:-2, 2:-2].max() == 0
    changed = result != joined
    changed[118:162, 258:282] = False
    assert not changed.any()
