"""Holds still what is still: steadies the probability or the alpha of a video without lag.

The memory is carried along the picture's motion; where the carried picture does not match the
present one, the new value stands alone from that very frame on.
"""

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Alpha, Probability
from segmenter.motion import Motion, carry, enlarge_flow
from segmenter.resample import enlarge, shrink

# The values below were chosen on two real and twelve staged clips (`evaluate --clips`).
MEMORY_SIDE = 320  # pixels, long side of what is remembered; finer detail is the present frame's
# Of alpha: even where nothing moves, a change of this or more is followed at once. Up to a third of
# it a change counts as shimmer and is followed slowly.
SHIMMER = 0.6


class TemporalSmoother:
    """Blends each probability with those before it along the picture's motion.

    Call it with those of one video or camera in order.
    """

    def __init__(self):
        self._memory: Probability | None = None  # long side at most MEMORY_SIDE

    def __call__(self, probability: Probability, motion: Motion | None) -> Probability:
        """Return the steadied probability.

        Args:
            probability: (H, W) float32 in [0, 1]; of any size with the frame's aspect.
            motion: of its frame; None forgets what was.
        """
        present = shrink(probability, MEMORY_SIDE)
        if motion is None or self._memory is None or self._memory.shape != present.shape:
            self._memory = present
            return probability.copy()
        change = carry(self._memory, enlarge_flow(motion.flow, *present.shape))
        change -= present
        change *= enlarge(motion.weight, *present.shape)
        self._memory = present + change
        return changed(probability, change)


class AlphaSteadier:
    """Holds the refined outline where nothing near it moves: what changes there is shimmer.

    Alphas of steadied probabilities need no more; blended along a moving outline too, they would
    leave a trail on what it uncovers. Call it with those of one video or camera in order.
    """

    def __init__(self):
        self._memory: Alpha | None = None  # long side at most MEMORY_SIDE

    def __call__(self, alpha: Alpha, motion: Motion | None) -> Alpha:
        """Return the steadied alpha, (H, W) float32 in [0, 1] as given; None forgets what was."""
        present = shrink(alpha, MEMORY_SIDE)
        if motion is None or self._memory is None or self._memory.shape != present.shape:
            self._memory = present
            return alpha.copy()
        change = self._memory - present
        is_shimmer = np.clip(1.5 - np.abs(change) * (1.5 / SHIMMER), 0, 1)
        change *= is_shimmer * enlarge(motion.calm_weight, *present.shape)
        self._memory = present + change
        return changed(alpha, change)


def changed(coverage: Probability | Alpha, change: NDArray[np.float32]) -> Probability | Alpha:
    """Add a change found on a smaller picture, (h, w), to (H, W); the sum stays in [0, 1]."""
    total = enlarge(change, *coverage.shape) + coverage
    return np.clip(total, 0, 1, out=total)
