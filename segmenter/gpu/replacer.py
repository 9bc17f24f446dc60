"""The whole staircase on the device, for frames that follow each other."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from segmenter.arrays import Frame, require_frame
from segmenter.background import Background, Blur, Colour, Transparent
from segmenter.closeup import Nearness
from segmenter.errors import OutputFailed, first_line
from segmenter.gpu.backdrop import Backdrop
from segmenter.gpu.blur import blur_without
from segmenter.gpu.composite import cut_out, over
from segmenter.gpu.foreground import estimate_foreground
from segmenter.gpu.graph import exclusive
from segmenter.gpu.look import Seen, looker_of
from segmenter.gpu.refine import Outline, adjust, refine
from segmenter.gpu.steady import AlphaSteadier
from segmenter.gpu.study import Findings, Study
from segmenter.gpu.transfer import download, on_stream, upload
from segmenter.inference import Segmenter
from segmenter.pipeline import HERS_SHARE, Replacement, ReplaceOptions, Shown, has_people
from segmenter.video import overlap

Result = TypeVar("Result")

log = logging.getLogger(__name__)

# Frames that are worked on together: enough for small kernels to fill the device, and of large
# frames few enough for its memory, of which one of 1920x1080 takes, by count, some 0.15 GB.
MOST_FRAMES, MOST_PIXELS = 16, 8 * 1920 * 1080


@dataclass(frozen=True)
class Studied:
    """Frames, and all that is needed for their composites."""

    seen: Seen
    findings: list[Findings]
    options: ReplaceOptions


class DeviceReplacer:
    """One video or one visitor's camera: remembers the last frames.

    Three steps, each of which sees all frames in order; they may run in three threads.
    """

    def __init__(self, segmenter: Segmenter, batch: int = 1):
        """Prepare; `batch` is the most frames that one call of a step takes."""
        self._looker, self._batch = looker_of(segmenter), batch
        self._device = segmenter.backend.device
        self._nearness = Nearness(segmenter.photo_size)
        self._study = Study(segmenter.device.threads if batch > 1 else 1)
        self._has_failed = False
        self._stream = self._looker.beside
        self._steady, self._backdrop = AlphaSteadier(), Backdrop(self._device)

    def look(self, frames: Sequence[Frame]) -> Seen:
        """Find people in frames of one size, (H, W, 3) uint8 RGB; how near, the first tells."""
        seen = self._looker(frames, self._batch, self._nearness.size)
        if self._nearness.changes(seen.glances[0].probability):
            seen = self._looker(frames, self._batch, self._nearness.size)
        return seen

    def study(self, seen: Seen, options: ReplaceOptions) -> Studied:
        """Follow what moves, choose people and find their outlines, on small pictures."""
        findings = self._study(seen.frames, seen.glances, options.people, options.smoothing)
        return Studied(seen, findings, options)

    def place(
        self, studied: Studied, background: Background, times: Sequence[float]
    ) -> list[Shown]:
        """Refine the edges, and composite or cut out; `times` are the frames' seconds."""
        with torch.inference_mode(), on_stream(self._stream):
            pictures = download(self.on_device(studied, background, times)[0])[0]
        found = [has_people(one.probability) for one in studied.findings]  # alphas stay there
        return list(map(Shown, pictures, found))

    def __call__(
        self, frame: Frame, background: Background, options: ReplaceOptions, time_s: float
    ) -> Replacement:
        """Do all three steps for one frame."""
        studied = self.study(self.look([require_frame(frame)]), options)
        with torch.inference_mode(), on_stream(self._stream):
            pictures, alpha = download(*self.on_device(studied, background, [time_s]))
        return Replacement(pictures[0], alpha[0, 0])

    def try_one(
        self, frame: Frame, background: Background, options: ReplaceOptions, time_s: float
    ) -> Replacement | None:
        """Do all three steps for one frame; None, and once a warning, from a failure on."""
        if self._has_failed:
            return None
        done = or_give_up(partial(self, frame, background, options, time_s))
        self._has_failed = done is None
        return done

    def on_device(
        self, studied: Studied, background: Background, times: Sequence[float]
    ) -> tuple[Tensor, Tensor]:
        """Return pictures (N, H, W, 3 or 4) uint8 and alphas (N, 1, H, W) float32, not yet done."""
        seen = studied.seen
        for tensor in (seen.pixels, seen.guide):
            if tensor.is_cuda:  # they were made on another stream
                tensor.record_stream(self._stream)
        shown, hers = adjust(self._alpha(studied), studied.options.refine)
        foreground = estimate_foreground(seen.pixels, hers, shown)
        if isinstance(background, Transparent):
            around = blur_without(seen.pixels, 1 - hers, max(hers.shape[-2:]) * HERS_SHARE)
            return cut_out(foreground, shown, around), shown
        return over(foreground, shown, self._backdrop(background, times, seen, hers)), shown

    def _alpha(self, studied: Studied) -> Tensor:
        """Refine the edges of the people, and steady them; (N, 1, H, W) float32."""
        found, options = studied.findings, studied.options

        def planes(name: str) -> Tensor:
            return upload([getattr(one, name) for one in found], self._device)[:, None]

        radii = [one.radius for one in found]
        small = planes("probability"), planes("band"), planes("epsilon")
        outline = Outline(studied.seen.guide, *small, radii)
        alpha = refine(studied.seen.pixels, outline, options.refine)
        if not options.smoothing:
            return alpha
        return self._steady(alpha, planes("weight"))

    def pictures(
        self,
        frames: Iterable[Frame],
        background: Background,
        options: ReplaceOptions,
        times: Iterator[float],
    ) -> Iterator[Shown]:
        """Yield what is shown of every frame of a video; reading and the three steps overlap.

        Raises:
            OutputFailed: the device failed.
        """

        def place(studied: Studied) -> list[Shown]:
            return self.place(studied, background, list(islice(times, len(studied.findings))))

        seen = overlap(overlap(batches_of(frames, self._batch), require_frames), self.look)
        placed = overlap(overlap(seen, partial(self.study, options=options)), place)
        with closing(placed):
            try:
                for pictures in placed:
                    yield from pictures
            except RuntimeError as error:
                raise OutputFailed(
                    f"the graphics card failed: {first_line(error)}; try again with --device cpu"
                ) from error

    def try_out(
        self, size: tuple[int, int], background: Background, options: ReplaceOptions
    ) -> None:
        """Work on black frames, with as much memory as those to come.

        Raises:
            RuntimeError: the device can't, or has too little memory.
        """
        frames = [np.zeros((*size, 3), np.uint8)] * self._batch
        # A blur needs memory of its own; others are a picture, and would begin to play.
        is_harmless = isinstance(background, (Blur, Transparent))
        behind = background if is_harmless else Colour(0, 0, 0)
        for long_side in self._nearness.sizes:  # a graph of each
            seen = self._looker(frames, self._batch, long_side)
        self.place(self.study(seen, options), behind, [0.0] * self._batch)


def or_give_up(work: Callable[[], Result]) -> Result | None:
    """Do what the device may fail at; then None, and a line that says why the CPU goes on."""
    try:
        return work()
    except RuntimeError as error:
        why = first_line(error)
    # Out of the `except`: an error holds on to all that the failed functions held.
    log.warning("the graphics card can't be used, the CPU goes on: %s", why)
    with suppress(RuntimeError), exclusive():  # a broken card can't even do that
        torch.cuda.empty_cache()  # leaves its memory to others
    return None


def batches_of(frames: Iterable[Frame], most: int) -> Iterator[list[Frame]]:
    """Group what comes, `most` at a time; the last group may be smaller."""
    try:
        following = iter(frames)
        while batch := list(islice(following, most)):
            yield batch
    finally:
        if hasattr(frames, "close"):
            frames.close()


def require_frames(frames: list[Frame]) -> list[Frame]:
    """Return the frames if all are (H, W, 3) uint8."""
    return [require_frame(frame) for frame in frames]


def batch_for(height: int, width: int) -> int:
    """Return how many frames of a size are worked on together."""
    return max(1, min(MOST_FRAMES, MOST_PIXELS // (height * width)))
