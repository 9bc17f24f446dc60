"""Corrections by hand: strokes over a photo that say what stays and what goes.

What lies under a stroke is decided. Beside it, as far as the stroke is wide, what has the stroke's
colours rather than the other side's follows it, as with a magic wand; so nobody has to draw an
outline.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Alpha, Frame, Mask, Probability
from segmenter.errors import InvalidInput
from segmenter.people import Point, is_place
from segmenter.resample import enlarge, shrink, shrink_to

STUDIED_SIDE = 320  # pixels, of the picture whose colours are compared
DRAWN_SIDE = 1280  # pixels, long side of the picture in which strokes are drawn
FRACTION_BITS = 4  # of OpenCV's coordinates, so that strokes run between pixels too
NARROWEST, WIDEST = 0.005, 0.5
REACH = 1  # times a stroke's width: so far beside it what looks like it follows
# So much of a stroke's width is held against the refinement, which would close a narrow gap in flat
# colours; the rest may move to the picture's edges.
HELD = 0.5
# Colours of so many pixels of either side are compared, each spread by so many grey levels; a pixel
# follows a stroke whose side has its colour so many times as often as the other.
SAMPLES, SPREAD, CLEARLY = 200, 12.0, 4.0
# Where all of the other side lies beside strokes, nothing tells its colours: every one counts as so
# frequent there. What follows is then at most some 40 grey levels from the stroke's own colours.
UNKNOWN = 1e-3
CRACK = 5  # pixels of the studied picture: gaps in what follows that are narrower follow too
MOST_STROKES, MOST_POINTS = 500, 20_000


@dataclass(frozen=True)
class Stroke:
    """A line that was drawn over a photo."""

    points: tuple[Point, ...]  # x, y as shares of the photo's width and height
    width: float  # as a share of the photo's long side, `NARROWEST` to `WIDEST`
    keeps: bool  # what lies under it stays; else it goes

    def __post_init__(self):
        """Refuse what can't be drawn."""
        is_list = isinstance(self.points, (tuple, list)) and len(self.points) > 0
        if not is_list or not all(is_place(point, -1, 2) for point in self.points):
            raise InvalidInput(
                "a stroke is a list of points, each two shares of the photo's width and height"
            )
        if not NARROWEST <= self.width <= WIDEST:
            raise InvalidInput(
                f"a stroke's width is {NARROWEST:g} to {WIDEST:g} of the photo's long side, "
                f"got {self.width}"
            )


def require_strokes(strokes: Sequence[Stroke]) -> None:
    """Refuse more than could be drawn by hand.

    Raises:
        InvalidInput: too many strokes or points, or what is no stroke.
    """
    if not isinstance(strokes, (tuple, list)) or not all(
        isinstance(stroke, Stroke) for stroke in strokes
    ):
        raise InvalidInput(f"strokes are a tuple of Stroke, got {strokes!r}")
    count = sum(len(stroke.points) for stroke in strokes)
    if len(strokes) > MOST_STROKES or count > MOST_POINTS:
        raise InvalidInput(
            f"at most {MOST_STROKES} strokes of {MOST_POINTS} points in all, "
            f"got {len(strokes)} and {count}"
        )


def apply_strokes(probability: Probability, frame: Frame, strokes: Sequence[Stroke]) -> Probability:
    """Correct a photo's probability; of strokes that cross, the later ones count.

    Args:
        probability: (h, w) float32 in [0, 1].
        frame: (H, W, 3) uint8 RGB of the same aspect.
        strokes: in the order in which they were drawn.

    Returns:
        (h, w) float32 in [0, 1]; the same array without strokes.
    """
    if not strokes:
        return probability
    small = shrink(probability, STUDIED_SIDE)
    picture = shrink_to(frame, *small.shape)
    for keeps in (True, False):
        follows = followers(strokes, small > 0.5, picture, keeps)
        probability = decide(probability, follows, keeps)
    return set_under(probability, strokes)


def hold_strokes(alpha: Alpha, strokes: Sequence[Stroke]) -> Alpha:
    """Set alpha, (H, W), under the middle of each stroke; its rim may have moved to an edge."""
    return set_under(alpha, strokes, HELD) if strokes else alpha


def set_under(values: Probability, strokes: Sequence[Stroke], share: float = 1) -> Probability:
    """Set (h, w) to 1 or 0 under strokes, or under so much of their width."""
    drawn = shrink(values, DRAWN_SIDE).shape
    for keeps in (True, False):
        values = decide(values, draw(strokes, *drawn, keeps, share), keeps)
    return values


