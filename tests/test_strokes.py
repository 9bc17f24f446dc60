"""Strokes decide what lies under them, and what looks alike beside them."""

import cv2
import numpy as np
import pytest

from segmenter import Colour, ReplaceOptions, Stroke, replace_in_image
from segmenter.errors import InvalidInput
from segmenter.stream import require_for_motion
from segmenter.strokes import (
    MOST_STROKES,
    SAMPLES,
    SPREAD,
    apply_strokes,
    beside,
    close_cracks,
    draw,
    followers,
    likeness,
    samples_of,
)

WALL, COAT, BAG = (190, 180, 150), (40, 50, 140), (150, 60, 30)
HEIGHT, WIDTH = 240, 320
BAG_AT = (slice(100, 150), slice(180, 240))  # beside the coat, which ends at column 180
ACROSS_THE_BAG = ((0.6, 0.52), (0.7, 0.52))


class Fixed:
    """A segmenter that sees the coat, and the bag or not."""

    def __init__(self, bag=0.01):
        self.bag = bag

    def probability(self, frame, size=None):
        found = np.full((HEIGHT, WIDTH), 0.01, np.float32)
        found[40:, 80:180], found[BAG_AT] = 0.99, self.bag
        return found


def scene():
    """Show somebody in a coat with a bag, before a wall."""
    frame = np.empty((HEIGHT, WIDTH, 3))
    frame[:], frame[40:, 80:180], frame[BAG_AT] = WALL, COAT, BAG
    noisy = frame + np.random.default_rng(0).normal(0, 5, frame.shape)
    return noisy.clip(0, 255).astype(np.uint8)


def alpha_with(*strokes, bag=0.01):
    options = ReplaceOptions(strokes=strokes)
    return replace_in_image(scene(), Colour(0, 0, 0), segmenter=Fixed(bag), options=options).alpha


def test_a_stroke_that_keeps_takes_along_what_looks_like_it_up_to_its_edges():
    before, after = alpha_with(), alpha_with(Stroke(ACROSS_THE_BAG, 0.06, keeps=True))
    assert before[BAG_AT][:, 10:].max() < 0.05
    assert after[BAG_AT][4:-4, 4:-4].min() > 0.95  # the stroke covers 19 of its 50 rows
    around = np.ones((HEIGHT, WIDTH), bool)
    around[94:156, 174:246] = False
    np.testing.assert_allclose(after[around], before[around], atol=0.02)


def test_a_stroke_that_drops_takes_away_what_looks_like_it():
    stroke = Stroke(ACROSS_THE_BAG, 0.06, keeps=False)
    before, after = alpha_with(bag=0.99), alpha_with(stroke, bag=0.99)
    assert before[BAG_AT].min() > 0.95
    assert after[BAG_AT][4:-4, 8:-4].max() < 0.05
    assert after[60:, 90:172].min() > 0.95  # the coat


@pytest.mark.parametrize("width", [0.01, 0.02, 0.05])
def test_in_flat_colours_a_narrow_stroke_holds_too(width):
    """Where the refinement sees nothing that would part it from what is around it."""
    gone = alpha_with(Stroke(((0.4, 0.3), (0.4, 0.8)), width, keeps=False))
    come = alpha_with(Stroke(((0.8, 0.1), (0.8, 0.3)), width, keeps=True))
    assert gone[80:180, 127:129].max() < 0.1 and come[30:66, 255:257].min() > 0.9


def test_nothing_goes_beside_a_stroke_that_keeps_nor_comes_beside_one_that_drops():
    """The wall's colours under the one, the coat's under the other, right beside the outline."""
    before = alpha_with()
    kept = alpha_with(Stroke(((0.6, 0.2), (0.6, 0.35)), 0.05, keeps=True))
    dropped = alpha_with(Stroke(((0.53, 0.5), (0.53, 0.9)), 0.05, keeps=False))
    inside, outside = (slice(48, None), slice(84, 160)), (slice(None), slice(184, None))
    assert kept[inside].min() > 0.98 and kept[60, 192] > 0.95
    np.testing.assert_allclose(dropped[outside], before[outside], atol=0.02)
    assert dropped[160, 170] < 0.05


