"""Holes that the network tears are told from gaps through which background shows."""

import numpy as np
import pytest

from segmenter.people.holes import doubtful_openings, open_gaps, overlooked_gaps

HEIGHT, WIDTH = 120, 160
COAT, BADGE, WALL = (40, 50, 140), (45, 60, 150), (190, 180, 150)
HOLE = (slice(50, 66), slice(70, 84))


def doubtful_scene(hole_colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Show a coat before a wall, and a spot in it of a colour, of which the network is unsure."""
    probability = np.full((HEIGHT, WIDTH), 0.02, np.float32)
    probability[20:100, 56:100] = 0.97
    probability[HOLE] = 0.42
    noise = np.random.default_rng(0).normal(0, 6, (2 * HEIGHT, 2 * WIDTH, 3))
    frame = np.empty((2 * HEIGHT, 2 * WIDTH, 3))  # finer than the probability
    frame[:] = WALL
    frame[40:200, 112:200] = COAT
    frame[100:132, 140:168] = hole_colour
    return probability, np.clip(frame + noise, 0, 255).astype(np.uint8)


SPOT = np.zeros((HEIGHT, WIDTH), bool)
SPOT[HOLE] = True


def test_a_spot_of_her_own_colours_is_a_hole():
    holes, gaps = doubtful_openings(*doubtful_scene(BADGE))
    np.testing.assert_array_equal(holes, SPOT)
    assert not gaps.any()


def test_a_spot_that_shows_the_wall_behind_her_is_a_gap():
    holes, gaps = doubtful_openings(*doubtful_scene(WALL))
    np.testing.assert_array_equal(gaps, SPOT)
    assert not holes.any()


def test_where_no_background_is_near_it_is_a_hole():
    probability, frame = doubtful_scene(WALL)
    probability[:, 35:125] = np.maximum(probability[:, 35:125], 0.9)
    probability[HOLE] = 0.42
    assert doubtful_openings(probability, frame)[0][HOLE].all()


def test_what_the_network_is_sure_of_is_neither_whatever_its_colour():
    probability, frame = doubtful_scene(BADGE)
    probability[HOLE] = 0.1
    assert not np.any(doubtful_openings(probability, frame))


def test_a_bay_at_the_pictures_edge_is_neither():
    probability, frame = doubtful_scene(BADGE)
    probability[66:, 70:84] = 0.42
    assert not np.any(doubtful_openings(probability, frame))


def seen_nearer(colour: tuple[int, int, int], near_there: float) -> tuple[np.ndarray, ...]:
    """Show a spot of a colour of which all views are sure, and the nearest, to a degree, not."""
    near, frame = doubtful_scene(colour)
    joined = near.copy()
    near[HOLE], joined[HOLE] = near_there, 0.85
    return joined, near, frame


@pytest.mark.parametrize("near_there", [0.1, 0.45, 0.65])
def test_a_gap_that_only_the_nearest_view_sees_is_not_overlooked(near_there):
    np.testing.assert_array_equal(overlooked_gaps(*seen_nearer(WALL, near_there)), SPOT)


@pytest.mark.parametrize("near_there", [0.1, 0.45, 0.65])
def test_what_the_nearest_view_tears_into_her_coat_is_no_gap(near_there):
    assert not overlooked_gaps(*seen_nearer(BADGE, near_there)).any()


def test_a_colour_between_hers_and_the_walls_is_no_gap():
    between = tuple(np.rint(0.45 * np.array(COAT) + 0.55 * np.array(WALL)))
    assert not overlooked_gaps(*seen_nearer(between, 0.45)).any()


def test_a_gap_may_reach_the_pictures_edge_and_open_to_the_outside_where_it_is_doubtful():
    joined, near, frame = seen_nearer(WALL, 0.45)
    joined[100:, 56:100], near[100:, 56:100] = 0.97, 0.97
    below = (slice(66, HEIGHT), slice(70, 84))
    joined[below], near[below] = 0.85, 0.45
    frame[132:, 140:168] = WALL
    frame[200:, 112:140] = frame[200:, 168:200] = COAT
    gaps = overlooked_gaps(joined, near, frame)
    assert gaps[50:, 70:84].all() and gaps.sum() == 70 * 14
    near[55:60, 84:] = 0.65  # a channel to the outside
    assert overlooked_gaps(joined, near, frame)[50:, 70:84].all()


def test_the_background_around_her_is_no_gap_of_hers():
    joined, near, frame = seen_nearer(COAT, 0.97)
    assert not overlooked_gaps(joined, near, frame).any()


def test_an_opened_gap_is_empty_at_any_size_and_all_else_stays():
    probability = np.full((2 * HEIGHT, 2 * WIDTH), 0.9, np.float32)
    opened = open_gaps(probability, SPOT)
    assert (opened[102:130, 142:166] == 0).all()
    outside = np.ones_like(opened, bool)
    outside[98:134, 138:170] = False
    assert (opened[outside] == np.float32(0.9)).all()
    assert open_gaps(probability, np.zeros_like(SPOT)) is probability
