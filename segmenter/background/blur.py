"""The old background, blurred, without the person in it."""

from dataclasses import dataclass

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame, to_uint8
from segmenter.background.contract import Background
from segmenter.errors import InvalidInput

LARGEST_SIDE = 1024  # pixels, of the small picture that is blurred
LARGEST_RADIUS_PX = 1000  # nothing is left to be seen of a picture long before


@dataclass(frozen=True)
class Blur(Background):
    """The old background, blurred as if the person had never been there.

    Attributes:
        radius_px: standard deviation of the blur, as in CSS; None chooses by the frame's size.
    """

    radius_px: float | None = None

    def __post_init__(self):
        """Refuse a radius that blurs nothing, or more than there is."""
        if self.radius_px is not None and not 0 < self.radius_px <= LARGEST_RADIUS_PX:
            raise InvalidInput(
                f"a blur needs a radius above 0 and at most {LARGEST_RADIUS_PX} pixels, got "
                f"{self.radius_px}"
            )

    def at(self, time: float, frame: Frame, alpha: Alpha) -> Frame:
        """Return the blurred background."""
        return blur_without(frame, alpha, self.radius_for(*frame.shape[:2]))

    def radius_for(self, height: int, width: int) -> float:
        """Return the radius for frames of a size, all in pixels."""
        return self.radius_px or max(height, width) / 60


def blur_without(frame: Frame, alpha: Alpha, radius_px: float) -> Frame:
    """Blur the pixels that no person covers, and spread them over those that one does.

    Normalised convolution (Knutsson and Westin 1993): the blur of colour times certainty over the
    blur of certainty.

    Args:
        frame: (H, W, 3) uint8 RGB.
        alpha: (H, W) float32 in [0, 1].
        radius_px: standard deviation, in pixels of the frame.
    """
    height, width = frame.shape[:2]
    step = step_of(height, width, radius_px)
    size = max(1, round(width / step)), max(1, round(height / step))
    weighted = _weighted(frame, alpha, step, size)
    blurred = _blur(weighted, radius_px / step)
    # Out of the blur's reach the neighbourhood counts, and beyond it the whole background.
    blurred += 1e-3 * _blur_widely(weighted) + 1e-6 * weighted.mean(axis=(0, 1))
    # Where all is person nothing will be seen of it: grey.
    filled = (blurred[..., :3] + 1e-9 * 128) / (blurred[..., 3:] + 1e-9)
    small = np.rint(np.clip(filled, 0, 255)).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def step_of(height: int, width: int, radius_px: float) -> int:
    """Return how many pixels of a frame, each way, are one of the small picture that is blurred."""
    # Blurred by 1.5 small pixels no grid shows; a large picture is never worked on whole, so a
    # radius of a pixel or two blurs it a little more than asked.
    return max(int(min(max(radius_px / 1.5, 1), 8)), -(-max(height, width) // LARGEST_SIDE))


def _weighted(frame: Frame, alpha: Alpha, step: int, size: tuple[int, int]) -> np.ndarray:
    """Return small pixels' colours times their certainty, and that, (h, w, 4) float32.

    Certainty, in [0, 1], tells how surely a pixel holds background alone.
    """
    covered = to_uint8(alpha)
    # Reaches every small pixel that the person touches, and a little further: just outside the
    # matte a lens or a codec has left some of her colour.
    near = cv2.dilate(covered, np.ones((2 * step + 3, 2 * step + 3), np.uint8))
    certainty = np.clip(1 - _shrink(near, size) / 24, 0, 1)
    if certainty.any():
        return np.dstack((_shrink(frame, size) * certainty[..., None], certainty))
    # In a close-up all that is seen of the background may be as near as that.
    bare = (covered == 0)[..., None]
    return _shrink(np.dstack((frame * bare, bare)).astype(np.float32), size)


def _shrink(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _blur(image: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma)


def _blur_widely(image: np.ndarray) -> np.ndarray:
    """Blur over an eighth of the picture, (h, w, 4) float32."""
    height, width = image.shape[:2]
    size = max(1, width // 8), max(1, height // 8)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(_blur(small, max(size) / 8), (width, height), interpolation=cv2.INTER_LINEAR)
