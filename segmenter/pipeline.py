"""The staircase from frame to composite: for a photo, a video, and a live camera."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from segmenter.arrays import Alpha, Cutout, Frame, Probability, require_frame
from segmenter.background import Background, Blur, Clip, Colour, Picture, Transparent
from segmenter.composite import cut_out, over
from segmenter.errors import InvalidInput
from segmenter.foreground import estimate_foreground
from segmenter.images import IMAGE_ENDINGS, open_image
from segmenter.inference import Segmenter
from segmenter.people import CHOICES, choose_people
from segmenter.refine import PHOTO_WORKING_SIZE, VIDEO_WORKING_SIZE, RefineOptions, refine
from segmenter.temporal import TemporalSmoother
from segmenter.video import VIDEO_ENDINGS, VideoWriter, probe, read_frames


@dataclass(frozen=True, kw_only=True)
class ReplaceOptions:
    """What a user may choose, the same for a photo, a video and the live camera."""

    people: str = "everyone"  # or "largest", "centre"
    refine: RefineOptions = field(default_factory=RefineOptions)
    smoothing: bool = True  # over time; videos and live only

    def __post_init__(self):
        """Refuse a choice that there is not."""
        if self.people not in CHOICES:
            raise InvalidInput(f"can't keep {self.people!r}; choose {', '.join(CHOICES)}")


@dataclass(frozen=True)
class Replacement:
    """A result: the composite (H, W, 3), or the cut-out (H, W, 4); and the alpha."""

    picture: Frame | Cutout
    alpha: Alpha


@dataclass(frozen=True)
class Progress:
    """How far a video is."""

    frames_done: int
    frames_expected: int | None  # None when the file does not say
    elapsed_s: float

    @property
    def frame_ms(self) -> float:
        """Milliseconds a frame took, on average."""
        return 1000 * self.elapsed_s / max(1, self.frames_done)

    @property
    def remaining_s(self) -> float | None:
        """Estimated seconds to go."""
        if self.frames_expected is None:
            return None
        return max(0, self.frames_expected - self.frames_done) * self.frame_ms / 1000


def read_background(text: str, fit: str = "cover") -> Background:
    """Make a background from the words the command line, the page and the live tab share.

    Args:
        text: a picture's or clip's path, `#rrggbb`, `blur`, `blur:RADIUS` (pixels), `transparent`.
        fit: how a picture fills the frame: `cover`, `contain` or `tile`.

    Raises:
        InvalidInput: it is none of these.
        UnreadableImage, UnreadableVideo: the file can't be opened.
    """
    if text == "transparent":
        return Transparent()
    if text.startswith("#"):
        return Colour.from_hex(text)
    if text == "blur" or text.startswith("blur:"):
        return read_blur(text)
    path = Path(text)
    if path.suffix.lower() in VIDEO_ENDINGS:
        info = probe(path)
        return Clip(partial(read_frames, path, info=info), info.frame_rate, fit)
    if path.suffix.lower() in IMAGE_ENDINGS or path.is_file():
        return Picture(open_image(path), fit)
    raise InvalidInput(
        f"can't use {text!r} as a background; give a picture, a clip, #rrggbb, blur, blur:RADIUS "
        "or transparent"
    )


def read_blur(text: str) -> Blur:
    """Read `blur` or `blur:RADIUS`."""
    _, _, radius = text.partition(":")
    if not radius:
        return Blur()
    if not radius.isdigit() or int(radius) == 0:
        raise InvalidInput(f"{text!r} needs a whole number of pixels, for instance blur:20")
    return Blur(int(radius))


def replace_in_image(
    frame: Frame,
    background: Background | None = None,
    *,
    segmenter: Segmenter | None = None,
    options: ReplaceOptions | None = None,
) -> Replacement:
    """Replace what is behind the people in one picture.

    Args:
        frame: (H, W, 3) uint8 RGB.
        background: what to put there; None cuts out.
        segmenter: shared weights; None loads the bundled ones for this call.
        options: None for the defaults.
    """
    require_frame(frame)
    segmenter = segmenter or Segmenter()
    options = options or ReplaceOptions()
    alpha = to_alpha(segmenter.probability(frame), frame, options, PHOTO_WORKING_SIZE)
    return put_before(background or Transparent(), frame, alpha, 0.0)


def to_alpha(
    probability: Probability, frame: Frame, options: ReplaceOptions, working_size: int
) -> Alpha:
    """Choose who is kept, then refine the edges."""
    chosen = choose_people(probability, options.people)
    return refine(chosen, frame, options.refine, working_size=working_size)


def put_before(background: Background, frame: Frame, alpha: Alpha, time_s: float) -> Replacement:
    """Free the person's colours of the old background, and composite or cut out."""
    foreground = estimate_foreground(frame, alpha)
    if isinstance(background, Transparent):
        return Replacement(cut_out(foreground, alpha), alpha)
    behind = background.at(time_s, frame, alpha)
    return Replacement(over(foreground, alpha, behind), alpha)


