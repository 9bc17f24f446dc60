import numpy as np
import pytest

from segmenter.closeup import WHOLE, Closeup, Crop
from segmenter.closeup.parts import SHAPES, area, fitting_part, fitting_parts
from segmenter.preprocess import padded_shape
from segmenter.resample import fit

HEIGHT, WIDTH = 720, 1280


def people(*boxes, height=180, width=320):
    """Return a probability of people in boxes (top, bottom, left, right)."""
    found = np.full((height, width), 0.02, np.float32)
    for top, bottom, left, right in boxes:
        found[top:bottom, left:right] = 0.95
    return found


STANDING = (60, 120, 150, 170)


def moved(across=0, down=0):
    top, bottom, left, right = STANDING
    return people((top + down, bottom + down, left + across, right + across))


def test_somebody_small_is_looked_at_with_room_around_her():
    (part,) = Closeup().choose(moved(), HEIGHT, WIDTH)
    assert part.crop.holds(Crop(48 / 180, 132 / 180, 138 / 320, 182 / 320))
    assert part.crop.share < 0.1
    tall, wide, _ = part.crop.of(np.empty((HEIGHT, WIDTH, 3))).shape
    assert abs(tall * 8 / 13 - wide) <= 4


def test_large_people_and_nobody_get_no_look_of_their_own():
    closeup = Closeup()
    assert closeup.choose(people((20, 180, 60, 260)), HEIGHT, WIDTH) == []
    assert closeup.choose(people(), HEIGHT, WIDTH) == []
    assert closeup.choose(people((10, 160, 5, 65), (10, 160, 240, 310)), HEIGHT, WIDTH) == []


FAR_APART = (10, 80, 10, 40), (90, 150, 280, 300)


def test_people_far_from_each_other_are_looked_at_each_by_herself():
    parts = Closeup().choose(people(*FAR_APART), HEIGHT, WIDTH)
    assert len(parts) == 2 and area(parts) < 0.25
    for (top, bottom, left, right), part in zip(FAR_APART, parts, strict=True):
        assert part.crop.holds(Crop(top / 180, bottom / 180, left / 320, right / 320))
    assert not parts[0].crop.overlaps(parts[1].crop)


def test_many_are_looked_at_less_closely_each():
    boxes = [(60, 100, left, left + 12) for left in (20, 150, 290)]
    few, many = (Closeup().choose(people(*some), HEIGHT, WIDTH) for some in (boxes[::2], boxes))
    assert [len(few), len(many)] == [2, 3]
    assert {part.size_share for part in few} == {13 / 12}
    assert {part.size_share for part in many} == {13 / 12 * 3 / 4}


def test_people_whose_parts_would_overlap_are_looked_at_together():
    crops = [Crop(0.1, 0.6, 0.1, 0.2), Crop(0.5, 0.9, 0.25, 0.35), Crop(0.1, 0.2, 0.9, 0.95)]
    parts = fitting_parts(crops, HEIGHT, WIDTH)
    assert len(parts) == 2
    assert parts[0].crop.holds(crops[0].joined(crops[1])) and parts[1].crop.holds(crops[2])


def test_more_people_apart_than_looks_are_affordable_get_none():
    columns = [(20, 60, left, left + 10) for left in (5, 75, 150, 225, 300)]
    rows = [(110, 150, left, right) for _, _, left, right in columns]
    assert Closeup().choose(people(*columns, *rows), HEIGHT, WIDTH) == []


def test_one_of_two_who_leaves_leaves_one_part():
    closeup = Closeup()
    assert len(closeup.choose(people(*FAR_APART), HEIGHT, WIDTH)) == 2
    (part,) = closeup.choose(people(FAR_APART[0]), HEIGHT, WIDTH)
    assert part.crop.holds(Crop(10 / 180, 80 / 180, 10 / 320, 40 / 320)) and part.crop.share < 0.2


def test_two_people_s_parts_rest_while_both_stay_in_their_middles():
    closeup = Closeup()
    first = closeup.choose(people(*FAR_APART), HEIGHT, WIDTH)
    (top, bottom, left, right), other = FAR_APART
    assert closeup.choose(people((top, bottom, left + 2, right + 2), other), HEIGHT, WIDTH) == first
    after = closeup.choose(people((top, bottom, left + 60, right + 60), other), HEIGHT, WIDTH)
    assert len(after) == 2 and after != first


def test_news_is_looked_for_outside_all_parts():
    closeup = Closeup()
    parts = closeup.choose(people(*FAR_APART), HEIGHT, WIDTH)
    known = np.ones((180, 320), np.float32)
    for part in parts:
        part.crop.of(known)[:] = 0
    assert not closeup.has_news_around(known)
    known[0:20, 150:200] = 0
    assert closeup.has_news_around(known)


