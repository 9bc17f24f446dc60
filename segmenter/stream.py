"""Frames that follow each other: a live camera, and a video from file to file.

The stages overlap, each with a frame of its own: two of a camera's, for little delay, and more of
a file's.
"""

import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from segmenter.arrays import Alpha, Frame, require_frame
from segmenter.background import Background, Transparent, require_background
from segmenter.closeup import FixedPace, Pace
from segmenter.errors import InvalidInput
from segmenter.gpu import card_for_live, card_for_video
from segmenter.inference import Segmenter
from segmenter.matting import Look, Matting
from segmenter.pipeline import Replacement, ReplaceOptions, Shown, put_before, require_options
from segmenter.targets import require_kept
from segmenter.video import VideoInfo, VideoWriter, between, overlap, probe, read_frames


@dataclass(frozen=True)
class Progress:
    """How far a video is."""

    frames_done: int
    frames_expected: int
    elapsed_s: float
    has_people: bool = True  # somebody was found in a frame so far

    @property
    def frame_ms(self) -> float:
        """Milliseconds a frame took, on average."""
        return 1000 * self.elapsed_s / max(1, self.frames_done)

    @property
    def remaining_s(self) -> float:
        """Estimated seconds to go."""
        return max(0, self.frames_expected - self.frames_done) * self.frame_ms / 1000


class LiveReplacer:
    """One visitor's camera or one video: remembers the last frames and the present choices.

    `update` may be called from any thread.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        background: Background | None = None,
        options: ReplaceOptions | None = None,
        *,
        closely: bool = False,
        pace: Pace | FixedPace | None = None,
    ):
        """Remember nothing yet.

        Args:
            segmenter: shared weights.
            background: what to put there; None cuts out.
            options: None for the defaults.
            closely: look as at a video's frames, which finds smaller people, for more work.
            pace: tells whether there is time to look more finely at a camera's; None tries it out.
        """
        self._matting, self._pace = Matting(segmenter, closely=closely), pace or Pace()
        self._card = card_for_live(segmenter)
        self._background = require_background(background) or Transparent()
        self._options = require_for_motion(options)
        self._lock = threading.Lock()

    def __call__(self, frame: Frame, time_s: float) -> Replacement:
        """Replace the background of one frame, (H, W, 3) uint8 RGB, shown at `time_s` seconds.

        Raises:
            InvalidInput: the frame is none.
        """
        return self.begin(frame, time_s)()

    def begin(self, frame: Frame, time_s: float) -> Callable[[], Replacement]:
        """Find people in a frame, and return the function that does the rest.

        On a graphics card all is done by then. Begin all frames in order, and finish them in order,
        in another thread if you like.
        """
        with self._lock:
            background, options = self._background, self._options
        if self._card and (done := self._card.try_one(frame, background, options, time_s)):
            return lambda: done
        begun = time.monotonic()
        look = self._matting.look(frame, smoothing=options.smoothing, has_time=self._pace.has_time)

        def finish() -> Replacement:
            alpha = self._matting.cut(look, options)
            done = put_before(background, frame, alpha, options.refine, time_s, look.small)
            self._pace.took(time.monotonic() - begun)
            return done

        return finish

    def update(
        self, background: Background | None = None, options: ReplaceOptions | None = None
    ) -> None:
        """Change the background, the options or both, from the next frame to begin on.

        Raises:
            InvalidInput: one of them can't be used; then neither is changed.
        """
        require_background(background)
        if options is not None:
            require_for_motion(options)
        with self._lock:
            self._options = options or self._options
            self._background = background or self._background

    def tell_late(self, is_late: bool) -> None:
        """Take in whether a camera's answers come so late that smaller frames are sent."""
        self._pace.tell_late(is_late)


def require_for_motion(options: ReplaceOptions | None) -> ReplaceOptions:
    """Return the options of a video or camera, whose people move away from any place.

    Raises:
        InvalidInput: a person is chosen by a point, there are strokes, or they are no options.
    """
    options = require_options(options)
    if options.people == "clicked":
        raise InvalidInput(
            "choosing a person by a click works for photos; for moving pictures choose everyone, "
            "largest or centre"
        )
    if options.strokes:
        raise InvalidInput("corrections by strokes work for photos, not for moving pictures")
    return options


