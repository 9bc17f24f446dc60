"""From the frames of a video or camera to their alphas: each by itself, and steadied."""

from dataclasses import dataclass
from functools import partial

from segmenter.arrays import Alpha, Frame, Probability, require_frame
from segmenter.inference import Segmenter
from segmenter.nearness import Nearness
from segmenter.pipeline import ReplaceOptions, to_alpha
from segmenter.refine import LIVE, VIDEO
from segmenter.resample import halve, shrink
from segmenter.temporal import AlphaSteadier, Motion, MotionTracker, Recall, TemporalSmoother


@dataclass(frozen=True)
class Look:
    """What the network says of a frame."""

    frame: Frame
    small: Frame  # the frame, halved as often as it stays fine enough
    probability: Probability  # (h, w), no larger than the frame
    motion: Motion | None  # None when nothing before matters


class Matting:
    """The two steps from a frame to its alpha, and what they remember of the frames before.

    Each step sees all frames in order; they may run in two threads.
    """

    def __init__(self, segmenter: Segmenter, *, closely: bool):
        """Remember nothing; `closely` looks as at a video's frames, else as at a camera's."""
        self._segmenter, self._closely = segmenter, closely
        self._size = segmenter.photo_size if closely else segmenter.live_size
        self._nearness = Nearness(self._size) if closely else None
        self._ready_for: tuple[int, ...] = ()  # height, width and size of such frames
        self._detail = VIDEO if closely else LIVE
        self._motion, self._recall = MotionTracker(), Recall()
        self._steady_probability, self._steady_alpha = TemporalSmoother(), AlphaSteadier()

    def look(self, frame: Frame, *, smoothing: bool) -> Look:
        """Find people in a frame (H, W, 3) uint8 RGB, as finely as the network sees it."""
        # Halved once for all steps; half as large again as what comes of it: sharp.
        small = halve(require_frame(frame), 3 * max(self._size, self._detail.long_side) // 2)
        ask = partial(self._find_people, small)
        if not smoothing:
            self._motion.reset()
            return Look(frame, small, ask(), None)
        motion, probability = self._motion(small), self._recall(small, ask)
        return Look(frame, small, self._steady_probability(probability, motion), motion)

    def _find_people(self, small: Frame) -> Probability:
        probability = self._look_at(small, self._nearness.size if self._nearness else self._size)
        if self._nearness and self._nearness.changes(probability):
            probability = self._look_at(small, self._nearness.size)
        return shrink(probability, self._detail.long_side)

    def _look_at(self, small: Frame, size: int) -> Probability:
        if (*small.shape[:2], size) != self._ready_for:
            self._ready_for = (*small.shape[:2], size)
            # A file waits, so that it comes out the same each time, however it is cut into chunks.
            self._segmenter.expect(*self._ready_for, wait=self._closely)
        return self._segmenter.probability(small, size)

    def cut(self, look: Look, options: ReplaceOptions) -> Alpha:
        """Choose people and refine their edges; alpha (H, W) float32 in [0, 1]."""
        alpha = to_alpha(look.probability, look.frame, options, self._detail, look.small)
        return self._steady_alpha(alpha, look.motion) if options.smoothing else alpha