def test_the_part_rests_while_she_stays_in_its_middle_and_follows_when_she_leaves_it():
    closeup = Closeup()
    first = closeup.choose(moved(), HEIGHT, WIDTH)
    assert closeup.choose(moved(3, -3), HEIGHT, WIDTH) == first
    assert closeup.choose(moved(-3, 3), HEIGHT, WIDTH) == first
    (after,) = closeup.choose(moved(40), HEIGHT, WIDTH)
    assert [after] != first and after.crop.holds(Crop(48 / 180, 132 / 180, 178 / 320, 222 / 320))


def test_the_part_tightens_when_she_walks_away():
    closeup = Closeup()
    (first,) = closeup.choose(moved(), HEIGHT, WIDTH)
    (after,) = closeup.choose(people((75, 105, 155, 165)), HEIGHT, WIDTH)
    assert after.crop.share < 0.5 * first.crop.share


def test_whoever_the_part_alone_shows_is_not_lost():
    closeup = Closeup()
    first = closeup.choose(moved(), HEIGHT, WIDTH)
    closeup.remember(moved())
    assert closeup.choose(people(), HEIGHT, WIDTH) == first
    closeup.remember(people())
    assert closeup.choose(people(), HEIGHT, WIDTH) == []


def test_after_a_cut_the_place_before_counts_no_more():
    closeup = Closeup()
    closeup.choose(moved(), HEIGHT, WIDTH)
    closeup.remember(moved())
    closeup.reset()
    assert closeup.choose(people(), HEIGHT, WIDTH) == []
    assert closeup.choose(moved(90), HEIGHT, WIDTH) == Closeup().choose(moved(90), HEIGHT, WIDTH)


def test_a_newcomer_is_in_the_part_from_that_frame_on():
    closeup = Closeup()
    closeup.choose(moved(), HEIGHT, WIDTH)
    (both,) = closeup.choose(people(STANDING, (70, 120, 190, 205)), HEIGHT, WIDTH)
    assert both.crop.holds(Crop(60 / 180, 120 / 180, 150 / 320, 205 / 320))


def test_looks_do_not_come_and_go_at_the_limit():
    closeup, answers = Closeup(), []
    for tall in (100, 110, 120, 118, 122, 117, 121, 150):
        # As wide as tall: with the margins from .3 of the frame to more than half of it.
        answers.append(closeup.choose(people((20, 20 + tall, 90, 90 + tall)), HEIGHT, WIDTH))
    is_close = [bool(answer) for answer in answers]
    assert is_close[0] and not is_close[-1]
    assert is_close == sorted(is_close, reverse=True)


def test_somebody_as_tall_as_the_frame_gets_a_part_with_less_room_beside_her():
    (part,) = Closeup().choose(people((8, 180, 130, 180)), HEIGHT, WIDTH)
    assert part.crop.top == 0 and part.crop.bottom == 1
    assert part.crop.left < 128 / 320 and part.crop.right > 182 / 320


SMALLEST = (0.4, 0.46, 0.5, 0.52)
# By the size for whole frames: a video's, a camera's, and these where many are seen less closely.
EXPECTED = {
    384: {(416, 256), (320, 320), (256, 416)},
    320: {(352, 224), (288, 288), (224, 352)},
    288: {(320, 192), (256, 256), (192, 320)},
    240: {(288, 160), (224, 224), (160, 288)},
}


@pytest.mark.parametrize("size", EXPECTED)
@pytest.mark.parametrize("height", [240, 480, 719, 1080, 1917])
@pytest.mark.parametrize(
    "box", [(0.1, 0.4, 0.5, 0.6), (0.6, 0.9, 0, 0.4), (0.5, 0.9, 0.7, 0.9), SMALLEST]
)
def test_parts_of_a_shape_all_make_batches_of_one(height, box, size):
    width = round(height * 16 / 9)
    part = fitting_part(Crop(*box), height, width)
    assert part.crop.holds(Crop(*box)) and WHOLE.holds(part.crop)
    tall, wide = part.crop.of(np.empty((height, width), np.uint8)).shape
    down, across = fit(tall, wide, round(size * part.size_share))
    assert padded_shape(down, across, 32) in EXPECTED[size] and len(EXPECTED[size]) == len(SHAPES)


def test_a_frame_without_room_for_any_shape_gets_no_part():
    assert fitting_part(Crop(0, 1, 0.2, 0.25), 100, 3000) is not None
    assert fitting_part(Crop(0, 1, 0, 1), 720, 1280) is None
