"""The arrays that flow through the package, and one check for each at the door."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.errors import InvalidInput

Frame = NDArray[np.uint8]  # (H, W, 3) RGB
Cutout = NDArray[np.uint8]  # (H, W, 4) RGB and straight (not premultiplied) alpha
Mask = NDArray[np.bool_]  # (H, W)
Probability = NDArray[np.float32]  # (H, W) in [0, 1], that the pixel is a person
Alpha = NDArray[np.float32]  # (H, W) in [0, 1], how much of the pixel the person covers


def require_frame(frame: Any) -> Frame:
    """Return `frame` if it is a non-empty (H, W, 3) uint8 array.

    Raises:
        InvalidInput: it is not.
    """
    if not isinstance(frame, np.ndarray):
        raise InvalidInput(
            f"expected a numpy array (H, W, 3) uint8 RGB, got {type(frame).__name__}"
        )
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise InvalidInput(f"expected (H, W, 3) uint8 RGB, got {frame.shape} {frame.dtype}")
    return frame


def require_coverage(coverage: Any, frame: Frame) -> NDArray[np.float32]:
    """Return a probability or alpha if it is (H, W) float32, of the frame's height and width.

    Its range is not looked at, which would cost a pass over every pixel.

    Raises:
        InvalidInput: it is not.
    """
    height, width = frame.shape[:2]
    if (
        not isinstance(coverage, np.ndarray)
        or coverage.dtype != np.float32
        or coverage.shape != (height, width)
    ):
        got = f"{getattr(coverage, 'shape', '')} {getattr(coverage, 'dtype', type(coverage))}"
        raise InvalidInput(f"expected ({height}, {width}) float32 in [0, 1], got {got}")
    return coverage


def to_uint8(coverage: Alpha | Probability | Mask) -> NDArray[np.uint8]:
    """Turn (H, W) in [0, 1] into 256 levels, (H, W) uint8: of an alpha this is the matte."""
    if coverage.dtype == bool:  # which OpenCV takes from release 5 on
        coverage = coverage.view(np.uint8)
    return cv2.convertScaleAbs(coverage, alpha=255)
