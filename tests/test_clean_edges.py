"""What a user sees along the outline of a result: no rim, no spill, no glass, no pattern.

Each picture's true alpha and colours are known; the network's view of it is coarse, as it is.
"""

import cv2
import numpy as np
import pytest
from portraits import HEIGHT, WIDTH, Flat, disc, far_from_outline, painted, seen_coarsely

from segmenter.background import Colour
from segmenter.metrics import mad
from segmenter.pipeline import replace_in_image
from segmenter.refine import refine

WHITE, BLACK, GREEN = (250, 250, 250), (8, 8, 8), (20, 200, 40)
COAT, SHIRT = (60, 50, 90), (205, 190, 180)


def composite(frame: np.ndarray, probability: np.ndarray, new: tuple[int, int, int]) -> np.ndarray:
    return replace_in_image(frame, Colour(*new), segmenter=Flat(probability)).picture.astype(float)


@pytest.mark.parametrize("shift_px", [-2, 0, 2])
def test_a_person_from_a_white_room_has_no_bright_rim_on_black(shift_px):
    truth = disc(soft_px=4)
    frame = painted(truth, COAT, WHITE)
    result = composite(frame, seen_coarsely(truth, shift_px=shift_px), BLACK)
    # Nothing is much brighter than the coat; with the room's colours left in, it is by 34 to 53.
    assert (result - COAT).max() < 28


@pytest.mark.parametrize("shift_px", [-2, 0, 2])
def test_a_person_from_a_dark_room_has_no_dark_rim_on_white(shift_px):
    truth = disc(soft_px=4)
    frame = painted(truth, SHIRT, BLACK)
    result = composite(frame, seen_coarsely(truth, shift_px=shift_px), WHITE)
    assert (SHIRT - result).max() < 28


@pytest.mark.parametrize("new", [(220, 0, 200), WHITE])
def test_the_green_of_a_screen_is_gone_on_another_saturated_ground(new):
    truth = disc(soft_px=4)
    coverage = truth[..., None]
    exact = coverage * np.array(SHIRT) + (1 - coverage) * np.array(new)
    frame = painted(truth, SHIRT, GREEN)
    rim = (truth > 0) & (truth < 1)
    error = np.abs(composite(frame, seen_coarsely(truth), new) - exact)[rim]
    assert error.max(axis=1).mean() < 8  # of 255; of the frame's own colours it is three times that


def test_clothes_of_the_walls_colour_do_not_become_glassy():
    truth = disc()
    wall = np.array([150.0, 140, 120])
    coat = np.broadcast_to(wall, (HEIGHT, WIDTH, 3)).copy()
    coat[:, 150:230] = COAT  # the rest of it is as the wall
    probability = seen_coarsely(truth)
    probability[170:240, 190:260] = 0.75  # there the network begins to doubt
    alpha = refine(probability, painted(truth, coat, wall))
    away = far_from_outline(truth, 10)
    assert alpha[away & (truth == 1)].min() > 0.98
    assert alpha[away & (truth == 0)].max() < 0.02


def tiles() -> np.ndarray:
    """Draw a wall of dark and light tiles, one of the coat's own colour."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] // 12
    return np.where(((rows + columns) % 2)[..., None], [190.0, 180, 170], np.array(COAT) + 10.0)


def test_a_patterned_wall_does_not_print_into_alpha():
    truth = disc()
    probability = seen_coarsely(truth)
    alpha = refine(probability, painted(truth, COAT, tiles()))
    assert alpha[far_from_outline(truth, 10) & (truth == 0)].max() < 0.02
    # Along the outline tiles may mislead, but not to worse than what the network said.
    assert mad(alpha, truth) < mad(probability, truth)


@pytest.mark.parametrize("quality", [40, 75])
def test_noise_and_jpeg_blocks_do_not_make_the_edge_ragged(quality):
    truth = disc()
    frame = painted(truth, COAT, (140, 150, 165), noise=8)
    _, packed = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    frame = np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])
    alpha = refine(seen_coarsely(truth), frame)
    right = slice(200, None)
    error = alpha[100:300, right].sum(axis=1) - truth[100:300, right].sum(axis=1)
    assert np.abs(np.diff(error)).max() < 2  # pixels from one row to the next
    assert np.abs(error).mean() < 1


def test_a_hard_shoulder_stays_hard():
    truth = disc(soft_px=1)
    alpha = refine(seen_coarsely(truth), painted(truth, COAT, (170, 160, 140)))
    line = alpha[200, 210:]
    assert ((line > 0.1) & (line < 0.9)).sum() <= 3
    assert line.sum() == pytest.approx(truth[200, 210:].sum(), abs=1)


def strands() -> np.ndarray:
    """Draw a head with hairs of two pixels around it, ever thinner outwards."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(rows - 200, columns - 210)
    angle = np.arctan2(rows - 200, columns - 210)
    length = 90 + 16 * (0.5 + 0.5 * np.sin(90 * angle))
    hairy = np.clip((length - distance) / 3 + 0.5, 0, 1) * np.clip((112 - distance) / 20, 0, 1)
    return np.maximum(hairy, np.clip(90.5 - distance, 0, 1)).astype(np.float32)


def test_hair_stays_soft():
    truth = strands()
    alpha = refine(seen_coarsely(truth, 0.6), painted(truth, (50, 35, 25), (190, 200, 210)))
    soft = (truth > 0.1) & (truth < 0.9)
    helmet = (seen_coarsely(truth, 0.6) > 0.5).astype(np.float32)
    assert mad(alpha[soft], truth[soft]) < 0.6 * mad(helmet[soft], truth[soft])
    assert ((alpha > 0.1) & (alpha < 0.9))[soft].mean() > 0.5


def test_a_wide_doubt_beside_a_person_leaves_no_grey_ring():
    """A shadow in which the network half believes fades; cut off it ends in a rim."""
    truth = disc(60)
    probability = np.maximum(seen_coarsely(truth), cv2.GaussianBlur(0.44 * disc(120), (0, 0), 8))
    frame = painted(truth, COAT, np.array(COAT) - 15, noise=0)
    alpha = refine(probability, frame)
    outside = alpha[200, 275:].astype(float)  # to the right of the person
    assert 0.2 < outside.max() < 0.6  # or this would be no test
    assert np.abs(np.diff(outside)).max() < 0.08
