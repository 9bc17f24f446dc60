"""The second step: what the CPU does on small pictures, by the functions of the CPU's own way."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, Probability
from segmenter.colour_doubt import decide_by_colours, smallness_of
from segmenter.gpu.look import Glance
from segmenter.motion import Motion, MotionTracker
from segmenter.people import choose_people
from segmenter.refine import VIDEO
from segmenter.refine.alpha import band_weight
from segmenter.refine.guided import epsilon_map
from segmenter.temporal import TemporalSmoother


@dataclass(frozen=True)
class Findings:
    """All that the device needs to know of a frame, each float32 and small."""

    probability: Probability  # (h, w), of the chosen people
    band: NDArray[np.float32]  # (h, w), how much colours decide, 0 to 1
    epsilon: NDArray[np.float32]  # (h, w), regularisation of the fit
    radius: int  # of its windows, in pixels
    weight: NDArray[np.float32]  # (h', w'), of the alpha before; 0 where it does not matter


class Study:
    """Follows the frames of one video or camera. Call it with all of them, in order."""

    def __init__(self, threads: int):
        self._motion, self._steady = MotionTracker(), TemporalSmoother()
        self._shape: tuple[int, ...] = ()
        self._map = ThreadPoolExecutor(threads, "study").map if threads > 1 else map

    def __call__(
        self, frames: Sequence[Frame], glances: Sequence[Glance], people: str, smoothing: bool
    ) -> list[Findings]:
        """Study frames of one size, each with its small pictures."""
        shape = frames[0].shape
        if shape != self._shape or not smoothing:
            self._motion.reset()
            self._shape = shape
        motions = [self._motion(glance.moving) if smoothing else None for glance in glances]
        steadied = [
            self._steady(glance.probability, motion) if smoothing else glance.probability
            for glance, motion in zip(glances, motions, strict=True)
        ]
        work = partial(find, people=people)
        return list(self._map(work, frames, glances, steadied, motions))


def find(
    frame: Frame, glance: Glance, probability: Probability, motion: Motion | None, people: str
) -> Findings:
    """Settle doubt, choose people, and find where their outline may be."""
    settled = decide_by_colours(probability, glance.guide, smallness_of(probability))
    chosen = choose_people(settled, frame, people)
    detail = VIDEO.for_people(chosen > 0.5)
    band = band_weight(chosen, detail)
    epsilon = epsilon_map(glance.guide, band > 0)
    nothing = np.zeros(glance.moving.shape[:2], np.float32)
    weight = nothing if motion is None else motion.calm_weight
    return Findings(chosen, band, epsilon, detail.radius, weight)
