"""The person's own colours where the old background shines through.

Blurred estimates of foreground and background colour, corrected by what the pixel shows (Forte
2021, "Approximate fast foreground colour estimation"). Blurring runs on a smaller picture: a colour
that is an average of its neighbourhood needs no more.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Alpha, Frame, require_coverage, require_frame
from segmenter.resample import colours_at, places_where, put_colours, sample, shrink, shrink_to

# Two windows, as in the paper: a wide one finds colours for pixels far from either side, a narrow
# one sharpens them. In pixels of a picture with long side WORKING_SIZE; a finer one is no better.
WORKING_SIZE = 192
WINDOWS_PX = (37, 7)
# Alphas nearer to 0 or 1 than this are one colour already to the eye.
NEGLIGIBLE = 1 / 255
EPSILON = 1e-4


@dataclass(frozen=True)
class Rim:
    """The pixels of a picture that show both sides, and the person's own colours there."""

    places: NDArray[np.int32]  # (N,) flat indices into (H, W)
    colours: NDArray[np.uint8]  # (N, 3)


def estimate_foreground(frame: Frame, alpha: Alpha) -> Frame:
    """Return F of C = αF + (1 - α)B for every pixel that is partly covered.

    Where alpha is 1 the frame's own colours come back; where it is 0 the colour does not matter for
    `over`, and is the nearby person's, so that a resized cut-out has no rim either.

    Args:
        frame: (H, W, 3) uint8, the picture C.
        alpha: (H, W) float32 in [0, 1].
    """
    rim = estimate_rim(frame, alpha)
    result = frame.copy()
    put_colours(result, rim.places, rim.colours)
    return result


def estimate_rim(frame: Frame, alpha: Alpha) -> Rim:
    """Return F as `estimate_foreground` does, of the partly covered pixels alone."""
    require_coverage(alpha, require_frame(frame))
    places = places_where(partly_covered(alpha))
    if len(places) == 0:
        return Rim(places, np.zeros((0, 3), np.uint8))
    person, backdrop = blurred_colours(frame, alpha)
    near, behind = (sample(colours, places, *alpha.shape) for colours in (person, backdrop))
    coverage = alpha.reshape(-1).take(places)[:, None]
    seen = colours_at(frame, places)
    estimate = near + coverage * (seen - behind - coverage * (near - behind))
    return Rim(places, np.clip(np.rint(estimate), 0, 255).astype(np.uint8))


def partly_covered(alpha: Alpha) -> np.ndarray:
    """Mark with 255, in (H, W) uint8, the outline's pixels and those two pixels beyond."""
    touched = cv2.compare(alpha, NEGLIGIBLE, cv2.CMP_GT)
    mixed = cv2.compare(alpha, 1 - NEGLIGIBLE, cv2.CMP_LT)
    return cv2.bitwise_and(cv2.dilate(touched, np.ones((5, 5), np.uint8)), mixed)


def blurred_colours(frame: Frame, alpha: Alpha) -> tuple[np.ndarray, np.ndarray]:
    """Return small float32 pictures of the foreground's and the background's smoothed colour."""
    cover = shrink(alpha, WORKING_SIZE)
    small = shrink_to(frame, *cover.shape).astype(np.float32)
    cover = cv2.merge([cover] * 3)  # OpenCV's arithmetic wants as many channels as the colours have
    bare = 1 - cover
    person = backdrop = small
    for window in WINDOWS_PX:
        near, behind = spread(person, cover, window), spread(backdrop, bare, window)
        person = np.clip(near + cover * (small - cover * near - bare * behind), 0, 255)
        backdrop = behind
    return person, backdrop


def spread(colours: np.ndarray, weight: np.ndarray, window: int) -> np.ndarray:
    """Average (h, w, 3) colours in a square window by a weight of the same shape."""
    total = cv2.blur(weight, (window, window)) + EPSILON
    # Where nothing has weight the colours stay as they are.
    return (cv2.blur(colours * weight, (window, window)) + EPSILON * colours) / total
