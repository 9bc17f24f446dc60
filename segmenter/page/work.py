"""The page's jobs: a photo, a video, and what is told about them."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from segmenter.arrays import Frame, to_uint8
from segmenter.background import Transparent
from segmenter.composite import over
from segmenter.images import open_image, save_image
from segmenter.page.choice import Choice, is_clip, make_background, make_options, require_there
from segmenter.page.previews import paled, preview
from segmenter.page.results import job_folder
from segmenter.page.seen import SeenPhotos
from segmenter.page.videos import advice_on, choose_ending, in_words, require_video
from segmenter.people import Point
from segmenter.pipeline import replace_in_image
from segmenter.refine import edges_view
from segmenter.resample import shrink
from segmenter.stream import LiveReplacer, Progress, replace_in_video
from segmenter.strokes import Stroke
from segmenter.video import read_frames

PREVIEW_SIDE = 1600  # pixels; the download has the photo's own size
BOARD_SIDE = 1000  # pixels, of what is drawn on
# The share of a video's time that goes to reading, encoding and sound, seen on two CPU cores.
ENCODING_SHARE = 0.25
# Of a video, to estimate its time: the first few take longer, while the network is made ready.
TRIED_FRAMES = 9


@dataclass(frozen=True)
class PhotoFiles:
    """A photo's results, as files that the page may show."""

    before: Path
    after: Path
    matte: Path
    edges: Path
    board: Path  # what goes is pale: to draw on
    download: Path
    has_people: bool


@dataclass(frozen=True)
class VideoFile:
    """A finished video."""

    path: Path
    warning: str = ""  # what the visitor should know of it


class Desk:
    """Does every visitor's jobs with one shared segmenter, and remembers how fast it was."""

    def __init__(self, segmenter: Any, presets: Mapping[str, Path]):
        self.segmenter = segmenter
        self.presets = presets
        self.seen = SeenPhotos()
        self.frame_ms: float | None = None

    def warm_up(self) -> None:
        """Run the network once in a thread of its own, so that nobody waits for its first run."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        frame = np.full((480, 640, 3), 128, np.uint8)
        self.segmenter.expect(*frame.shape[:2], self.segmenter.live_size, wait=True)
        for _ in range(2):
            started = time.monotonic()
            self.segmenter.probability(frame, self.segmenter.live_size)
        self.frame_ms = 1000 * (time.monotonic() - started)

    def describe(self) -> str:
        """Return `device, threads · network size · milliseconds a frame`."""
        speed = "warming up" if self.frame_ms is None else f"{self.frame_ms:.0f} ms a frame"
        return f"{self.segmenter.describe()} · {self.segmenter.live_size} px · {speed}"

    def photo(
        self,
        path: Path,
        choice: Choice,
        at: tuple[int, int] | None = None,
        strokes: tuple[Stroke, ...] = (),
    ) -> PhotoFiles:
        """Replace the background of a photo.

        Args:
            path: any photo.
            choice: what goes behind.
            at: the pixel (column, row) of the only person to keep, instead of the choice's people.
            strokes: corrections by hand.

        Raises:
            SegmenterError: as its message says; NobodyThere when `at` is on no person.
        """
        frame = open_image(require_there(path))
        background = make_background(choice, self.presets)
        options = replace(make_options(choice.options), strokes=strokes)
        if at is not None:
            options = replace(options, people="clicked", point=as_shares(at, frame))
        with closing(background):
            found = self.seen(path, partial(self.segmenter.probability, frame))
            result = replace_in_image(frame, background, options=options, probability=found)
        with job_folder() as folder:
            files = PhotoFiles(
                folder / "before.jpg",
                folder / "after.jpg",
                folder / f"{path.stem}-matte.png",
                folder / f"{path.stem}-edges.jpg",
                folder / "board.jpg",
                folder / f"{path.stem}-backdrop.png",
                has_people=result.has_people,
            )
            save_image(files.before, shrink(frame, PREVIEW_SIDE))
            save_image(files.after, shrink(preview(result.picture), PREVIEW_SIDE))
            save_image(files.matte, to_uint8(result.alpha))
            drawn_from = (frame, result.probability, result.alpha)
            edges = edges_view(*(shrink(array, PREVIEW_SIDE) for array in drawn_from))
            save_image(files.edges, edges)
            small, kept = (shrink(array, BOARD_SIDE) for array in (frame, result.alpha))
            save_image(files.board, over(small, kept, paled(small)))
            save_image(files.download, result.picture)
        return files

    def estimate(self, path: Path) -> str:
        """Say how long a video will take, after trying a few of its frames.

        Raises:
            InvalidInput, UnreadableVideo: the page can't take it.
        """
        info = require_video(path)
        replacer, spent_s = LiveReplacer(self.segmenter, closely=True), []
        with closing(read_frames(path, info=info)) as frames:
            for frame in islice(frames, TRIED_FRAMES):
                started = time.monotonic()
                replacer(frame, 0.0)
                spent_s.append(time.monotonic() - started)
        frame_s = median(spent_s or [0.0]) / (1 - ENCODING_SHARE)
        seconds = info.frame_count * frame_s
        sound = "with sound" if info.has_sound else "without sound"
        lasts = float(info.duration or 0)
        return (
            f"{lasts:.{0 if lasts >= 1 else 2}f} s of {info.width}x{info.height} at "
            f"{float(info.frame_rate):.4g} frames a second, {sound}: about {in_words(seconds)}."
        )

    def video(self, path: Path, choice: Choice, kind: str) -> Iterator[Progress | VideoFile]:
        """Yield progress, then the finished file. Closing the generator cancels and leaves none.

        Args:
            path: any video.
            choice: what goes behind.
            kind: one of `FORMAT_CHOICES`.

        Raises:
            SegmenterError: as its message says.
        """
        info = require_video(path)
        if is_clip(choice.upload):
            require_video(choice.upload)
        background = make_background(choice, self.presets)
        ending = choose_ending(kind, isinstance(background, Transparent))
        options = make_options(choice.options)
        with closing(background), job_folder() as folder:
            target = folder / f"{path.stem}-backdrop{ending}"
            steps = replace_in_video(
                path, target, background, segmenter=self.segmenter, options=options
            )
            with closing(steps):
                for progress in steps:
                    self.frame_ms = progress.frame_ms
                    yield progress
        yield VideoFile(target, advice_on(info, progress))


def as_shares(pixel: tuple[int, int], frame: Frame) -> Point:
    """Return where a pixel (column, row) lies, as shares of width and height."""
    height, width = frame.shape[:2]
    column, row = (
        min(max(at, 0), side - 1) for at, side in zip(pixel, (width, height), strict=True)
    )
    return (column + 0.5) / width, (row + 0.5) / height
