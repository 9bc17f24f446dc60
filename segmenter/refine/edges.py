"""Show why the outline lies where it lies: edges, unknown band, and the edges that moved it."""

from collections.abc import Iterator

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame, Mask, Probability, require_coverage, require_frame
from segmenter.refine.alpha import PHOTO, studied_parts, unknown_band
from segmenter.refine.guided import canny_edges
from segmenter.resample import shrink

# Told apart with every kind of colour vision, by hue and by brightness (Okabe & Ito 2008).
BAND_COLOUR, EDGE_COLOUR, MOVED_COLOUR = (0, 114, 178), (255, 255, 255), (230, 159, 0)
LEGEND = (
    ("Blue", BAND_COLOUR, "where the outline was open"),
    ("White", EDGE_COLOUR, "the picture's edges"),
    ("Orange", MOVED_COLOUR, "those that moved the outline"),
)
# How much the band covers the picture beneath, and edges away from it, which decide nothing.
BAND_COVERAGE, IDLE_COVERAGE = 0.6, 0.35
# The picture steps back: grey, with this share of its brightness.
DIMMED = 0.5


def edges_view(frame: Frame, probability: Probability, alpha: Alpha) -> Frame:
    """Draw what refinement looked at over the dimmed picture.

    Args:
        frame: (H, W, 3) uint8 RGB.
        probability: (H, W) float32 in [0, 1], what went into `refine`.
        alpha: (H, W) float32 in [0, 1], what came out.

    Returns:
        (H, W, 3) uint8 RGB in the colours of `LEGEND`.
    """
    require_coverage(probability, require_frame(frame))
    require_coverage(alpha, frame)
    grey = cv2.convertScaleAbs(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), alpha=DIMMED)
    picture = cv2.merge([grey, grey, grey])
    for part in studied_parts(probability):
        studied = (shrink(part.of(whole), PHOTO.long_side) for whole in (frame, probability, alpha))
        for layer in layers_of(*studied):
            paint(part.of(picture), *layer)
    return picture


def layers_of(
    guide: Frame, before: Probability, after: Alpha
) -> Iterator[tuple[Mask, tuple[int, int, int], float]]:
    """Yield what is drawn over each other: where, in which colour, how strongly."""
    band, edges = unknown_band(before), canny_edges(guide)
    yield band, BAND_COLOUR, BAND_COVERAGE
    yield edges & ~band, EDGE_COLOUR, IDLE_COVERAGE
    yield edges & band, EDGE_COLOUR, 1.0
    yield widened(moving_edges(edges & band, before, after)), MOVED_COLOUR, 1.0


def moving_edges(edges: Mask, before: Probability, after: Alpha) -> Mask:
    """Return the edges on which the outline lies now, and from which it lay apart before."""
    was, now = before > 0.5, after > 0.5
    outline = widened(now) & widened(~now)
    return edges & outline & widened(was != now)


def widened(mask: Mask) -> Mask:
    """Return the mask grown by a pixel."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def paint(picture: np.ndarray, mask: Mask, colour: tuple[int, int, int], coverage: float) -> None:
    """Lay a colour over the (H, W, 3) uint8 picture where the smaller mask says so."""
    height, width = picture.shape[:2]
    size = (width, height)
    where = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    blend = (1 - coverage) * picture[where] + coverage * np.float32(colour)
    picture[where] = np.rint(blend).astype(np.uint8)
