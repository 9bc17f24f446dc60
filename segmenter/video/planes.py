"""From RGB to the planes that video codecs keep: brightness, and colour at half the size.

ffmpeg's own conversion takes several times as long, and so does a pipe full of RGB.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame

Plane = NDArray[np.uint8]

_RED, _BLUE = 0.2126, 0.0722  # of brightness, ITU-R BT.709
_BRIGHTNESS = np.array([_RED, 1 - _RED - _BLUE, _BLUE])
_RANGES = np.array([219, 224, 224]) / 255  # "tv": 16 to 235, and 16 to 240 about 128
_OFFSETS = np.array([16, 128, 128])
_BAND_ROWS = 128  # converted at a time: even; fewer take longer, more take memory


def _matrix() -> NDArray[np.float32]:
    """Return the (3, 4) matrix from RGB to Y'CbCr, offsets last."""
    blue_less = (np.array([0, 0, 1]) - _BRIGHTNESS) / (2 * (1 - _BLUE))
    red_less = (np.array([1, 0, 0]) - _BRIGHTNESS) / (2 * (1 - _RED))
    linear = np.stack([_BRIGHTNESS, blue_less, red_less]) * _RANGES[:, None]
    return np.column_stack([linear, _OFFSETS]).astype(np.float32)


_RGB_TO_BT709 = _matrix()


class PlaneMaker:
    """Converts frames to yuv420p, BT.709 in the video range, within one level of the formula.

    Remembers its arrays: fresh ones every frame would take longer to get than to fill.
    """

    def __init__(self, height: int, width: int):
        """Prepare for frames of that size."""
        self._shape = height, width
        rows, columns = height + height % 2, width + width % 2
        self._brightness = np.empty((rows, columns), np.uint8)
        self._colours = [np.empty((rows // 2, columns // 2), np.uint8) for _ in range(2)]
        self._band = np.empty((min(rows, _BAND_ROWS), columns, 3), np.uint8)
        self._band_colours = [np.empty(self._band.shape[:2], np.uint8) for _ in range(2)]

    def __call__(self, frame: Frame) -> tuple[Plane, Plane, Plane]:
        """Convert (H, W, 3) uint8 RGB.

        Returns:
            Y' (H, W), and Cb and Cr, each the mean of 2x2 pixels, (H / 2, W / 2) rounded up; to
            be used before the next call.
        """
        height, width = self._shape
        if height % 2 or width % 2:
            frame = cv2.copyMakeBorder(frame, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        for top in range(0, len(frame), _BAND_ROWS):
            self._convert(frame[top : top + _BAND_ROWS], top)
        return np.ascontiguousarray(self._brightness[:height, :width]), *self._colours

    def _convert(self, rows: Frame, top: int) -> None:
        """Fill the planes where these rows lie, `top` rows below the first."""
        count = len(rows)
        band, colours = self._band[:count], [colour[:count] for colour in self._band_colours]
        cv2.transform(rows, _RGB_TO_BT709, dst=band)
        cv2.mixChannels([band], [self._brightness[top : top + count], *colours], (0, 0, 1, 1, 2, 2))
        for full, plane in zip(colours, self._colours, strict=True):
            half = plane[top // 2 : (top + count) // 2]
            cv2.resize(full, half.shape[::-1], dst=half, interpolation=cv2.INTER_AREA)
