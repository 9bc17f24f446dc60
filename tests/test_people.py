import numpy as np
import pytest

from segmenter.errors import InvalidInput
from segmenter.people import choose_people

HEIGHT, WIDTH = 300, 640


def scene(*discs: tuple[int, int, int]) -> np.ndarray:
    """Draw people as discs (row, column, radius)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    probability = np.zeros((HEIGHT, WIDTH), np.float32)
    for row, column, radius in discs:
        probability[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = 0.9
    return probability


LARGE, SMALL_IN_CENTRE, SPECK = (150, 100, 80), (150, 330, 40), (40, 600, 4)


def test_everyone_stays_and_specks_go():
    kept = choose_people(scene(LARGE, SMALL_IN_CENTRE, SPECK))
    assert kept[150, 100] == kept[150, 330] == np.float32(0.9)
    assert kept[40, 600] == 0


def test_the_largest_alone():
    kept = choose_people(scene(LARGE, SMALL_IN_CENTRE), "largest")
    np.testing.assert_array_equal(kept > 0.5, scene(LARGE) > 0.5)


def test_the_one_in_the_centre_alone():
    kept = choose_people(scene(LARGE, SMALL_IN_CENTRE), "centre")
    np.testing.assert_array_equal(kept > 0.5, scene(SMALL_IN_CENTRE) > 0.5)


def test_a_soft_outline_stays_with_its_person():
    probability = scene(LARGE, SMALL_IN_CENTRE)
    probability[150, 181:190] = 0.2  # a wisp of hair
    assert choose_people(probability, "largest")[150, 185] == np.float32(0.2)


@pytest.mark.parametrize("choice", ["everyone", "largest", "centre"])
def test_nobody_and_one_person_are_left_alone(choice):
    for probability in (scene(), scene(LARGE)):
        np.testing.assert_array_equal(choose_people(probability, choice), probability)


def test_an_unknown_choice_is_refused():
    with pytest.raises(InvalidInput, match="everyone, largest, centre"):
        choose_people(scene(), "cat")


def test_a_doubtful_hole_is_filled_and_a_true_gap_is_not():
    probability = scene((150, 300, 120))
    probability[130:150, 260:280] = 0.35  # a badge on her coat
    probability[130:160, 320:350] = 0.02  # between arm and hip
    kept = choose_people(probability)
    assert kept[140, 270] > 0.9
    assert kept[145, 335] == np.float32(0.02)


def test_what_lies_outside_is_no_hole():
    probability = np.full((100, 100), 0.3, np.float32)
    probability[40:60, 20:80] = 0.9
    np.testing.assert_array_equal(choose_people(probability), probability)
