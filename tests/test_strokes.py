"""Strokes decide what lies under them, and what looks alike beside them."""

import numpy as np
import pytest

from segmenter import (
    Colour,
    ReplaceOptions,
    Stroke,
    replace_in_image,
)
from segmenter.errors import InvalidInput
from segmenter.stream import require_for_motion
from segmenter.strokes import (
    MOST_STROKES,
    SAMPLES,
    SPREAD,
    apply_strokes,
    draw,
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


def test_likeness_is_the_mean_of_a_bell_curve_around_each_sample():
    samples = np.array([[10, 20, 30], [200, 100, 50]], np.float32)
    colours = np.array([[10, 20, 30], [22, 20, 30], [190, 100, 60], [128, 255, 128]], np.uint8)
    expected = [
        np.mean([np.exp(-np.sum((colour - sample) ** 2) / (2 * SPREAD**2)) for sample in samples])
        for colour in colours.astype(float)
    ]
    np.testing.assert_allclose(likeness(colours, samples), expected, rtol=1e-3, atol=1e-6)
    assert not likeness(colours, samples[:0]).any()


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
