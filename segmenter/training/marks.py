"""Masks drawn on photos: what is person, what was missed, what was added."""

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame
from segmenter.composite import over
from segmenter.foreground import estimate_foreground
from segmenter.training.precision_recall import HALF

# Okabe and Ito's vermilion and blue: told apart by every kind of eye.
MISSED, ADDED = (213, 94, 0), (0, 114, 178)
PALE = 0.35  # how much of the photo's contrast is left beneath them
BEHIND = (120, 190, 170)  # behind cut-outs: a colour that few people wear
FAULTS = ((MISSED, "person, but missed"), (ADDED, "background, but added"))


def difference(alpha: Alpha, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where a person was missed and where background was added, (H, W) bool each."""
    person, true_person = np.rint(alpha * 255) >= HALF, truth >= HALF
    return true_person & ~person, person & ~true_person


def mark_difference(frame: Frame, missed: np.ndarray, added: np.ndarray) -> Frame:
    """Colour the wrong pixels of a pale grey photo."""
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    marked = cv2.merge([cv2.convertScaleAbs(grey, alpha=PALE, beta=255 * (1 - PALE))] * 3)
    marked[missed], marked[added] = MISSED, ADDED
    return marked


def coloured(picture: np.ndarray) -> Frame:
    """Return (H, W, 3) of a picture that may be grey, (H, W)."""
    return picture if picture.ndim == 3 else cv2.merge([picture] * 3)


def before_one_colour(frame: Frame, alpha: Alpha) -> Frame:
    """Show the person of a small picture before one colour."""
    alpha = alpha.clip(0, 1)  # enlarging overshoots
    return over(estimate_foreground(frame, alpha), alpha, np.full_like(frame, BEHIND))
