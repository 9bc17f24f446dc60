"""Pictures as the page shows them: a cut-out on a chequerboard, and in pale what goes."""

import numpy as np

from segmenter.arrays import Cutout, Frame
from segmenter.background.fit import fit_to
from segmenter.composite import over

PALENESS = 0.7  # the share of white
# Four squares, of 16 pixels, of the chequerboard that stands for nothing.
CHECKS = np.kron([[246, 222], [222, 246]], np.ones((16, 16))).astype(np.uint8)


def preview(picture: Frame | Cutout) -> Frame:
    """Return what the page shows: a cut-out lies on a chequerboard."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3].astype(np.float32) / 255
    board = fit_to(np.dstack([CHECKS] * 3), *alpha.shape, "tile")
    return over(np.ascontiguousarray(picture[..., :3]), alpha, board)


def paled(picture: Frame) -> Frame:
    """Return a picture in pale grey, (H, W, 3)."""
    grey = picture.mean(axis=2, keepdims=True)
    return np.rint(grey + PALENESS * (255 - grey)).astype(np.uint8).repeat(3, axis=2)
