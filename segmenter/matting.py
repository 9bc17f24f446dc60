"""From the frames of a video or camera to their alphas: each by itself, and steadied."""

from dataclasses import dataclass
from functools import partial

from segmenter.arrays import Alpha, Frame, Probability, require_frame
from segmenter.closeup import QUARTERS, Closeup, Part
from segmenter.crops import LEAST_PIECE, WHOLE, Crop
from segmenter.inference import Segmenter
from segmenter.nearness import OF_CAMERA, OF_VIDEO, Nearness
from segmenter.people import choose_people
from segmenter.photo_views import is_believed
from segmenter.pipeline import ReplaceOptions
from segmenter.preprocess import fit
from segmenter.refine import LIVE, VIDEO, refine
from segmenter.resample import enlarge, halve, shrink, shrink_to
from segmenter.temporal import AlphaSteadier, Motion, MotionTracker, Recall, TemporalSmoother

FINER = 2  # times as many pixels a side tell of people who are seen closely


@dataclass(frozen=True)
class Look:
    """What the network says of a frame."""

    frame: Frame
    small: Frame  # the frame, halved as often as it stays fine enough
    probability: Probability  # (h, w), no larger than the frame
    parts: list[Crop]  # where people are, seen closely; all of it when they are large
    motion: Motion | None  # None when nothing before matters


class Matting:
    """The two steps from a frame to its alpha, and what they remember of the frames before.

    Each step sees all frames in order; they may run in two threads.
    """

    def __init__(self, segmenter: Segmenter, *, closely: bool):
        """Remember nothing; `closely` looks as at a video's frames, else as at a camera's."""
        self._segmenter, self._closely = segmenter, closely
        self._size = segmenter.photo_size if closely else segmenter.live_size
        self._nearness = Nearness(self._size, OF_VIDEO if closely else OF_CAMERA)
        self._closeup = Closeup()
        # What is outside the parts, seen in the last frame: it serves for one more.
        self._whole: Probability | None = None
        self._detail = VIDEO if closely else LIVE
        self._motion, self._recall = MotionTracker(), Recall()
        self._steady_probability, self._steady_alpha = TemporalSmoother(), AlphaSteadier()

    def look(self, frame: Frame, *, smoothing: bool) -> Look:
        """Find people in a frame (H, W, 3) uint8 RGB, as finely as the network sees it."""
        # Halved once for all steps; half as large again as what comes of it: sharp.
        small = halve(require_frame(frame), 3 * max(self._size, self._detail.long_side) // 2)
        if not smoothing:
            self._motion.reset()
            return Look(frame, small, *self._find_people(frame, small, None), None)
        motion = self._motion(small, finely=self._closeup.is_close)
        ask = partial(self._find_people, frame, small, motion)
        try:
            probability, parts = self._recall(small, ask)
        except BaseException:
            # What is remembered of people is as old as before, the picture to follow is not.
            self._motion.reset()
            raise
        return Look(frame, small, self._steady_probability(probability, motion), parts, motion)

    def _find_people(
        self, frame: Frame, small: Frame, motion: Motion | None
    ) -> tuple[Probability, list[Crop]]:
        """Return the probability of a frame, and where people are small in it."""
        if motion is None:
            self._closeup.reset()
        whole, self._whole, parts, found = self._whole, None, [], None
        if whole is not None and motion and not self._closeup.has_news_around(motion.weight):
            parts = self._closeup.choose(whole, *frame.shape[:2])
        if not parts:
            whole = self._look_at(small, self._nearness.size)
            parts = self._closeup.choose(whole, *frame.shape[:2])
            # A camera sees less: beside those in the parts it may overlook somebody.
            if not (parts and self._closely) and self._nearness.changes(whole):
                whole = self._look_at(small, self._nearness.size)
                parts = self._closeup.choose(whole, *frame.shape[:2])
            self._whole = whole
        if not parts and (whole > 0.5).mean() < LEAST_PIECE:
            found, parts = self._seek(whole, frame, 1 if motion else len(QUARTERS))
        if not parts:
            self._whole = None
            return shrink(whole, self._detail.long_side), [WHOLE]
        if self._closely:
            self._nearness.reset()
        if found is None:
            found = self._look_nearer(whole, frame, parts)
        self._closeup.remember(found)
        return found, [part.crop for part in parts]

    def _seek(
        self, whole: Probability, frame: Frame, quarters: int
    ) -> tuple[Probability, list[Part]]:
        """Look for somebody small in so many quarters of a frame that shows nobody as a whole.

        Returns:
            The probability with the parts they are in seen closely, and these parts, if any.
        """
        for _ in range(quarters):
            nearer = self._look_nearer(whole, frame, [Part(self._closeup.next_quarter(), 1)])
            parts = self._closeup.choose(nearer, *frame.shape[:2])
            found = self._look_nearer(nearer, frame, parts)
            if parts and all(is_believed(part.crop.of(found)) for part in parts):
                return found, parts
        self._closeup.reset()
        return whole, []

    def _look_nearer(self, whole: Probability, frame: Frame, parts: list[Part]) -> Probability:
        """Return the probability of a frame with parts of it seen anew, more finely."""
        long_side = min(FINER * self._detail.long_side, max(frame.shape[:2]))
        found = enlarge(whole, *fit(*frame.shape[:2], long_side))
        for part in parts:
            near = self._look_at(part.crop.of(frame), round(part.size_share * self._size))
            place = part.crop.of(found)
            place[:] = shrink_to(near, *place.shape)
        return found

    def _look_at(self, picture: Frame, size: int) -> Probability:
        # A file waits, so that it comes out the same each time, however it is cut into chunks.
        self._segmenter.expect(*picture.shape[:2], size, wait=self._closely)
        return self._segmenter.probability(picture, size)

    def cut(self, look: Look, options: ReplaceOptions) -> Alpha:
        """Choose people and refine their edges; alpha (H, W) float32 in [0, 1]."""
        chosen = choose_people(look.probability, options.people, frame=look.frame)
        alpha = refine(
            chosen,
            look.frame,
            options.refine,
            detail=self._detail,
            small=look.small,
            parts=look.parts,
        )
        return self._steady_alpha(alpha, look.motion) if options.smoothing else alpha