class LiveReplacer:
    """One visitor's camera or one video: remembers the last frames and the present choices.

    `update` may be called from another thread than the one that calls the replacer.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        background: Background | None = None,
        options: ReplaceOptions | None = None,
    ):
        self._segmenter = segmenter
        self._background = background or Transparent()
        self._options = options or ReplaceOptions()
        self._smoother = TemporalSmoother()
        self._lock = threading.Lock()

    def __call__(self, frame: Frame, time_s: float) -> Replacement:
        """Replace the background of one frame, (H, W, 3) uint8 RGB, shown at `time_s` seconds."""
        with self._lock:
            background, options = self._background, self._options
        probability = self._segmenter.probability(require_frame(frame), self._segmenter.video_size)
        if options.smoothing:
            probability = self._smoother(probability, frame)
        alpha = to_alpha(probability, frame, options, VIDEO_WORKING_SIZE)
        return put_before(background, frame, alpha, time_s)

    def update(
        self, background: Background | None = None, options: ReplaceOptions | None = None
    ) -> None:
        """Change the background, the options or both, from the next frame on."""
        with self._lock:
            self._background = background or self._background
            self._options = options or self._options


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
    info = probe(source)
    background = background or Transparent()
    replacer = LiveReplacer(segmenter or Segmenter(), background, options)
    is_cutout = isinstance(background, Transparent)
    started = time.monotonic()
    with (
        closing(read_frames(source, info=info)) as frames,
        closing(background),
        VideoWriter(target, info, sound_from=source, alpha=is_cutout) as writer,
    ):
        for done, frame in enumerate(frames, start=1):
            time_s = float((done - 1) / info.frame_rate)
            writer.write(replacer(frame, time_s).picture)
            yield Progress(done, info.frame_count, time.monotonic() - started)


def mattes_of_video(source: Path, segmenter: Segmenter, raw: bool = False) -> Iterator[np.ndarray]:
    """Yield the alpha of every frame of a video, (H, W) float32, in order."""
    with closing(read_frames(source)) as frames:
        yield from mattes_of_frames(frames, segmenter, raw)


def mattes_of_frames(
    frames: Iterator[Frame], segmenter: Segmenter, raw: bool = False
) -> Iterator[np.ndarray]:
    """Yield the alpha, or with `raw` the probability, of frames that follow each other in time."""
    smoother, options = TemporalSmoother(), ReplaceOptions()
    for frame in frames:
        probability = segmenter.probability(frame, segmenter.video_size)
        if raw:
            yield probability
        else:
            yield to_alpha(smoother(probability, frame), frame, options, VIDEO_WORKING_SIZE)


def matte_of_image(frame: Frame, segmenter: Segmenter, raw: bool = False) -> Alpha:
    """Return the alpha of one picture, (H, W) float32, or with `raw` the probability."""
    probability = segmenter.probability(frame)
    return (
        probability if raw else to_alpha(probability, frame, ReplaceOptions(), PHOTO_WORKING_SIZE)
    )
