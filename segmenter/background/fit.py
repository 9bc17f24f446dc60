"""Makes a picture of any size fill a frame."""

import cv2
import numpy as np

from segmenter.arrays import Frame
from segmenter.errors import InvalidInput

FITS = ("cover", "contain", "tile")


def fit_to(image: Frame, height: int, width: int, fit: str) -> Frame:
    """Return the picture as a frame of that size.

    Args:
        image: (h, w, 3) uint8 RGB.
        height: pixels.
        width: pixels.
        fit: `cover` fills the frame and cuts what is over, in the middle; `contain` shows it all
            between black bars; `tile` repeats it at its own size from the top left.
    """
    if fit == "tile":
        repeats = -(-height // image.shape[0]), -(-width // image.shape[1]), 1
        return np.ascontiguousarray(np.tile(image, repeats)[:height, :width])
    tall, wide = height / image.shape[0], width / image.shape[1]
    if fit == "cover":
        scale = max(tall, wide)
        return _resize(_middle(image, height / scale, width / scale), height, width)
    scale = min(tall, wide)
    inner = max(1, round(image.shape[0] * scale)), max(1, round(image.shape[1] * scale))
    result = np.zeros((height, width, 3), np.uint8)
    _middle(result, *inner)[:] = _resize(image, *inner)
    return result


def _middle(image: Frame, height: float, width: float) -> Frame:
    """Return the view of that size, rounded, from the middle."""
    rows, columns = max(1, round(height)), max(1, round(width))
    top, left = (image.shape[0] - rows) // 2, (image.shape[1] - columns) // 2
    return image[top : top + rows, left : left + columns]


def _resize(image: Frame, height: int, width: int) -> Frame:
    is_smaller = height * width < image.shape[0] * image.shape[1]
    method = cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
    return cv2.resize(image, (width, height), interpolation=method)


def require_fit(fit: str) -> str:
    """Return `fit` if it is one of FITS.

    Raises:
        InvalidInput: it is not.
    """
    if fit not in FITS:
        raise InvalidInput(f"a picture can't fill the frame by {fit!r}; choose {', '.join(FITS)}")
    return fit


def locked(frame: Frame) -> Frame:
    """Return a view that can't be written to: it may be given out again."""
    frame = frame.view()
    frame.flags.writeable = False
    return frame