def test_what_looks_like_it_but_lies_apart_does_not_follow():
    frame = scene()
    frame[:100, 215:220] = frame[150:, 215:220] = BAG  # two straps, a gap away from the bag
    frame[96:100] = frame[150:154] = WALL
    options = ReplaceOptions(strokes=(Stroke(ACROSS_THE_BAG, 0.09, keeps=True),))
    alpha = replace_in_image(frame, Colour(0, 0, 0), segmenter=Fixed(), options=options).alpha
    assert alpha[104:146, 190:232].min() > 0.95
    assert alpha[:90, 200:].max() < 0.05 and alpha[160:, 200:].max() < 0.05


def test_no_seam_stays_between_a_stroke_and_what_follows_it():
    """Of a photo that is larger than the picture in which colours are compared."""
    large = (4 * WIDTH, 4 * HEIGHT)
    frame = cv2.resize(scene(), large, interpolation=cv2.INTER_NEAREST)
    for keeps in (True, False):
        found = Fixed(bag=0.01 if keeps else 0.99).probability(None)
        found = cv2.resize(found, large, interpolation=cv2.INTER_NEAREST)
        after = apply_strokes(found, frame, [Stroke(ACROSS_THE_BAG, 0.06, keeps)])
        inside = after[4 * 106 : 4 * 144, 4 * 186 : 4 * 234]
        assert inside.min() > 0.95 if keeps else inside.max() < 0.05


def test_a_bag_that_is_larger_than_a_stroke_s_reach_goes_as_far_as_that():
    """Though what is left of it has the stroke's colours too."""
    frame, found = scene(), Fixed().probability(None)
    bag = (slice(90, 210), slice(180, 240))
    frame[bag] = np.resize(frame[BAG_AT], (120, 60, 3))
    found[bag] = 0.99
    after = apply_strokes(found, frame, [Stroke(ACROSS_THE_BAG, 0.06, keeps=False)])
    assert (after[102:148, 186:234] < 0.05).mean() > 0.97
    assert after[170:205, 186:234].min() > 0.95


def test_likeness_is_the_mean_of_a_bell_curve_around_each_sample():
    samples = np.array([[10, 20, 30], [200, 100, 50]], np.float32)
    colours = np.array([[10, 20, 30], [22, 20, 30], [190, 100, 60], [128, 255, 128]], np.uint8)
    expected = [
        np.mean([np.exp(-np.sum((colour - sample) ** 2) / (2 * SPREAD**2)) for sample in samples])
        for colour in colours.astype(float)
    ]
    np.testing.assert_allclose(likeness(colours, samples), expected, rtol=1e-3, atol=1e-6)
    assert likeness(np.array([[10, 20, 30]], np.uint8), samples[:1]) == pytest.approx(1)


def test_narrow_cracks_are_closed_and_wide_gaps_and_edges_stay():
    mask = np.zeros((40, 60), bool)
    mask[10:30, :50] = True
    mask[:, 20:23] = False  # a crack
    mask[:, 35:43] = False  # a gap
    expected = mask.copy()
    expected[10:30, 20:23] = True
    found = close_cracks(mask)
    np.testing.assert_array_equal(found[12:28], expected[12:28])  # beside the crack's own ends
    assert not found[:10].any() and not found[30:].any()