def replace_in_video(
    source: Path,
    target: Path,
    background: Background | None = None,
    *,
    segmenter: Segmenter | None = None,
    options: ReplaceOptions | None = None,
) -> Iterator[Progress]:
    """Replace what is behind the people in a video, with its sound and exact rate.

    A generator: each step is a frame. Closing it early cancels, stops ffmpeg and leaves no file.

    Args:
        source: any video ffmpeg reads.
        target: `.mp4`, `.webm` or `.mov`; appears when the last frame is written.
        background: None, or `Transparent()`, keeps transparency (`.webm` and `.mov` only).
        segmenter: shared weights; None loads the bundled ones.
        options: None for the defaults.

    Raises:
        UnreadableVideo, OutputFailed, InvalidInput: as their messages say.
    """
    source, target = Path(source), Path(target)
    background = require_background(background) or Transparent()
    require_kept([source] if os.path.exists(source) else [], [target])
    if background.file and os.path.exists(background.file):
        require_kept([background.file], [target], "the background")
    options, info = require_for_motion(options), probe(source)
    segmenter = segmenter or Segmenter()
    on_card = segmenter.device.kind == "cuda"
    frames = read_frames(source, info=info, hardware=on_card)
    is_cutout = isinstance(background, Transparent)
    started, has_people = time.monotonic(), False
    with (
        closing(background),
        VideoWriter(target, info, sound_from=source, alpha=is_cutout, hardware=on_card) as writer,
        closing(pictures_of(frames, info, background, segmenter, options)) as pictures,
    ):
        for done, shown in enumerate(pictures, start=1):
            writer.write(shown.picture)
            has_people |= shown.has_people
            yield Progress(done, info.frame_count, time.monotonic() - started, has_people)


def pictures_of(
    frames: Iterable[Frame],
    info: VideoInfo,
    background: Background,
    segmenter: Segmenter,
    options: ReplaceOptions,
    *,
    first: int = 0,
    skip: int = 0,
) -> Generator[Shown]:
    """Yield what is shown of every frame, made on the graphics card where that works.

    Args:
        frames: consecutive ones, (H, W, 3) uint8 RGB.
        info: of the video they come from.
        background: what to put there.
        segmenter: shared weights.
        options: the user's choices.
        first: number of the first of these frames in the video.
        skip: so many frames are only looked at, for what smoothing remembers of them.
    """
    card = card_for_video(segmenter, (info.height, info.width), background, options)
    if card:
        times = (float(index / info.frame_rate) for index in count(first))
        return between(card.pictures(frames, background, options, times), skip)
    times = (float(index / info.frame_rate) for index in count(first + skip))

    def place(cut: tuple[Frame, Alpha]) -> Shown:
        done = put_before(background, *cut, options.refine, next(times))
        return Shown(done.picture, done.has_people)

    return overlap(between(alphas_of(frames, segmenter, options), skip), place)


def alphas_of(
    frames: Iterable[Frame],
    segmenter: Segmenter,
    options: ReplaceOptions,
    *,
    closely: bool = True,
    has_time: bool = False,
) -> Iterator[tuple[Frame, Alpha]]:
    """Yield every frame with its alpha; reading, the network and refinement overlap.

    `closely` looks as at a video's frames, else as at a camera's, more finely where it `has_time`.
    """
    matting = Matting(segmenter, closely=closely)

    def cut(look: Look) -> tuple[Frame, Alpha]:
        return look.frame, matting.cut(look, options)

    look = partial(matting.look, smoothing=options.smoothing, has_time=has_time)
    return overlap(overlap(overlap(frames, require_frame), look), cut)


def mattes_of_video(source: Path, segmenter: Segmenter, raw: bool = False) -> Iterator[Alpha]:
    """Yield the alpha of every frame of a video, (H, W) float32, in order."""
    with closing(read_frames(source)) as frames:
        yield from mattes_of_frames(frames, segmenter, raw)


def mattes_of_frames(
    frames: Iterable[Frame], segmenter: Segmenter, raw: bool = False
) -> Iterator[Alpha]:
    """Yield the alpha, (H, W) float32 in [0, 1], of frames that follow each other.

    Args:
        frames: (H, W, 3) uint8 RGB.
        segmenter: finds people.
        raw: yield the probability of one look instead.
    """
    if raw:
        looks = partial(segmenter.probability, size=segmenter.photo_size)
        with closing(overlap(overlap(frames, require_frame), looks)) as probabilities:
            yield from probabilities
        return
    with closing(alphas_of(frames, segmenter, ReplaceOptions())) as cuts:
        for _, alpha in cuts:
            yield alpha
