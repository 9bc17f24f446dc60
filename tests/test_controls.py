"""Each control that a user has over edges does to the result what its words say."""

import cv2
import numpy as np
import pytest

from segmenter.background import Colour
from segmenter.pipeline import ReplaceOptions, replace_in_image
from segmenter.refine import RefineOptions

WIDTH, LEFT, RIGHT = 240, 80, 160
PERSON, ROOM, NEW = (200, 60, 50), (60, 110, 60), (0, 0, 255)


class Vague:
    """Finds the person two pixels too far to the right, with a soft outline."""

    photo_size = live_size = WIDTH

    def probability(self, frame, size=None):
        exact = np.zeros((WIDTH, WIDTH), np.float32)
        exact[:, LEFT + 2 : RIGHT + 2] = 1
        return cv2.GaussianBlur(exact, (0, 0), 4)


def columns_of_result(**refine: float) -> np.ndarray:
    """Return the colour of each column of a composite on blue, (WIDTH, 3)."""
    frame = np.full((WIDTH, WIDTH, 3), ROOM, np.uint8)
    frame[:, LEFT:RIGHT] = PERSON
    options = ReplaceOptions(refine=RefineOptions(**refine))
    picture = replace_in_image(frame, Colour(*NEW), segmenter=Vague(), options=options).picture
    return picture[20:-20].mean(axis=0)


def person_in_result(**refine: float) -> np.ndarray:
    """Return how much of the person is seen in each column of a composite on blue, 0 to 1."""
    return (NEW[2] - columns_of_result(**refine)[:, 2]) / (NEW[2] - PERSON[2])


def outline_of(seen: np.ndarray) -> tuple[float, float]:
    """Return where the person begins and ends, in columns and parts of them."""
    middle = WIDTH // 2
    left, right = np.clip(seen[:middle], 0, 1), np.clip(seen[middle:], 0, 1)
    return middle - left.sum(), middle + right.sum()


def rim_of(seen: np.ndarray) -> int:
    """Return how many columns are neither person nor background."""
    return int(((seen > 0.1) & (seen < 0.9)).sum())


def test_by_default_the_outline_is_the_pictures_and_sharp():
    seen = person_in_result()
    assert outline_of(seen) == pytest.approx((LEFT, RIGHT), abs=1)
    assert rim_of(seen) <= 4


def test_edge_strength_moves_the_outline_from_where_it_was_found_to_the_pictures_edge():
    found = outline_of(person_in_result(edge_strength=0))
    between = outline_of(person_in_result(edge_strength=0.5))
    assert found[1] > RIGHT + 1.2
    assert RIGHT - 1 < between[1] < found[1] - 0.4
    assert rim_of(person_in_result(edge_strength=0)) > 8


@pytest.mark.parametrize("shift", [-5.0, -1.5, 1.5, 5.0])
def test_shift_moves_both_sides_by_so_many_pixels(shift):
    before, after = (outline_of(person_in_result(shift_px=px)) for px in (0, shift))
    assert before[0] - after[0] == pytest.approx(shift, abs=0.6)
    assert after[1] - before[1] == pytest.approx(shift, abs=0.6)


def test_feather_softens_and_leaves_the_outline_where_it_is():
    plain, soft, softer = (person_in_result(feather_px=px) for px in (0, 2, 6))
    assert rim_of(plain) < rim_of(soft) < rim_of(softer)
    assert outline_of(softer) == pytest.approx(outline_of(plain), abs=1)


@pytest.mark.parametrize(
    "refine", [{"feather_px": 20}, {"feather_px": 5}, {"shift_px": -6}], ids=str
)
def test_who_is_shown_in_part_keeps_her_own_colours(refine):
    seen, columns = person_in_result(**refine), columns_of_result(**refine)
    inside = slice(LEFT + 4, RIGHT - 4)
    expected = seen[:, None] * np.float32(PERSON) + (1 - seen[:, None]) * np.float32(NEW)
    assert seen[inside].min() < 0.9 and np.abs(columns - expected)[inside].max() < 2
