import cv2
import numpy as np
import pytest

from segmenter.errors import InvalidInput, NobodyThere
from segmenter.people import choose_people

HEIGHT, WIDTH = 300, 640


def scene(*discs: tuple[int, int, int]) -> np.ndarray:
    """Draw people as discs (row, column, radius)."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    probability = np.zeros((HEIGHT, WIDTH), np.float32)
    for row, column, radius in discs:
        probability[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = 0.9
    return probability


def kept_of(probability, choice="everyone", point=None):
    """Choose people in a grey picture, whose colours tell nothing."""
    grey = np.full((*probability.shape, 3), 128, np.uint8)
    return choose_people(probability, grey, choice, point)


LARGE, SMALL_IN_CENTRE, SPECK = (150, 100, 80), (150, 330, 40), (40, 600, 4)


def test_everyone_stays_and_specks_go():
    probability = scene(LARGE, SMALL_IN_CENTRE)
    probability[scene(SPECK) > 0] = 0.7
    kept = kept_of(probability)
    assert kept[150, 100] == kept[150, 330] == np.float32(0.9)
    assert kept[40, 600] == 0


def test_a_small_piece_that_is_surely_a_person_is_no_speck():
    kept = kept_of(scene(LARGE, SPECK))
    assert kept[40, 600] == np.float32(0.9)


def test_the_largest_alone():
    kept = kept_of(scene(LARGE, SMALL_IN_CENTRE), "largest")
    np.testing.assert_array_equal(kept > 0.5, scene(LARGE) > 0.5)


def test_the_one_in_the_centre_alone():
    kept = kept_of(scene(LARGE, SMALL_IN_CENTRE), "centre")
    np.testing.assert_array_equal(kept > 0.5, scene(SMALL_IN_CENTRE) > 0.5)


def test_a_soft_outline_stays_with_its_person():
    probability = scene(LARGE, SMALL_IN_CENTRE)
    probability[150, 181:190] = 0.2  # a wisp of hair
    assert kept_of(probability, "largest")[150, 185] == np.float32(0.2)


@pytest.mark.parametrize("choice", ["everyone", "largest", "centre"])
def test_nobody_and_one_person_are_left_alone(choice):
    for probability in (scene(), scene(LARGE)):
        np.testing.assert_array_equal(kept_of(probability, choice), probability)


def test_an_unknown_choice_is_refused():
    with pytest.raises(InvalidInput, match="everyone, largest, centre, clicked"):
        kept_of(scene(), "cat")


def test_a_doubtful_hole_is_filled_and_a_true_gap_is_not():
    probability = scene((150, 300, 120))
    probability[130:150, 260:280] = 0.42  # a badge on her coat
    probability[130:160, 320:350] = 0.02  # between arm and hip
    kept = kept_of(probability)
    assert kept[140, 270] > 0.9
    assert kept[145, 335] == np.float32(0.02)


def test_what_lies_outside_is_no_hole():
    probability = np.full((100, 100), 0.3, np.float32)
    probability[40:60, 20:80] = 0.9
    np.testing.assert_array_equal(kept_of(probability), probability)


# Two people whose arms touch: columns 20-120 and 220-320, joined in rows 60-75.
ARM_IN_ARM = np.zeros((HEIGHT, WIDTH), np.float32)
ARM_IN_ARM[20:280, 20:120] = ARM_IN_ARM[20:280, 220:320] = ARM_IN_ARM[60:75, 120:220] = 0.95


def test_the_one_clicked_stays_alone():
    kept = kept_of(scene(LARGE, SMALL_IN_CENTRE), "clicked", (330 / WIDTH, 150 / HEIGHT))
    np.testing.assert_array_equal(kept > 0.5, scene(SMALL_IN_CENTRE) > 0.5)


def test_a_click_may_miss_by_a_little():
    point = ((330 + 46) / WIDTH, 150 / HEIGHT)
    kept = kept_of(scene(LARGE, SMALL_IN_CENTRE), "clicked", point)
    assert kept[150, 330] > 0 and kept[150, 100] == 0


def test_a_click_beside_everybody_is_told():
    for probability in (scene(), scene(LARGE)):
        with pytest.raises(NobodyThere, match=r"0\.9,0\.1"):
            kept_of(probability, "clicked", (0.9, 0.1))


@pytest.mark.parametrize(
    ("choice", "point"),
    [
        ("clicked", None),
        ("largest", (0.5, 0.5)),
        ("clicked", (310, 0.5)),
        ("clicked", (float("nan"), 0)),
    ],
)
def test_a_point_is_shares_and_goes_with_clicked(choice, point):
    with pytest.raises(InvalidInput):
        kept_of(scene(LARGE), choice, point)


def test_people_who_touch_by_an_arm_are_taken_apart_when_one_is_wanted():
    kept = kept_of(ARM_IN_ARM, "clicked", (270 / WIDTH, 200 / HEIGHT))
    assert kept[150, 270] == np.float32(0.95) and not kept[:, 20:120].any()
    assert (kept_of(ARM_IN_ARM) == ARM_IN_ARM).all()


@pytest.mark.parametrize("thickness", range(6, 42, 4))
@pytest.mark.parametrize("where", ["feet", "arms", "heads"])
def test_who_is_one_person_does_not_hang_on_a_pixel_beside_them(where, thickness):
    probability = np.zeros((240, 320), np.float32)
    probability[60:180, 100:140] = probability[60:180, 180:220] = 1
    top = {"feet": 180 - thickness, "arms": 110, "heads": 60}[where]
    probability[top : top + thickness, 140:180] = 1
    fringed = probability.copy()
    fringed[[59, 180, 100, 100], [100, 100, 99, 220]] = 1
    kept, also_kept = (kept_of(one, "largest") for one in (probability, fringed))
    assert kept[60:180, 100:220].any(axis=0).sum() == also_kept[60:180, 100:220].any(axis=0).sum()


def test_people_who_overlap_stay_together():
    embraced = ARM_IN_ARM.copy()
    embraced[60:280, 120:220] = 0.95
    kept = kept_of(embraced, "clicked", (270 / WIDTH, 200 / HEIGHT))
    np.testing.assert_array_equal(kept, embraced)


def test_a_head_or_a_bag_is_not_taken_off():
    probability = scene((50, 320, 36), (205, 320, 90), (240, 470, 35))
    probability[80:120, 310:330] = probability[235:245, 400:440] = 0.9  # the neck, and a strap
    kept = kept_of(probability, "largest")
    np.testing.assert_array_equal(kept, probability)


@pytest.mark.parametrize("seed", range(40))
def test_any_small_mask_is_taken_apart(seed):
    """Also where a core lies in the outermost line of a piece that the picture cuts."""
    generator = np.random.default_rng(seed)
    mask = cv2.GaussianBlur(generator.random((20, 41), np.float32), (0, 0), 1 + seed % 3)
    mask = (mask > np.quantile(mask, 0.4)).astype(np.float32)
    kept = kept_of(mask, "largest")
    assert 0 < kept.sum() <= mask.sum()


def test_a_foot_beside_another_person_stays_with_its_own():
    mask = np.zeros((120, 160), np.float32)
    mask[10:110, 20:50] = mask[10:110, 100:130] = 1
    mask[20:28, 50:100] = 1  # an arm
    mask[105:109, 50:94] = 1  # a foot, whose end is nearer to the other one
    kept = kept_of(mask, "clicked", (35 / 160, 0.5))
    assert kept[105:109, 50:92].all() and not kept[10:110, 102:].any()