def decide(probability: Probability, mask: Mask, keeps: bool) -> Probability:
    """Keep, or drop, what a mask of any size marks."""
    decided = enlarge(mask.astype(np.float32), *probability.shape)
    return np.maximum(probability, decided) if keeps else np.minimum(probability, 1 - decided)


def followers(strokes: Sequence[Stroke], person: Mask, picture: Frame, keeps: bool) -> Mask:
    """Mark what follows the strokes that keep, or those that drop, and the strokes' rim towards it.

    Args:
        strokes: all of them.
        person: (h, w), what is kept without strokes.
        picture: (h, w, 3) uint8 RGB.
        keeps: which strokes.

    Returns:
        (h, w) bool.
    """
    other = ~person if keeps else person
    under = draw(strokes, *person.shape, keeps)
    is_open = beside(strokes, *person.shape, keeps) & other
    if not under.any():
        return under
    own, others = (samples_of(picture, mask) for mask in (under, other & ~under & ~is_open))
    alike = np.zeros(person.shape, bool)
    asked = picture[is_open]
    elsewhere = likeness(asked, others) if len(others) else UNKNOWN
    alike[is_open] = likeness(asked, own) > CLEARLY * elsewhere
    _, pieces = cv2.connectedComponents((alike | under).astype(np.uint8), connectivity=4)
    whole = close_cracks(np.isin(pieces, np.unique(pieces[under])) & (alike | under))
    # Enlarged, it would fade away from a stroke's rim: between the two a seam would stay undecided.
    beyond = (whole & ~under).astype(np.uint8)
    return whole & (cv2.dilate(beyond, np.ones((5, 5), np.uint8)) > 0)


def close_cracks(mask: Mask) -> Mask:
    """Fill gaps in a mask, (h, w), that are narrower than `CRACK`."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (CRACK, CRACK))
    padded = np.pad(mask, CRACK).astype(np.uint8)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, disc)
    return closed[CRACK:-CRACK, CRACK:-CRACK] > 0


def samples_of(picture: Frame, mask: Mask) -> NDArray[np.float32]:
    """Return the colours of evenly chosen pixels of a mask, at most `SAMPLES`; (N, 3)."""
    colours = picture[mask].astype(np.float32)
    return colours[:: -(-len(colours) // SAMPLES) or 1]


def likeness(colours: Frame, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how often samples, (M, 3), have colours, (N, 3): a Parzen window's density; (N,).

    At least one sample is needed; 1 is a colour that all of them have.
    """
    colours = colours.astype(np.float32)
    # |a - b|² = |a|² + |b|² - 2ab: without a difference of three channels for each pair.
    squares = [np.einsum("ni,ni->n", one, one) for one in (colours, samples)]
    distances = squares[0][:, None] + squares[1] - 2 * colours @ samples.T
    return np.exp(distances / (-2 * SPREAD**2)).mean(axis=1)


def draw(strokes: Sequence[Stroke], height: int, width: int, keeps: bool, share: float = 1) -> Mask:
    """Mark in (height, width) what is kept, or dropped, under a share of the last stroke there."""
    painted = np.zeros((height, width), np.uint8)
    for stroke in strokes:
        paint(painted, stroke, share * stroke.width, int(stroke.keeps == keeps))
    return painted > 0


def beside(strokes: Sequence[Stroke], height: int, width: int, keeps: bool) -> Mask:
    """Mark in (height, width) what lies beside the strokes that keep, or drop, as far as they go.

    Under no stroke, and where two are near, beside the later one.
    """
    around, under = np.zeros((2, height, width), np.uint8)
    for stroke in strokes:
        paint(around, stroke, (1 + 2 * REACH) * stroke.width, int(stroke.keeps == keeps))
        paint(under, stroke, stroke.width, 1)
    return around > under


def paint(picture: np.ndarray, stroke: Stroke, width: float, value: int) -> None:
    """Paint a stroke of a width, as a share of the long side, into (h, w) uint8."""
    sides = picture.shape[::-1]
    # A line of one point would not be drawn. OpenCV counts from the middle of the first pixel.
    places = np.array(stroke.points + stroke.points[-1:]) * sides - 0.5
    line = np.rint(places * 2**FRACTION_BITS).astype(np.int32)[None]
    thickness = max(1, round(width * max(sides)))
    cv2.polylines(picture, line, False, value, thickness, shift=FRACTION_BITS)
