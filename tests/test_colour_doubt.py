"""Doubt goes to the side whose colours are nearby; where these do not tell, it stays."""

from itertools import pairwise

import numpy as np
import pytest
from coats import COAT, WALL, scene

from segmenter.colour_doubt import BINS, NEAR_PX, decide_by_colours, histogram, smallness_of


def test_where_both_sides_have_the_same_colours_doubt_stays():
    probability, frame = scene(wall=COAT)
    found = decide_by_colours(probability, frame)
    np.testing.assert_allclose(found, probability, atol=0.15)


@pytest.mark.parametrize("probability_there", [0.35, 0.45, 0.5, 0.65])
def test_of_a_colour_that_nobody_has_the_network_s_odds_alone_count(probability_there):
    probability, frame = scene(noise=0)
    probability[:, 60:92] = probability_there
    frame[:, 60:92] = 40, 220, 40
    found = decide_by_colours(probability, frame)[60, 75]
    odds = np.log(probability_there / (1 - probability_there))  # three of them decide wholly
    assert found == pytest.approx(
        probability_there + abs(odds) / 3 * ((odds > 0) - probability_there), abs=1e-3
    )


@pytest.mark.parametrize(("smallness", "raised"), [(0, 0), (0.5, 0.25), (1, 0.5)])
def test_the_smaller_people_are_the_sooner_something_is_theirs(smallness, raised):
    """Of a colour that nobody has; the raised odds alone decide then, three of them wholly."""
    probability, frame = scene(noise=0)
    probability[:, 60:92] = 0.4
    frame[:, 60:92] = 40, 220, 40
    found = decide_by_colours(probability, frame, smallness)[60, 75]
    odds = np.log(0.4 / 0.6) + raised
    assert found == pytest.approx(0.4 + abs(odds) / 3 * ((odds > 0) - 0.4), abs=1e-3)


@pytest.mark.parametrize(("smallness", "is_moved"), [(0, False), (1, True)])
def test_of_small_people_doubt_begins_earlier(smallness, is_moved):
    probability, frame = scene(noise=0)
    probability[:, 60:92] = 0.25
    frame[:, 60:92] = COAT
    found = decide_by_colours(probability, frame, smallness)[60, 75]
    assert (found > 0.9) == is_moved


def test_who_fills_a_tenth_is_small_and_who_fills_a_fifth_is_large():
    probability = np.zeros((100, 100), np.float32)
    expected = {0: 1, 5: 1, 10: 1, 15: 0.5, 20: 0, 60: 0, 100: 0}
    for rows, smallness in expected.items():
        probability[:rows] = 0.6
        assert smallness_of(probability) == pytest.approx(smallness)


def test_the_less_clear_the_colours_the_more_doubt_stays():
    """Of the wall so many pixels in a hundred have the coat's colour."""
    moved = []
    for like in (0, 10, 30, 100):
        probability, frame = scene(noise=0)
        frame[:like, 92:120] = COAT
        frame[100:, 92:], frame[100:, :60] = WALL, COAT
        moved.append(float(decide_by_colours(probability, frame)[110, 68]))
    assert moved[0] > 0.95
    assert all(before > after for before, after in pairwise(moved))
    assert moved[-1] < 0.8


def test_colours_far_away_do_not_count():
    probability, frame = scene(noise=0)
    beyond = 92 + NEAR_PX + 2
    expected = decide_by_colours(probability, frame)
    frame[:, beyond:] = COAT
    np.testing.assert_array_equal(decide_by_colours(probability, frame), expected)
    frame[:, beyond - 6 :] = COAT
    assert decide_by_colours(probability, frame)[60, 68] < expected[60, 68]


def test_histograms_are_counts_shared_with_the_neighbours():
    """By hand: NumPy's counts, and three kernels one after the other, whose ends repeat."""
    generator = np.random.default_rng(2)
    picture = generator.integers(0, 256, (30, 40, 3), dtype=np.uint8)
    picture[:4] = 0, 255, 128
    mask = generator.random((30, 40)) < 0.6
    edges = np.arange(0, 257, 256 // BINS)
    expected, _ = np.histogramdd(picture[mask], bins=[edges] * 3)
    kernel = np.exp(-(np.array([-1, 0, 1]) ** 2) / (2 * 0.5**2))
    kernel /= kernel.sum()
    for axis in range(3):
        padded = np.pad(expected, [(int(a == axis),) * 2 for a in range(3)], mode="edge")
        expected = sum(
            weight * np.take(padded, range(step, step + BINS), axis)
            for step, weight in enumerate(kernel)
        )
    found = histogram(picture, mask)
    np.testing.assert_allclose(found, expected / mask.sum(), atol=1e-7)
    assert found.sum() == pytest.approx(1, abs=1e-5)
