"""Corrections by hand: strokes over a photo that say what stays and what goes.

What lies under a stroke is decided. Beside it, as far as the stroke is wide, a cut through the
photo's colours (graph_cut.py) takes along what looks like it, up to the picture's edges; so nobody
has to draw an outline.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from segmenter.arrays import Frame, Mask, Probability
from segmenter.errors import InvalidInput
from segmenter.graph_cut import STUDIED_SIDE, decide_where
from segmenter.people import Point
from segmenter.resample import enlarge, shrink

DRAWN_SIDE = 1280  # pixels, long side of the picture in which strokes are drawn
FRACTION_BITS = 4  # of OpenCV's coordinates, so that strokes run between pixels too
NARROWEST, WIDEST = 0.005, 0.5
MOST_STROKES, MOST_POINTS = 500, 20_000


@dataclass(frozen=True)
class Stroke:
    """A line that was drawn over a photo."""

    points: tuple[Point, ...]  # x, y as shares of the photo's width and height
    width: float  # as a share of the photo's long side, `NARROWEST` to `WIDEST`
    keeps: bool  # what lies under it stays; else it goes

    def __post_init__(self):
        """Refuse what can't be drawn."""
        if not self.points or not all(
            len(point) == 2 and all(-1 <= share <= 2 for share in point) for point in self.points
        ):
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
        InvalidInput: too many strokes or points.
    """
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
    height, width = probability.shape
    drawn = shrink(probability, DRAWN_SIDE).shape
    kept, dropped = (draw(strokes, *drawn, keeps).astype(np.float32) for keeps in (True, False))
    corrected = np.maximum(probability, enlarge(kept, height, width))
    corrected = np.minimum(corrected, 1 - enlarge(dropped, height, width))
    small = shrink(corrected, STUDIED_SIDE)
    return decide_where(beside(strokes, *small.shape), corrected, small, frame)


def draw(strokes: Sequence[Stroke], height: int, width: int, keeps: bool) -> Mask:
    """Mark in (height, width) what is kept, or dropped, under the last stroke there."""
    painted = np.zeros((height, width), np.uint8)
    for stroke in strokes:
        paint(painted, stroke, stroke.width, int(stroke.keeps == keeps))
    return painted > 0


def beside(strokes: Sequence[Stroke], height: int, width: int) -> Mask:
    """Mark in (height, width) what lies beside the strokes, as far as each is wide."""
    around, under = np.zeros((2, height, width), np.uint8)
    for stroke in strokes:
        paint(around, stroke, 3 * stroke.width, 1)
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
