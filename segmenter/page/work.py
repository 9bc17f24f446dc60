"""The page's jobs: a photo, a video, and what is told about them."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from segmenter.arrays import Cutout, Frame, to_uint8
from segmenter.background import Transparent
from segmenter.background.fit import fit_to
from segmenter.composite import over
from segmenter.edges_view import edges_view
from segmenter.errors import InvalidInput
from segmenter.images import open_image, save_image
from segmenter.page.choice import Choice, is_clip, make_background, make_options, require_there
from segmenter.people import Point
from segmenter.pipeline import replace_in_image
from segmenter.resample import shrink
from segmenter.stream import LiveReplacer, Progress, replace_in_video
from segmenter.strokes import Stroke
from segmenter.video import VideoInfo, probe, read_frames

LARGEST_UPLOAD_MB = 200
LONGEST_VIDEO_S = 180
LARGEST_VIDEO_PIXELS = 1920 * 1088
PREVIEW_SIDE = 1600  # pixels; the download has the photo's own size
BOARD_SIDE = 1000  # pixels, of what is drawn on
PALENESS = 0.7
# Four squares, of 16 pixels, of the chequerboard that stands for nothing.
CHECKS = np.kron([[246, 222], [222, 246]], np.ones((16, 16))).astype(np.uint8)
FORMATS = {"MP4": ".mp4", "WebM": ".webm", "ProRes": ".mov"}
AUTOMATIC = "Automatic"  # the format that suits the background
FORMAT_CHOICES = (AUTOMATIC, *FORMATS)
# The share of a video's time that goes to reading, encoding and sound, seen on two CPU cores.
ENCODING_SHARE = 0.25


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
            result = replace_in_image(frame, background, segmenter=self.segmenter, options=options)
        with job_folder() as folder:
            files = PhotoFiles(
                folder / "before.jpg",
                folder / "after.jpg",
                folder / f"{path.stem}-matte.png",
                folder / f"{path.stem}-edges.jpg",
                folder / "board.jpg",
                folder / f"{path.stem}-backdrop.png",
                has_people=bool((result.alpha > 0.5).any()),
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
        replacer, spent_s = LiveReplacer(self.segmenter, closely=True), 0.0
        with closing(read_frames(path, info=info)) as frames:
            for _, frame in zip(range(3), frames, strict=False):
                started = time.monotonic()
                replacer(frame, 0.0)
                spent_s = time.monotonic() - started
        seconds = info.frame_count * spent_s / (1 - ENCODING_SHARE)
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
        yield VideoFile(target, cut_off(info, progress.frames_done))


def cut_off(info: VideoInfo, count: int) -> str:
    """Return what is to be said of a video of which so many frames came; usually nothing."""
    if not info.lacks(count):
        return ""
    return f"Your video is cut off or damaged: {count} of about {info.expected_count} frames came."


@contextmanager
def job_folder() -> Iterator[Path]:
    """Give a new folder in Gradio's cache, where files age; removed at once when the job fails."""
    cache = os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()).resolve() / "gradio"
    folder = Path(cache) / uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def require_video(path: Path) -> VideoInfo:
    """Return what is known of a video that is within the page's limits."""
    info = probe(require_there(path))
    if info.width * info.height > LARGEST_VIDEO_PIXELS:
        raise InvalidInput(
            f"this video has {info.width}x{info.height} pixels and the page takes up to 1920x1080; "
            "make it smaller, or use the command line, which has no limit"
        )
    if info.duration is not None and info.duration > LONGEST_VIDEO_S:
        raise InvalidInput(
            f"this video is {in_words(float(info.duration))} long and the page takes up to "
            f"{in_words(LONGEST_VIDEO_S)}; cut it, or use the command line, which has no limit"
        )
    return info


def choose_ending(kind: str, is_transparent: bool) -> str:
    """Return the file's ending; automatic is mp4, and webm where transparency has to be kept.

    Raises:
        InvalidInput: an unknown kind, or mp4 for a transparent background.
    """
    if kind == AUTOMATIC:
        return ".webm" if is_transparent else ".mp4"
    if kind not in FORMATS:
        raise InvalidInput(f"no video format {kind!r}; choose {', '.join(FORMAT_CHOICES)}")
    if is_transparent and kind == "MP4":
        raise InvalidInput("mp4 can't be transparent; choose WebM or ProRes, or a background")
    return FORMATS[kind]


def as_shares(pixel: tuple[int, int], frame: Frame) -> Point:
    """Return where a pixel (column, row) lies, as shares of width and height."""
    height, width = frame.shape[:2]
    column, row = (
        min(max(at, 0), side - 1) for at, side in zip(pixel, (width, height), strict=True)
    )
    return (column + 0.5) / width, (row + 0.5) / height


def preview(picture: Frame | Cutout) -> Frame:
    """Return what the page shows: a cut-out lies on a chequerboard."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3].astype(np.float32) / 255
    board = fit_to(np.dstack([CHECKS] * 3), *alpha.shape, "tile")
    return over(np.ascontiguousarray(picture[..., :3]), alpha, board)


def paled(picture: Frame) -> Frame:
    """Return a picture in pale grey, (H, W, 3)."""
    grey = picture.mean(axis=2, keepdims=True)
    return np.rint(grey + PALENESS * (255 - grey)).astype(np.uint8).repeat(3, axis=2)


def in_words(seconds: float) -> str:
    """Return for instance `8 seconds` or `3 minutes`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} second{'s' if round(seconds) > 1 else ''}"
    return f"{seconds / 60:.1f} minutes".replace(".0", "")
