"""Between RGB and the planes that video codecs keep: brightness, and colour at half the size.

ffmpeg's own conversions take several times as long or, by default, darken what is read by a level;
and a pipe full of RGB is twice as long as one of planes.
"""

from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame

Plane = NDArray[np.uint8]

# Parts of red and blue in brightness, by ffmpeg's names: ITU-R BT.709, and twice BT.601.
WEIGHTS = MappingProxyType(
    {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt470bg": (0.299, 0.114)}
)
_BAND_ROWS = 128  # converted at a time: even; fewer take longer, more take memory


def to_planes_matrix(matrix: str, *, is_full_range: bool = False) -> NDArray[np.float64]:
    """Return the (3, 4) matrix from RGB to Y'CbCr, all of 0 to 255, offsets last.

    Args:
        matrix: one of `WEIGHTS`.
        is_full_range: else brightness is 16 to 235, and colours 16 to 240 about 128 ("tv").
    """
    red, blue = WEIGHTS[matrix]
    brightness = np.array([red, 1 - red - blue, blue])
    blue_less = (np.array([0, 0, 1]) - brightness) / (2 * (1 - blue))
    red_less = (np.array([1, 0, 0]) - brightness) / (2 * (1 - red))
    ranges = np.ones(3) if is_full_range else np.array([219, 224, 224]) / 255
    linear = np.stack([brightness, blue_less, red_less]) * ranges[:, None]
    return np.column_stack([linear, [0 if is_full_range else 16, 128, 128]])


_RGB_TO_BT709 = to_planes_matrix("bt709").astype(np.float32)


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


class FrameMaker:
    """Converts yuv420p to frames, within one level of the formula; remembers its arrays too.

    A colour counts for the 2x2 pixels that it stands for, so that `PlaneMaker` gives it back.
    """

    def __init__(self, height: int, width: int, matrix: str, *, is_full_range: bool = False):
        """Prepare for frames of that size; the rest as for `to_planes_matrix`."""
        self._shape = height, width
        size, colour_shape = height * width, ((height + 1) // 2, (width + 1) // 2)
        colour_size = colour_shape[0] * colour_shape[1]
        # To be filled before each call: Y' (H, W), then Cb and Cr, half as high and wide.
        self.planes = np.empty(size + 2 * colour_size, np.uint8)
        self._brightness = self.planes[:size].reshape(height, width)
        self._colours = self.planes[size:].reshape(2, *colour_shape)
        columns = 2 * colour_shape[1]
        self._band_colours = np.empty((2, _BAND_ROWS, columns), np.uint8)
        self._band = np.empty((_BAND_ROWS, width, 3), np.uint8)
        linear, offsets = np.split(to_planes_matrix(matrix, is_full_range=is_full_range), [3], 1)
        back = np.linalg.inv(linear)
        self._to_rgb = np.column_stack([back, -back @ offsets]).astype(np.float32)

    def __call__(self) -> Frame:
        """Return what the planes show, a new (H, W, 3) uint8 RGB."""
        frame = np.empty((*self._shape, 3), np.uint8)
        for top in range(0, len(frame), _BAND_ROWS):
            self._convert(frame[top : top + _BAND_ROWS], top)
        return frame

    def _convert(self, rows: Frame, top: int) -> None:
        """Fill these rows of the frame, `top` rows below the first."""
        count, width = rows.shape[:2]
        colours = []
        for plane, full in zip(self._colours, self._band_colours, strict=True):
            half = plane[top // 2 : (top + count + 1) // 2]
            large = full[: 2 * len(half)]
            cv2.resize(half, large.shape[::-1], dst=large, interpolation=cv2.INTER_NEAREST)
            colours.append(large[:count, :width])
        band = self._band[:count]
        cv2.merge([self._brightness[top : top + count], *colours], dst=band)
        cv2.transform(band, self._to_rgb, dst=rows)
