"""What moves from frame to frame, and by how far: optical flow on a small picture.

DIS (Kroeger et al. 2016). What is remembered of earlier frames is carried along the flow to where
it is now. It counts where the carried picture matches the present one; the more frames have agreed,
the more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, require_frame
from segmenter.resample import enlarge, shrink

# The values below were chosen on two real and twelve staged clips (`evaluate --clips`).
# Pixels, long side of the small picture on which motion is judged. The finer one also shows how
# small people move, but more of a camera's noise.
MOTION_SIDE, FINE_MOTION_SIDE = 160, 256
FINEST_SCALE = 1  # of the flow: half the small picture; 0 takes four times as long for little
MATCH = 3.0  # levels of 255; averaged over a few small pixels, a camera's noise stays below
MISMATCH = 9.0  # levels of 255; from here on the new value counts alone
LONGEST = 4.0  # frames; the memory weighs at most LONGEST / (LONGEST + 1)
# Pixels: on narrower pictures OpenCV's flow goes wrong, and reads memory that is not its own.
LEAST_SIDE = 16
# Levels of 255 by which the picture changes in one place, on average over a square of NEARBY small
# pixels. Noise alone stays below the first; from the second on something moves there.
CALM, MOVING = 2.0, 3.2
NEARBY = 9
# Levels of 255, likewise: with less change anywhere nothing has moved, and the answer to an earlier
# frame serves again, for at most LONGEST_REST frames in a row.
UNCHANGED, LONGEST_REST = 1.0, 3
CUT = 0.4  # share of the picture that does not match the last one: beyond it the scene has changed

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Motion:
    """Where each pixel of the small picture was in the last one, and how much that is worth."""

    flow: NDArray[np.float32]  # (h, w, 2), x and y in small pixels, from now to the last frame
    weight: NDArray[np.float32]  # (h, w) in [0, LONGEST / (LONGEST + 1)], of the memory
    calm_weight: NDArray[np.float32]  # (h, w), the same where nothing nearby moves, less elsewhere


class MotionTracker:
    """Follows the picture from frame to frame. Call it with all frames of one video in order."""

    def __init__(self):
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(FINEST_SCALE)
        self.reset()

    def reset(self) -> None:
        """Forget everything, as before the first frame."""
        self._shape: tuple[int, ...] = ()  # of the last frame
        self._picture: NDArray[np.float32] | None = None  # (h, w, 3), small, as old as the memory
        self._grey: NDArray[np.uint8] | None = None  # (h, w), small, of the last frame
        self._age: NDArray[np.float32] | None = None  # (h, w), frames that the memory is worth

    def __call__(self, frame: Frame, *, finely: bool = False) -> Motion | None:
        """Compare a frame (H, W, 3) uint8 RGB with those before.

        Args:
            frame: of the size of those before.
            finely: look for the motion of small people.

        Returns:
            None for the first frame, at a scene cut, when the size changes, and for frames many
            times as long as wide.
        """
        if require_frame(frame).shape != self._shape:
            self.reset()
            self._shape = frame.shape
        picture = shrink(frame, FINE_MOTION_SIDE if finely else MOTION_SIDE)
        grey, last_grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), self._grey
        present, before, age = picture.astype(np.float32), self._picture, self._age
        self._grey, self._picture, self._age = grey, present, np.zeros(grey.shape, np.float32)
        if last_grey is not None and last_grey.shape != grey.shape:
            last_grey, before, age = (enlarge(it, *grey.shape) for it in (last_grey, before, age))
        if last_grey is None or min(grey.shape) < LEAST_SIDE:
            return None
        flow = self._flow.calc(grey, last_grey, None)
        difference = carry(before, flow)
        difference -= present
        # Before the sign is lost neighbours cancel each other's noise.
        mismatch = largest_channel(cv2.blur(difference, (3, 3)))
        if (mismatch > MISMATCH).mean() > CUT:
            return None
        trust = np.clip((MISMATCH - mismatch) / (MISMATCH - MATCH), 0, 1)
        trust[comes_from_outside(flow)] = 0
        self._age = np.minimum(trust * (carry(age, flow) + 1), LONGEST)
        weight = self._age / (self._age + 1)
        calm_weight = weight * calmness(before - present)
        # A slow change adds up against the remembered picture until it counts as one.
        difference *= weight[..., None]
        self._picture = present + difference
        return Motion(flow, weight, calm_weight)


def calmness(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return 1 where nothing nearby moves, 0 where something does, (h, w).

    A flow can't tell: on a plain wall it follows the noise.

    Args:
        difference: (h, w, 3), of the picture from the one before, each pixel where it is.
    """
    return np.clip((MOVING - change_nearby(difference)) / (MOVING - CALM), 0, 1)


def change_nearby(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean change near each pixel, (h, w), without most of the noise."""
    return cv2.blur(largest_channel(cv2.blur(difference, (3, 3))), (NEARBY, NEARBY))


def largest_channel(difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest of the three channels' absolute values, (h, w) of (h, w, 3)."""
    first, second, third = cv2.split(np.abs(difference))  # 20 times as fast as max(axis=2)
    return np.maximum(np.maximum(first, second), third)


class Recall(Generic[Answer]):
    """Gives the answer to an earlier frame again while nothing has moved since.

    Call it with the frames of one video or camera in order.
    """

    def __init__(self):
        self._shape: tuple[int, ...] = ()  # of the frame answered
        self._picture: NDArray[np.float32] | None = None  # (h, w, 3), that frame, small
        self._answer: Answer | None = None
        self._rest = 0  # frames since then

    def __call__(self, frame: Frame, ask: Callable[[], Answer]) -> Answer:
        """Return the answer to a frame (H, W, 3) uint8 RGB; `ask` is called when it is needed."""
        picture = shrink(frame, MOTION_SIDE).astype(np.float32)
        holds = (
            self._rest < LONGEST_REST
            and frame.shape == self._shape
            and change_nearby(self._picture - picture).max() < UNCHANGED
        )
        if holds:
            self._rest += 1
        else:
            self._answer = ask()
            self._shape, self._picture, self._rest = frame.shape, picture, 0
        return self._answer


def carry(pixels: NDArray[np.float32], flow: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fetch each pixel from where `flow` says it was; both (h, w, ...), in pixels of (h, w)."""
    return cv2.remap(
        pixels,
        flow + grid(*flow.shape[:2]),
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def grid(height: int, width: int) -> NDArray[np.float32]:
    """Return each pixel's own place, (height, width, 2), x and y."""
    places = np.empty((height, width, 2), np.float32)
    places[..., 0], places[..., 1] = np.arange(width), np.arange(height)[:, None]
    return places


def enlarge_flow(flow: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Return the flow of a larger picture, (height, width), in its pixels."""
    ratio = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    return enlarge(flow * ratio, height, width)


def comes_from_outside(flow: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark the pixels that were not in the last picture."""
    height, width = flow.shape[:2]
    place = flow + grid(height, width)
    x, y = place[..., 0], place[..., 1]
    return (x < -0.5) | (y < -0.5) | (x > width - 0.5) | (y > height - 0.5)
