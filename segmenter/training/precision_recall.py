"""Precision and recall of an alpha at every threshold, from counts that fit in memory."""

from dataclasses import dataclass

import numpy as np

from segmenter.arrays import Alpha

STEPS = 256
HALF = 128  # the step at which scores cut an alpha in two


@dataclass(frozen=True)
class Curve:
    """One point for each threshold, from the strictest to the laxest; empty without any person."""

    thresholds: np.ndarray  # int, 0 to 255; pixels of at least that alpha are called person
    precision: np.ndarray  # share of the called pixels that are a person's, [0, 1]
    recall: np.ndarray  # share of the person's pixels that are called, [0, 1]

    @property
    def average_precision(self) -> float:
        """Precision weighted by the recall each threshold adds, in [0, 1]."""
        return float(np.sum(np.diff(self.recall, prepend=0.0) * self.precision))

    def at_half(self) -> tuple[float, float] | None:
        """Return recall and precision where scores cut; None when no pixel's alpha reaches it."""
        here = np.flatnonzero(self.thresholds == HALF)
        return (float(self.recall[here[0]]), float(self.precision[here[0]])) if len(here) else None


class AlphaHistogram:
    """How often each alpha, in 256 steps, falls on the person's and on the background's pixels."""

    def __init__(self):
        self.person = np.zeros(STEPS, np.int64)
        self.background = np.zeros(STEPS, np.int64)

    def add(self, alpha: Alpha, truth: np.ndarray) -> None:
        """Count one photo: alpha (H, W) float32 in [0, 1], truth (H, W) uint8 cut at 128."""
        steps, is_person = np.rint(alpha * 255).astype(np.uint8), truth >= HALF
        self.person += np.bincount(steps[is_person], minlength=STEPS)
        self.background += np.bincount(steps[~is_person], minlength=STEPS)

    def curve(self) -> Curve:
        """Return precision and recall over all pixels counted."""
        hits, calls = self.person[::-1].cumsum(), (self.person + self.background)[::-1].cumsum()
        if hits[-1] == 0:
            return Curve(*(np.zeros(0) for _ in range(3)))
        called = calls > 0  # where nothing is called, precision has no meaning
        return Curve(
            np.arange(STEPS)[::-1][called],
            hits[called] / calls[called],
            hits[called] / hits[-1],
        )
