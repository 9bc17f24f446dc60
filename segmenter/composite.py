"""Put a foreground over a background, or cut it out."""

import cv2
import numpy as np
from numpy.typing import NDArray

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
    visible = cv2.compare(alpha, INVISIBLE, cv2.CMP_GT)
    mixed = places_where(visible & cv2.compare(alpha, 1 - INVISIBLE, cv2.CMP_LT))
    return over_at(mixed, colours_at(foreground, mixed), foreground, alpha, background)


def over_at(
    mixed: NDArray[np.int32],
    colours: NDArray[np.uint8],
    frame: Frame,
    alpha: Alpha,
    background: Frame,
) -> Frame:
    """Composite as `over` does, with the person's colours at the mixed pixels given apart.

    Args:
        mixed: (N,) flat indices of at least the pixels that are neither background nor person.
        colours: (N, 3) uint8, of the person there.
        frame: (H, W, 3) uint8, the person's colours elsewhere.
        alpha: (H, W) float32 in [0, 1].
        background: (H, W, 3) uint8.
    """
    require_coverage(alpha, require_frame(background))
    result = background.copy()
    cv2.copyTo(frame, cv2.compare(alpha, 0.5, cv2.CMP_GE), result)
    if len(mixed) == 0:
        return result
    coverage = alpha.reshape(1, -1).take(mixed, axis=1)
    behind = colours_at(background, mixed)[None]
    blend = cv2.blendLinear(colours[None], behind, coverage, 1 - coverage)
    put_colours(result, mixed, blend)
    return result


def cut_out(foreground: Frame, alpha: Alpha) -> Cutout:
    """Join colours and alpha into (H, W, 4) uint8 RGBA, straight: colours are not multiplied."""
    require_coverage(alpha, require_frame(foreground))
    return np.dstack([foreground, to_grey(alpha)])


def to_grey(alpha: Alpha) -> np.ndarray:
    """Turn alpha in [0, 1] into an (H, W) uint8 picture of it, the matte."""
    return cv2.convertScaleAbs(alpha, alpha=255)
