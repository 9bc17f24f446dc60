"""From the frames of a video or camera to their alphas: each by itself, and steadied."""

from dataclasses import dataclass
from functools import partial

from segmenter.arrays import Alpha, Frame, Probability, require_frame
from segmenter.closeup import (
    LEAST_PIECE,
    OF_CAMERA,
    OF_CAMERA_WITH_TIME,
    OF_VIDEO,
    QUARTERS,
    WHOLE,
    Closeup,
    Crop,
    Nearness,
    Part,
)
from segmenter.colour_doubt import decide_by_colours, smallness_of
from segmenter.inference import Segmenter
from segmenter.motion import Motion, MotionTracker, Recall
from segmenter.people import choose_people
from segmenter.photo_views import is_believed
from segmenter.pipeline import ReplaceOptions
from segmenter.refine import LIVE, VIDEO, refine
from segmenter.resample import enlarge, fit, halve, shrink, shrink_to
from segmenter.temporal import AlphaSteadier, TemporalSmoother

FINER = 2  # times as long and wide is the probability where people are seen closely


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
        self._nearness = Nearness(self._size)
        self._whole_size = 0  # at which a whole frame was seen last
        self._closeup = Closeup()
        # The look at the whole of the last frame; outside the parts it serves for one more frame.
        self._whole: Probability | None = None
        self._detail = VIDEO if closely else LIVE
        self._motion, self._recall = MotionTracker(), Recall()
        self._steady_probability, self._steady_alpha = TemporalSmoother(), AlphaSteadier()

    def look(self, frame: Frame, *, smoothing: bool, has_time: bool = False) -> Look:
        """Find people in a frame, as finely as the network sees it.

        Args:
            frame: (H, W, 3) uint8 RGB.
            smoothing: by what is remembered of the frames before.
            has_time: look more finely at a camera's frame, for a tenth to a half more work.
        """
        of_camera = OF_CAMERA_WITH_TIME if has_time else OF_CAMERA
        self._nearness.limits = OF_VIDEO if self._closely else of_camera
        # Halved once, for all steps; still half as large again as what they make of it, so that
        # their pictures stay sharp.
        small = halve(require_frame(frame), 3 * max(self._size, self._detail.long_side) // 2)
        if not smoothing:
            self._motion.reset()
            return Look(frame, small, *self._find_people(frame, small, None), None)
        motion = self._motion(small, finely=self._closeup.is_close)
        ask = partial(self._find_people, frame, small, motion)
        try:
            probability, parts = self._recall(small, ask)
        except BaseException:
            # The tracker has moved on to this frame, what is remembered of people has not.
            self._motion.reset()
            raise
        return Look(frame, small, self._steady_probability(probability, motion), parts, motion)

    def _find_people(
        self, frame: Frame, small: Frame, motion: Motion | None
    ) -> tuple[Probability, list[Crop]]:
        """Return the probability of a frame, and where people are small in it."""
        if motion is None:
            self._closeup.reset()
        whole, parts = self._parts_by_last_look(frame, motion)
        if not parts:
            whole, parts = self._look_at_whole(frame, small)
        if parts:
            found = self._look_nearer(whole, frame, parts)
        elif (whole > 0.5).mean() < LEAST_PIECE:
            found, parts = self._seek(whole, frame, 1 if motion else len(QUARTERS))
        if not parts:
            self._whole = None
            return shrink(whole, self._detail.long_side), [WHOLE]
        if self._closely:
            self._nearness.reset()
        self._closeup.remember(found)
        return found, [part.crop for part in parts]

    def _parts_by_last_look(
        self, frame: Frame, motion: Motion | None
    ) -> tuple[Probability | None, list[Part]]:
        """Return the look at the whole of the last frame, and the parts it leads to.

        No parts where it can't serve this frame. It serves once.
        """
        whole, self._whole = self._whole, None
        if whole is None or not motion or self._closeup.has_news_around(motion.weight):
            return whole, []
        return whole, self._closeup.choose(whole, *frame.shape[:2])

    def _look_at_whole(self, frame: Frame, small: Frame) -> tuple[Probability, list[Part]]:
        """Return a look at a whole frame, and the parts it leads to; people may be large."""
        whole = self._see_whole(small)
        parts = self._closeup.choose(whole, *frame.shape[:2])
        # A camera's frames are seen at a smaller size: somebody beside the parts may have been
        # overlooked.
        if not (parts and self._closely) and self._nearness.changes(whole):
            whole = self._see_whole(small)
            parts = self._closeup.choose(whole, *frame.shape[:2])
        self._whole = whole
        return whole, parts

    def _see_whole(self, small: Frame) -> Probability:
        """Look at a whole frame; at a camera's as large as the last, while another is prepared.

        Unprepared, a size takes three times as long.
        """
        size = self._nearness.size
        is_ready = self._segmenter.expect(*small.shape[:2], size, wait=self._closely)
        if is_ready or not self._whole_size:
            self._whole_size = size
        return self._segmenter.probability(small, self._whole_size)

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
            near = self._look_at(part.crop.of(frame), round(part.size_share * self._nearness.far))
            place = part.crop.of(found)
            place[:] = shrink_to(near, *place.shape)
        return found

    def _look_at(self, picture: Frame, size: int) -> Probability:
        # A file waits, so that it comes out the same each time, however it is cut into chunks.
        self._segmenter.expect(*picture.shape[:2], size, wait=self._closely)
        return self._segmenter.probability(picture, size)

    def cut(self, look: Look, options: ReplaceOptions) -> Alpha:
        """Settle doubt, choose people and refine their edges; alpha (H, W) float32 in [0, 1]."""
        chosen = choose_people(settled(look), look.frame, options.people)
        alpha = refine(
            chosen,
            look.frame,
            options.refine,
            detail=self._detail,
            small=look.small,
            parts=look.parts,
        )
        return self._steady_alpha(alpha, look.motion) if options.smoothing else alpha


def prepare_for_camera(
    segmenter: Segmenter, height: int, width: int, *, has_time: bool = False
) -> None:
    """Make all sizes ready at which a camera's frames are seen, so that none is waited for later.

    Args:
        segmenter: of the weights.
        height: of the frames, in pixels.
        width: of the frames, in pixels.
        has_time: whether they will be looked at more finely.
    """
    limits = OF_CAMERA_WITH_TIME if has_time else OF_CAMERA
    for size in Nearness(segmenter.live_size, limits).sizes:
        segmenter.expect(height, width, size, wait=True)


def settled(look: Look) -> Probability:
    """Return a look's probability, (h, w), with the doubt in each part decided by its colours."""
    probability, smallness = look.probability.copy(), smallness_of(look.probability)
    for part in look.parts:
        # Of a part, `small` shows too little.
        picture = look.small if part == WHOLE else part.of(look.frame)
        part.of(probability)[:] = decide_by_colours(part.of(look.probability), picture, smallness)
    return probability
