"""Holds still what is still: steadies the probability of a video without lagging behind motion."""

import cv2
import numpy as np

from segmenter.arrays import Frame, Probability, require_coverage, require_frame

LONG_SIDE = 128  # pixels, of the small picture on which motion is judged
KEPT = 0.75  # share of the remembered probability where nothing moves
STILL = 3.0  # levels of 255; averaged over a small pixel, a camera's noise stays below
MOVING = 9.0  # levels of 255; from here on the new probability counts alone
CUT = 32.0  # levels of 255, mean over the frame


class TemporalSmoother:
    """Blends each probability with those before it, pixel by pixel where the picture is still.

    Call it with the frames of one video or camera in order.
    """

    def __init__(self):
        self.reset()

    def reset(self) -> None:
        """Forget everything, as before the first frame."""
        self._probability: Probability | None = None
        self._picture: np.ndarray | None = None  # (h, w, 3) float32, small, as old as the memory

    def __call__(self, probability: Probability, frame: Frame) -> Probability:
        """Return the steadied probability, (H, W) float32 in [0, 1].

        Forgets what was at a scene cut and when the size changes. The result is also the memory:
        do not write into it.

        Args:
            probability: (H, W) float32 in [0, 1].
            frame: (H, W, 3) uint8 RGB, that the probability was made from.
        """
        require_coverage(probability, require_frame(frame))
        picture = _shrink(frame)
        kept = self._share_kept(picture, probability)
        if kept is None:
            self._probability, self._picture = probability.copy(), picture
            return self._probability
        # A slow movement adds up against the remembered picture until it counts as one.
        self._picture = picture + kept[..., None] * (self._picture - picture)
        height, width = probability.shape
        kept = cv2.resize(kept, (width, height), interpolation=cv2.INTER_LINEAR)
        change = cv2.subtract(self._probability, probability)
        cv2.multiply(change, kept, dst=change)
        self._probability = cv2.add(probability, change, dst=change)
        return self._probability

    def _share_kept(self, picture: np.ndarray, probability: Probability) -> np.ndarray | None:
        """Return the weight of the memory, (h, w) in [0, KEPT]; None when it has none at all."""
        if self._probability is None or self._probability.shape != probability.shape:
            return None
        difference = picture - self._picture
        if np.abs(difference).mean() > CUT:
            return None
        # Before the sign is lost neighbours cancel each other's noise.
        difference = np.abs(cv2.blur(difference, (3, 3))).max(axis=2)
        # The edge of a moving thing lies within its small pixel or the next.
        motion = cv2.dilate(difference, np.ones((3, 3), np.uint8))
        return KEPT * np.clip((MOVING - motion) / (MOVING - STILL), 0, 1)


def _shrink(frame: Frame) -> np.ndarray:
    """Return the frame with a long side of at most LONG_SIDE, float32 in [0, 255]."""
    height, width = frame.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.float32)