def test_samples_are_spread_over_the_mask():
    picture = np.arange(90 * 100, dtype=np.int64).reshape(90, 100)
    picture = np.dstack([picture // 256, picture % 256, 0 * picture]).astype(np.uint8)
    mask = np.zeros((90, 100), bool)
    mask[10:80] = True
    found = samples_of(picture, mask) @ [256, 1, 0]
    assert 0.8 * SAMPLES <= len(found) <= SAMPLES
    assert found.min() < 1100 and found.max() > 7900 and (np.diff(found) > 0).all()
    assert len(samples_of(picture, mask & False)) == 0


def test_of_strokes_that_cross_the_later_one_counts():
    down = Stroke(((0.5, 0.1), (0.5, 0.9)), 0.1, keeps=True)
    across = Stroke(((0.1, 0.5), (0.9, 0.5)), 0.1, keeps=False)
    for strokes, is_kept in (((down, across), False), ((across, down), True)):
        crossing = tuple(draw(strokes, 90, 160, keeps)[45, 80] for keeps in (True, False))
        assert crossing == (is_kept, not is_kept)
        assert draw(strokes, 90, 160, True)[20, 80] and draw(strokes, 90, 160, False)[45, 30]


def test_a_stroke_lies_where_its_shares_say_and_is_as_wide():
    """Of a picture twice as wide as tall: shares of either side, the width of the long one."""
    drawn = draw([Stroke(((0.25, 0.5), (0.75, 0.5)), 0.1, True)], 200, 400, True)
    rows, columns = np.nonzero(drawn[:, 150:250])
    assert abs(rows.mean() + 0.5 - 100) < 0.6 and abs(len(set(rows)) - 40) <= 1
    rows, columns = np.nonzero(drawn)
    assert abs(columns.min() - 80) <= 2 and abs(columns.max() - 319) <= 2  # with round ends


def test_a_dot_is_a_stroke():
    drawn = draw([Stroke(((0.5, 0.5),), 0.2, True)], 100, 100, True)
    assert drawn.sum() == pytest.approx(np.pi * 10**2, rel=0.1)
    assert drawn[41:59, 50].all() and not drawn[:38].any()


def test_without_strokes_nothing_changes():
    probability = Fixed().probability(None)
    assert apply_strokes(probability, scene(), ()) is probability


def test_a_photo_where_nobody_was_found_can_be_drawn_by_hand():
    nobody = np.zeros((HEIGHT, WIDTH), np.float32)
    after = apply_strokes(nobody, scene(), [Stroke(((0.3, 0.5), (0.5, 0.9)), 0.1, True)])
    assert after[168, 128] > 0.95 and after[:20].max() == 0


def test_thin_strokes_over_large_and_small_pictures():
    stroke = [Stroke(((0.1, 0.1), (0.9, 0.9)), 0.005, True)]
    for height, width in ((1, 1), (3, 500), (1500, 2000)):
        found = apply_strokes(
            np.zeros((height, width), np.float32), np.zeros((height, width, 3), np.uint8), stroke
        )
        assert found.shape == (height, width) and found.dtype == np.float32
        assert found.max() > 0.5


@pytest.mark.parametrize(
    "given",
    [
        {"points": ()},
        {"points": ((0.5,),)},
        {"points": ((0.5, float("nan")),)},
        {"points": ((0.5, 1e9),)},
        {"points": (0.5, 0.5)},
        {"points": (("0.5", "0.5"),)},
        {"points": np.full((2, 2), 0.5)},
        {"width": 0},
        {"width": 0.9},
        {"width": float("nan")},
    ],
)
def test_what_can_not_be_drawn_is_refused(given):
    with pytest.raises(InvalidInput, match="stroke"):
        Stroke(**{"points": ((0.5, 0.5),), "width": 0.1, "keeps": True} | given)


def test_more_than_a_hand_draws_is_refused():
    stroke = Stroke(((0.5, 0.5),), 0.1, True)
    with pytest.raises(InvalidInput, match="at most"):
        ReplaceOptions(strokes=(stroke,) * (MOST_STROKES + 1))
    with pytest.raises(InvalidInput, match="at most"):
        ReplaceOptions(strokes=(Stroke(((0.5, 0.5),) * 20_001, 0.1, True),))


def test_moving_pictures_refuse_strokes():
    options = ReplaceOptions(strokes=(Stroke(((0.5, 0.5),), 0.1, True),))
    with pytest.raises(InvalidInput, match="photos"):
        require_for_motion(options)


def columns_of(*stripes):
    """Paint a picture 60 pixels tall of stripes, each a colour and how many columns it has."""
    return np.concatenate([np.full((60, wide, 3), colour, np.uint8) for colour, wide in stripes], 1)


def down(column, width, keeps=True):
    """Draw from top to bottom of a picture 100 pixels wide."""
    return Stroke(((column / 100, 0.0), (column / 100, 1.0)), width, keeps)


def test_all_of_a_large_thing_follows_though_most_of_its_side_has_its_colours():
    person = np.zeros((60, 100), bool)
    person[:, :40] = True
    picture = columns_of((COAT, 40), (BAG, 30), (WALL, 30))
    expected = np.zeros((60, 100), bool)
    expected[:, 40:70] = True
    beside = ~draw([down(55, 0.1)], 60, 100, True)  # a stroke's own rim may be marked too
    found = followers([down(55, 0.1)], person, picture, True)
    np.testing.assert_array_equal(found & beside, expected & beside)
    # Of the colours on its own side nothing is asked.
    picture[picture == np.array(COAT)] = 0
    picture[:, :40] = BAG
    found = followers([down(55, 0.1)], person, picture, True)
    np.testing.assert_array_equal(found & beside, expected & beside)


def test_what_its_own_side_has_as_often_does_not_follow():
    """Half of what is far from the stroke has its colour: it tells nothing."""
    picture = columns_of((COAT, 20), (BAG, 60), (WALL, 20))
    person = np.zeros((60, 100), bool)
    person[:, :20] = True
    assert not followers([down(50, 0.1)], person, picture, True).any()


@pytest.mark.parametrize("keeps", [True, False])
def test_where_nothing_is_left_to_compare_with_only_the_strokes_own_colour_follows(keeps):
    """All of the other side is beside the stroke; what is 40 levels lighter is another thing."""
    picture = columns_of((COAT, 40), ((90, 90, 90), 38), ((130, 130, 130), 22))
    person = np.zeros((60, 100), bool)
    person[:, :40] = keeps
    person[:, 40:] = not keeps
    stroke = [down(60, 0.28, keeps)]  # 46 to 74, and beside it from 18 to the end
    found = followers(stroke, person, picture, keeps)
    assert found[:, 40:45].all() and found[:, 76:78].all()
    assert not found[:, 78:].any() and not found[:, :40].any()


def test_beside_a_stroke_is_as_far_as_it_is_wide_and_under_none():
    """Down a picture 100 pixels wide: 20 wide around column 40, then 20 around column 65."""
    first, second = down(40, 0.2, keeps=True), down(65, 0.2, keeps=False)

    def columns(strokes, keeps):
        return beside(strokes, 60, 100, keeps)[30]

    def between(*ranges):
        marked = np.zeros(100, bool)
        for start, stop in ranges:
            marked[start:stop] = True
        return marked

    def differ(found, expected):
        return np.count_nonzero(found != expected)  # at each end OpenCV may round up

    assert differ(columns([first], True), between((10, 30), (50, 70))) <= 4
    assert not columns([first], False).any()
    both = [first, second]
    assert differ(columns(both, True), between((10, 30))) <= 4  # the later one's begins at 35
    assert differ(columns(both, False), between((50, 55), (75, 95))) <= 4
    assert differ(columns(both[::-1], True), between((10, 30), (50, 55))) <= 4
    assert differ(columns(both[::-1], False), between((75, 95))) <= 4


def test_a_thin_stroke_is_as_thin_in_a_large_picture():
    """On black nothing follows: 10 pixels are wide and 2,000 long."""
    stroke = [Stroke(((0.1, 0.1), (0.9, 0.9)), 0.005, True)]
    black = np.zeros((1500, 2000, 3), np.uint8)
    found = apply_strokes(np.zeros((1500, 2000), np.float32), black, stroke)
    assert found.sum() == pytest.approx(10 * 2000, rel=0.1)


def test_what_is_believed_a_little_is_taken_along_too():
    after = alpha_with(Stroke(ACROSS_THE_BAG, 0.06, keeps=True), bag=0.4)
    assert after[BAG_AT][4:-4, 4:-4].min() > 0.95
