import numpy as np
import pytest

from segmenter.closeup import OF_CAMERA, OF_CAMERA_WITH_TIME, OF_VIDEO, Nearness
from segmenter.closeup.nearness import HELD, thickness


def filling(share):
    """Somebody who fills a share of a frame."""
    probability = np.full((100, 50), 0.1, np.float32)
    probability[: round(100 * share)] = 0.9
    return probability


def sizes(*shares):
    """Return what a frame after each of these would be seen at, and whether that is news."""
    nearness = Nearness(384)
    return [(nearness.changes(filling(share)), nearness.size) for share in shares]


def test_large_people_are_seen_as_they_are():
    assert sizes(0.5, 0.35) == [(False, 384), (False, 384)]


def test_small_people_are_seen_from_nearer_until_they_are_large():
    assert sizes(0.2, 0.35, 0.2, 0.41, 0.35) == [
        (True, 512),
        (False, 512),
        (False, 512),
        (True, 384),
        (False, 384),
    ]


def test_nobody_changes_nothing():
    assert sizes(0, 0.15, 0, 0.5, 0) == [
        (False, 384),
        (True, 512),
        (False, 512),
        (True, 384),
        (False, 384),
    ]


def test_who_is_no_longer_small_is_seen_from_nearer_for_a_while():
    steps = sizes(0.2, *[0.35] * (HELD + 2))
    assert [number for number, (is_news, _) in enumerate(steps) if is_news] == [0, HELD]
    assert steps[-1] == (False, 384)


def test_what_was_long_ago_does_not_count():
    """So that the chunks of a video join without a seam."""
    for share in (0, 0.35):
        past, none = Nearness(384), Nearness(384)
        past.changes(filling(0.2))
        for _ in range(HELD):
            past.changes(filling(share))
            none.changes(filling(share))
        assert past.size == none.size


def test_a_camera_s_groups_are_looked_at_from_nearer_and_half_bodies_are_not():
    nearness = Nearness(320, OF_CAMERA)
    answers = [(nearness.changes(filling(share)), nearness.size) for share in (0.25, 0.1, 0.2, 0.3)]
    assert answers == [(False, 320), (True, 448), (False, 448), (True, 320)]


def test_with_time_a_camera_s_people_are_seen_from_nearer():
    nearness = Nearness(320, OF_CAMERA_WITH_TIME)
    assert nearness.size == 384
    answers = [(nearness.changes(filling(share)), nearness.size) for share in (0.5, 0.25, 0.5)]
    assert answers == [(False, 384), (True, 512), (True, 384)]
    assert nearness.changes(stripes(4, 11)) and nearness.size == 640
    nearness.limits = OF_CAMERA
    assert nearness.size == 448, "at once"


def stripes(count, width):
    """So many people, each as tall as the frame, that many of its 160 columns wide."""
    probability = np.zeros((90, 160), np.float32)
    for number in range(count):
        left = 4 + number * 38
        probability[:, left : left + width] = 1
    return probability


def test_thickness_is_that_of_stripes():
    for count in (1, 2, 4):
        assert thickness(stripes(count, 12) > 0.5) == pytest.approx(12 / 120)
    assert thickness(np.zeros((90, 160), bool)) == 0
    assert np.isfinite(thickness(np.ones((90, 160), bool)))


def test_a_camera_s_large_groups_of_thin_people_are_seen_from_nearer_until_they_are_thick():
    nearness = Nearness(320, OF_CAMERA)
    widths = (30, 14, 18, 26)  # of 120: .25, .12, .15 and .22
    answers = [(nearness.changes(stripes(4, width)), nearness.size) for width in widths]
    assert answers == [(False, 320), (True, 448), (False, 448), (True, 320)]


def test_a_video_s_thin_people_are_seen_from_nearest_until_they_are_thick():
    nearness = Nearness(384)
    widths = (30, 11, 13, 18, 30)  # of 120: .25, .09, .11, .15 and .25; they fill .18 to .75
    answers = [(nearness.changes(stripes(4, width)), nearness.size) for width in widths]
    assert answers == [(False, 384), (True, 640), (False, 640), (True, 384), (False, 384)]
    assert nearness.changes(stripes(1, 11)) and nearness.size == 640
    assert nearness.changes(stripes(1, 36)) and nearness.size == 512, "small, but thick"


def test_sizes_are_all_that_size_may_become():
    of_cameras = (OF_CAMERA, [96, 134]), (OF_CAMERA_WITH_TIME, [115, 154, 192])
    for limits, sizes in ((OF_VIDEO, [96, 128, 160]), *of_cameras):
        nearness = Nearness(96, limits)
        seen = {nearness.size}
        for probability in (filling(0.1), stripes(4, 11), filling(0.9)):
            nearness.changes(probability)
            seen.add(nearness.size)
        assert nearness.sizes == sorted(seen) == sizes
