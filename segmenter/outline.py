"""How far pixels lie from a mask's outline."""

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Mask


def distance_to_outline(person: Mask) -> NDArray[np.float32]:
    """Return the distance of every pixel's middle to the mask's outline, in pixels, (h, w).

    Huge where there is no outline; beside it about 0.5.
    """
    inside = person.astype(np.uint8)
    # Of the two distances, to the nearest pixel of the other side, one is 0.
    to_other_side = (cv2.distanceTransform(one, cv2.DIST_L2, 3) for one in (inside, 1 - inside))
    return np.maximum(*to_other_side) - 0.5
