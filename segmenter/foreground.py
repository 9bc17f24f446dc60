"""The person's own colours where the old background shines through.

Blurred estimates of foreground and background colour, corrected by what the pixel shows (Forte
2021, "Approximate fast foreground colour estimation"). Blurring runs on a smaller picture: a colour
that is an average of its neighbourhood needs no more.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Alpha, Frame, require_coverage, require_frame, to_uint8
from segmenter.places import Places, Rim
from segmenter.resample import shrink, shrink_to

# Two windows, as in the paper: a wide one finds colours for pixels far from either side, a narrow
# one sharpens them. In pixels of a picture with long side WORKING_SIZE; a finer one is no better.
WORKING_SIZE = 160
WINDOWS_PX = (31, 5)
EPSILON = 1e-4
# (h, w, 4) float32: R, G and B from 0 to 255, and a 1. Multiplied by a weight the 1 becomes that
# weight, so that one blur sums weighted colours and weights. OpenCV is faster at four channels than
# at three.
Weighable = NDArray[np.float32]


def estimate_foreground(
    frame: Frame, alpha: Alpha, small: Frame | None = None, *, shown: Alpha | None = None
) -> Frame:
    """Return F of C = αF + (1 - α)B for every pixel that is partly covered.

    Where alpha is 1 the frame's own colours come back; where it is 0 the colour does not matter for
    `over`, and is the nearby person's, so that a resized cut-out has no rim either.

    Args:
        frame: (H, W, 3) uint8, the picture C.
        alpha: (H, W) float32 in [0, 1].
        small: the frame as `halve` makes it, where that is at hand; saves shrinking it again.
        shown: (H, W) float32, what is shown of the person, where that is more or less than alpha.
    """
    grey = to_uint8(require_coverage(alpha, require_frame(frame)))
    touched = grey if shown is None else to_uint8(shown)
    mixed = partly_covered(grey, touched=cv2.dilate(touched, np.ones((5, 5), np.uint8)))
    places, result = Places.where(mixed), frame.copy()
    places.write(result, own_colours(places, frame, alpha, grey, small))
    return cv2.copyTo(frame, 1 - mixed, result)  # runs reach a little farther


def estimate_rim(
    frame: Frame, alpha: Alpha, small: Frame | None = None, *, shown: Alpha | None = None
) -> Rim:
    """Return F as `estimate_foreground` does, but only of the pixels that `over` mixes."""
    grey = to_uint8(require_coverage(alpha, require_frame(frame)))
    shown = alpha if shown is None else shown
    seen = grey if shown is alpha else to_uint8(shown)
    places = Places.where(partly_covered(seen, touched=seen))
    colours = own_colours(places, frame, alpha, grey, small)
    return Rim(places, colours, places.read(shown), cv2.inRange(seen, 128, 255))


def partly_covered(grey: NDArray[np.uint8], *, touched: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Mark with 1, in (H, W), where something is touched but not all is covered."""
    return ((touched > 0) & (grey < 255)).view(np.uint8)


def own_colours(
    places: Places, frame: Frame, alpha: Alpha, grey: NDArray[np.uint8], small: Frame | None
) -> NDArray[np.uint8]:
    """Return F at N places, (N, 3)."""
    if len(places) == 0:
        return np.zeros((0, 3), np.uint8)
    sides = blurred_colours(frame if small is None else small, grey)
    near, behind = (side[None] for side in places.sample(*sides))
    seen = cv2.cvtColor(places.read(frame)[None], cv2.COLOR_RGB2RGBA)
    own = unmixed(seen, near, behind, places.read(alpha)[None])
    return cv2.cvtColor(cv2.convertScaleAbs(own), cv2.COLOR_RGBA2RGB)[0]


def blurred_colours(frame: Frame, grey: NDArray[np.uint8]) -> tuple[Weighable, Weighable]:
    """Return small pictures of the foreground's and the background's smoothed colour."""
    cover = shrink(grey, WORKING_SIZE) * np.float32(1 / 255)
    colours = shrink_to(frame, *cover.shape).astype(np.float32)
    seen = cv2.merge([colours, np.ones_like(cover)])
    weight = cv2.merge([cover] * 4)  # OpenCV wants as many channels as the colours have
    person = backdrop = seen
    for window in WINDOWS_PX:
        near, backdrop = (
            weighted_mean(person, weight, window),
            weighted_mean(backdrop, 1 - weight, window),
        )
        person = unmixed(seen, near, backdrop, cover)
    return person, backdrop


def unmixed(seen: NDArray, near: Weighable, behind: Weighable, alpha: Alpha) -> Weighable:
    """Move an estimate of the foreground's colour so that, over `behind`, it gives what is seen."""
    change = seen - cv2.blendLinear(near, behind, alpha, 1 - alpha)
    change *= cv2.merge([alpha] * 4)
    change += near
    return np.clip(change, 0, 255, out=change)


def weighted_mean(colours: Weighable, weight: NDArray[np.float32], window: int) -> Weighable:
    """Average colours in a square window by a weight, given once for each channel."""
    sums = cv2.blur(colours * weight, (window, window))
    sums += EPSILON * colours  # where nothing has weight the colours stay as they are
    return sums / cv2.merge([cv2.extractChannel(sums, 3)] * 4)
