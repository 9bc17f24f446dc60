"""Holes that the network tears are filled; gaps through which background shows stay open."""

import numpy as np

from segmenter.holes import false_holes

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


def test_a_spot_of_her_own_colours_is_a_hole():
    found = false_holes(*doubtful_scene(BADGE))
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[HOLE] = True
    np.testing.assert_array_equal(found, expected)


def test_a_spot_that_shows_the_wall_behind_her_is_a_gap():
    assert not false_holes(*doubtful_scene(WALL)).any()


def test_where_no_background_is_near_colours_do_not_decide():
    probability, frame = doubtful_scene(WALL)
    probability[:, 35:125] = np.maximum(probability[:, 35:125], 0.9)
    probability[HOLE] = 0.42
    assert false_holes(probability, frame)[HOLE].all()


def test_what_the_network_is_sure_of_is_no_hole_whatever_its_colour():
    probability, frame = doubtful_scene(BADGE)
    probability[HOLE] = 0.1
    assert not false_holes(probability, frame).any()


def test_a_bay_at_the_pictures_edge_is_no_hole():
    probability, frame = doubtful_scene(BADGE)
    probability[66:, 70:84] = 0.42
    assert not false_holes(probability, frame).any()
