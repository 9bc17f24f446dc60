"""Put a foreground over a background, or cut it out."""

import cv2
import numpy as np

from segmenter.arrays import Alpha, Cutout, Frame, require_coverage, require_frame, to_uint8
from segmenter.places import Places, Rim


def over(foreground: Frame, alpha: Alpha, background: Frame) -> Frame:
    """Composite C = αF + (1 - α)B (Porter & Duff 1984), all of one height and width.

    Args:
        foreground: (H, W, 3) uint8 colours of the person.
        alpha: (H, W) float32 in [0, 1].
        background: (H, W, 3) uint8.

    Raises:
        InvalidInput: shapes or dtypes differ from these.
    """
    for colours in (foreground, background):
        require_coverage(alpha, require_frame(colours))
    grey = to_uint8(alpha)
    mixed = Places.where((grey > 0) & (grey < 255))
    inside = cv2.inRange(grey, 128, 255)  # `compare` takes a picture of one pixel for a number
    rim = Rim(mixed, mixed.read(foreground), mixed.read(alpha), inside)
    return over_at(rim, foreground, background)


def over_at(rim: Rim, frame: Frame, background: Frame) -> Frame:
    """Composite as `over` does, with all that alpha says of the person in `rim`.

    Args:
        rim: at least the pixels that are neither background nor person.
        frame: (H, W, 3) uint8, the person's colours elsewhere.
        background: (H, W, 3) uint8.
    """
    result = background.copy()
    cv2.copyTo(frame, rim.inside, result)
    if len(rim.places) == 0:
        return result
    behind = rim.places.read(background)[None]
    coverage = rim.coverage[None]
    blend = cv2.blendLinear(rim.colours[None], behind, coverage, 1 - coverage)
    rim.places.write(result, blend)
    return result


def cut_out(foreground: Frame, alpha: Alpha) -> Cutout:
    """Join colours and alpha into (H, W, 4) uint8 RGBA, straight: colours are not multiplied."""
    require_coverage(alpha, require_frame(foreground))
    return np.dstack([foreground, to_uint8(alpha)])


def without_background(cutout: Cutout, instead: Frame | None = None) -> Cutout:
    """Hide (H, W, 4) where alpha is 0 all around: whoever drops the alpha must not see the room.

    Two pixels beyond the person keep her colours, so that a resized cut-out has no dark rim.

    Args:
        cutout: straight colours and alpha.
        instead: (H, W, 3) uint8, shown there; None for black.
    """
    touched = cv2.dilate(cutout[..., 3], np.ones((5, 5), np.uint8))
    if instead is None:
        return cv2.copyTo(cutout, touched, np.zeros_like(cutout))
    behind = cv2.cvtColor(instead, cv2.COLOR_RGB2RGBA)
    behind[..., 3] = 0
    return cv2.copyTo(cutout, touched, behind)
