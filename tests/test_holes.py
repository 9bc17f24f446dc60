"""Holes that the network tears are told from gaps through which background shows."""

import numpy as np

from segmenter.holes import doubtful_openings

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


def test_where_no_background_is_near_or_no_frame_at_hand_it_is_a_hole():
    probability, frame = doubtful_scene(WALL)
    assert doubtful_openings(probability)[0][HOLE].all()
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
