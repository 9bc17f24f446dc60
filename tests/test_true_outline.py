"""What is the person's stays, what is not goes, wherever she stands and however large she is."""

import cv2
import numpy as np
import pytest
from portraits import COLUMN, HEIGHT, ROW, WIDTH, disc, painted, seen_coarsely

from segmenter.people import choose_people
from segmenter.refine import PHOTO, VIDEO, refine

COAT, WALL = (60, 50, 90), (170, 160, 140)


def matte(frame: np.ndarray, probability: np.ndarray, detail=PHOTO) -> np.ndarray:
    return refine(choose_people(probability, frame), frame, detail=detail)


def arm_on_hip() -> np.ndarray:
    """Draw a body, and an arm beside it that encloses a gap 14 pixels wide."""
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[60:340, 150:270] = 1
    cv2.rectangle(alpha, (270, 120), (302, 230), 1, thickness=-1)
    alpha[140:212, 272:286] = 0
    return alpha


def test_the_opening_between_arm_and_body_stays_open():
    """Though the network half believes in a person there: the wall's colours show in it."""
    truth = arm_on_hip()
    probability = seen_coarsely(truth, 0.6)
    probability[140:212, 272:286] = np.maximum(probability[140:212, 272:286], 0.4)
    alpha = matte(painted(truth, COAT, WALL), probability)
    assert alpha[150:202, 276:282].max() < 0.1
    assert alpha[150:202, 290:298].min() > 0.9


def test_a_torn_hole_in_the_clothes_is_closed():
    truth = arm_on_hip()
    probability = seen_coarsely(truth, 0.6)
    probability[160:180, 200:220] = 0.4
    alpha = matte(painted(truth, COAT, WALL), probability)
    assert alpha[150:190, 190:230].min() > 0.98


def test_an_opening_of_which_the_network_is_sure_stays_open_at_an_earrings_size():
    truth = disc()
    truth[ROW - 7 : ROW + 7, COLUMN - 7 : COLUMN + 7] = 0
    alpha = matte(painted(truth, COAT, WALL), seen_coarsely(truth, 0.4))
    assert alpha[ROW - 4 : ROW + 4, COLUMN - 4 : COLUMN + 4].max() < 0.1


def test_a_thin_finger_stays():
    """One of ten pixels: no more than three of the network's cells."""
    truth = disc(60)
    finger = slice(COLUMN + 70, COLUMN + 110)
    truth[ROW - 5 : ROW + 5, COLUMN : COLUMN + 120] = 1
    probability = seen_coarsely(truth, 0.7)
    assert probability[ROW, finger].max() < 0.9  # too soft as it is
    alpha = matte(painted(truth, (200, 150, 130), (60, 80, 70)), probability)
    assert alpha[ROW - 3 : ROW + 3, finger].min() > 0.85
    assert alpha[[ROW - 8, ROW + 8], finger].max() < 0.05


@pytest.mark.parametrize("detail", [PHOTO, VIDEO])
def test_a_person_cut_by_the_pictures_edge_is_whole_up_to_it(detail):
    truth = np.zeros((HEIGHT, WIDTH), np.float32)
    truth[120:, :200] = 1  # cut by the left and by the lower edge
    alpha = matte(painted(truth, COAT, WALL), seen_coarsely(truth), detail)
    assert alpha[-1, :190].min() == alpha[130:, 0].min() == 1
    assert alpha[-1, 210:].max() == alpha[:110, 0].max() == 0
    # The outline too runs on straight: the last row and column are as true as the others.
    assert np.abs(alpha[-1] - truth[-1]).sum() < 0.5
    assert np.abs(alpha[:, 0] - truth[:, 0]).sum() < 0.5


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Show a person with a wisp, unsymmetric, and how a network sees her; (H, W, 3) and (H, W)."""
    truth = np.maximum(disc(90, 3), 0)
    truth[ROW - 100 : ROW - 60, COLUMN + 20 : COLUMN + 60] = 1
    shade = np.linspace(0, 50, WIDTH)[:, None]
    return painted(truth, np.array(COAT) + shade, np.array(WALL) - shade), seen_coarsely(truth, 1.2)


@pytest.mark.parametrize("detail", [PHOTO, VIDEO])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_picture_gives_the_mirrored_matte(axis, detail):
    frame, probability = scene()
    alpha = matte(frame, probability, detail)
    turned = (np.ascontiguousarray(np.flip(one, axis)) for one in (frame, probability))
    assert np.abs(np.flip(matte(*turned, detail), axis) - alpha).max() < 0.02


@pytest.mark.parametrize("detail", [PHOTO, VIDEO])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_picture_moved_by_a_pixel_gives_the_moved_matte(axis, detail):
    frame, probability = scene()
    alpha = matte(frame, probability, detail)
    moved = matte(np.roll(frame, 1, axis), np.roll(probability, 1, axis), detail)
    error = np.abs(np.roll(moved, -1, axis) - alpha)
    assert error.max() < 0.15 and error.mean() < 2e-4


def test_a_person_twice_as_large_has_the_matte_twice_as_large():
    frame, probability = scene()
    double = (2 * WIDTH, 2 * HEIGHT)
    large = matte(cv2.resize(frame, double), cv2.resize(probability, double))
    half = cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    alpha = matte(frame, probability)
    assert np.abs(half - alpha).mean() < 0.003
    assert large.sum() == pytest.approx(4 * alpha.sum(), rel=0.005)
