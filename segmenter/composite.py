"""Put a foreground over a background, or cut it out."""

import cv2
import numpy as np

from segmenter.arrays import Alpha, Cutout, Frame, require_coverage, require_frame
from segmenter.resample import colours_at, places_where, put_colours

# A coverage so small, or so near to 1, moves no colour by half a level.
INVISIBLE = 1 / 512


def over(foreground: Frame, alpha: Alpha, background: Frame) -> Frame:
    """Composite C = αF + (1 - α)B (Porter & Duff 1984), all of one height and width.

    Args:
        foreground: (H, W, 3) uint8 colours of the person.
        alpha: (H, W) float32 in [0, 1].
        background: (H, W, 3) uint8.

    Raises:
        InvalidInput: shapes or dtypes differ from these.
    """
    require_frame(foreground)
    require_coverage(alpha, foreground)
    require_coverage(alpha, require_frame(background))
    result = background.copy()
    opaque = cv2.compare(alpha, 1 - INVISIBLE, cv2.CMP_GE)
    cv2.copyTo(foreground, opaque, result)
    mixed = places_where(cv2.compare(alpha, INVISIBLE, cv2.CMP_GT) & ~opaque)
    if len(mixed) == 0:
        return result
    coverage = alpha.reshape(1, -1).take(mixed, axis=1)
    front, behind = (colours_at(picture, mixed)[None] for picture in (foreground, background))
    put_colours(result, mixed, cv2.blendLinear(front, behind, coverage, 1 - coverage))
    return result


def cut_out(foreground: Frame, alpha: Alpha) -> Cutout:
    """Join colours and alpha into (H, W, 4) uint8 RGBA, straight: colours are not multiplied."""
    require_coverage(alpha, require_frame(foreground))
    return np.dstack([foreground, to_grey(alpha)])


def to_grey(alpha: Alpha) -> np.ndarray:
    """Turn alpha in [0, 1] into an (H, W) uint8 picture of it, the matte."""
    return cv2.convertScaleAbs(alpha, alpha=255)
