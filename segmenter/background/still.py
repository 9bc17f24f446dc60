"""Backgrounds that do not move: nothing, a colour, a picture."""

import re
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral

import numpy as np

from segmenter.arrays import Alpha, Frame, require_frame
from segmenter.background.contract import Background
from segmenter.background.fit import fit_to, locked, require_fit
from segmenter.errors import InvalidInput

# Pixels of a plain frame that is kept for the next one: of a video, not of a large photo.
_LARGEST_KEPT = 3840 * 2160
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)


@dataclass(frozen=True)
class Transparent(Background):
    """Nothing. The pipeline makes a cut-out; `at` gives black."""

    def at(self, time: float, frame: Frame, alpha: Alpha) -> Frame:
        """Return black."""
        return _plain((0, 0, 0), *frame.shape[:2])


@dataclass(frozen=True)
class Colour(Background):
    """One colour, each part 0 to 255."""

    red: int
    green: int
    blue: int

    def __post_init__(self):
        """Refuse parts outside 0 to 255."""
        parts = (self.red, self.green, self.blue)
        if not all(isinstance(part, Integral) and 0 <= part <= 255 for part in parts):
            raise InvalidInput(f"a colour's parts are whole numbers from 0 to 255, got {parts}")

    @classmethod
    def from_hex(cls, text: str) -> "Colour":
        """Read `#rrggbb` or `#rgb`.

        Raises:
            InvalidInput: it is neither.
        """
        if not _HEX.fullmatch(text.strip()):
            raise InvalidInput(f"{text!r} is not a colour; write it as #rrggbb, e.g. #1e90ff")
        digits = text.strip()[1:]
        if len(digits) == 3:
            digits = "".join(2 * digit for digit in digits)
        return cls(*bytes.fromhex(digits))

    def at(self, time: float, frame: Frame, alpha: Alpha) -> Frame:
        """Return the colour all over."""
        return _plain((self.red, self.green, self.blue), *frame.shape[:2])


def _plain(colour: tuple[int, int, int], height: int, width: int) -> Frame:
    make = _kept_plain if height * width <= _LARGEST_KEPT else _kept_plain.__wrapped__
    return make(colour, height, width)


@lru_cache(maxsize=2)
def _kept_plain(colour: tuple[int, int, int], height: int, width: int) -> Frame:
    return locked(np.full((height, width, 3), colour, np.uint8))


class Picture(Background):
    """A still picture; what was fitted to the last frame size is kept."""

    def __init__(self, image: Frame, fit: str = "cover"):
        """Remember the picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            fit: how it fills a frame: `cover`, `contain` or `tile`.

        Raises:
            InvalidInput: either is something else.
        """
        self._image = require_frame(image)
        self._fit = require_fit(fit)
        self._fitted = image

    def at(self, time: float, frame: Frame, alpha: Alpha) -> Frame:
        """Return the picture, fitted."""
        fitted = self._fitted
        if fitted is self._image or fitted.shape != frame.shape:
            fitted = self._fitted = locked(fit_to(self._image, *frame.shape[:2], self._fit))
        return fitted
