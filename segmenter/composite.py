"""Put a foreground over a background, or cut it out."""

import cv2
import numpy as np

from segmenter.arrays import Alpha, Cutout, Frame, require_coverage, require_frame


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
    return cv2.blendLinear(foreground, background, alpha, 1 - alpha)


def cut_out(foreground: Frame, alpha: Alpha) -> Cutout:
    """Join colours and alpha into (H, W, 4) uint8 RGBA, straight: colours are not multiplied."""
    require_coverage(alpha, require_frame(foreground))
    return np.dstack([foreground, to_grey(alpha)])


def to_grey(alpha: Alpha) -> np.ndarray:
    """Turn alpha in [0, 1] into an (H, W) uint8 picture of it, the matte."""
    return cv2.convertScaleAbs(alpha, alpha=255)
