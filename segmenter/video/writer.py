"""Writes frames and the sound of another file as a video that appears whole or not at all."""

import contextlib
import errno
import logging
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from segmenter.arrays import Cutout, Frame
from segmenter.device import count_threads
from segmenter.errors import InvalidInput, OutputFailed
from segmenter.files import finished
from segmenter.video.formats import Format, require_format
from segmenter.video.hardware import can_encode
from segmenter.video.packets import first_time_of
from segmenter.video.planes import PlaneMaker
from segmenter.video.probe import VideoInfo, header_of
from segmenter.video.process import FFmpeg, file_url, input_arguments

# Named in the file and used in the conversion, so that every player shows the colours written.
_COLOURS = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709"
_NAMED = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
_CONVERTED = (
    "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int," + _NAMED
)

log = logging.getLogger(__name__)


class VideoWriter:
    """Writes `.mp4` (H.264), `.webm` (VP9) or `.mov` (ProRes 4444) inside a `with` block.

    The first frame decides the size. The file appears when the block ends well; when it raises,
    ffmpeg is stopped and nothing is left.
    """

    def __init__(
        self, path: Path | str, info: VideoInfo, *, sound_from: Path | None = None,
        alpha: bool = False, hardware: bool = False,
    ):  # fmt: skip
        """Check what is asked; nothing is opened yet.

        Args:
            path: its ending chooses the format.
            info: of the source: its rate, and when its first picture comes, for the sound.
            sound_from: the file whose sound, the track that plays unasked, is kept in step.
            alpha: True to write cut-outs (H, W, 4), False to write frames (H, W, 3).
            hardware: encode on the graphics card, where it can: `.mp4` only.

        Raises:
            InvalidInput: the ending is unknown, or can't keep transparency.
        """
        self._path = Path(path)
        self._info = info
        self._sound_from = sound_from
        self._channels = 4 if alpha else 3
        self._hardware, self._is_on_card = hardware, False
        self._format = require_format(self._path, alpha)
        opaque = "yuv420p" if self._format.halves_colour else "rgb24"
        self._pixels = "rgba" if alpha else opaque  # as ffmpeg is given them
        self._shape: tuple[int, ...] | None = None
        self._to_planes: PlaneMaker | None = None
        self._ffmpeg: FFmpeg | None = None
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "VideoWriter":
        """Make the temporary file.

        Raises:
            OutputFailed: the folder can't be written to.
        """
        self._part = self._stack.enter_context(finished(self._path))
        self._stack.push(self._end)  # before the part is renamed or thrown away
        return self

    def write(self, picture: Frame | Cutout) -> None:
        """Add one frame (H, W, 3) or, with alpha, cut-out (H, W, 4), uint8.

        Raises:
            InvalidInput: it has another shape than the first, or the wrong number of channels.
            OutputFailed: ffmpeg gave up.
        """
        if self._ffmpeg is None:
            self._start(picture)
        if picture.shape != self._shape or picture.dtype != np.uint8:
            raise InvalidInput(
                f"expected {self._shape} uint8 like the first frame of {self._path.name}, "
                f"got {picture.shape} {picture.dtype}"
            )
        height, width = self._stored_size()
        rows, columns = height - picture.shape[0], width - picture.shape[1]
        if rows or columns:
            picture = cv2.copyMakeBorder(picture, 0, rows, 0, columns, cv2.BORDER_REPLICATE)
        try:
            for plane in self._to_planes(picture) if self._to_planes else (picture,):
                self._ffmpeg.stdin.write(np.ascontiguousarray(plane).reshape(-1))
        except OSError as error:
            # It has ended, or has closed its end of the pipe and is about to.
            self._ffmpeg.finish()
            raise self._failure() from error

    def __exit__(self, *error: Any) -> None:
        """Complete the file, or after an error end ffmpeg and leave nothing.

        Raises:
            OutputFailed: no frame was written, or ffmpeg gave up.
        """
        self._stack.__exit__(*error)

    def _end(self, kind: type[BaseException] | None, *_: Any) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            if self._ffmpeg:
                self._ffmpeg.stop()

    def _start(self, picture: Frame | Cutout) -> None:
        if picture.ndim != 3 or picture.shape[2] != self._channels or picture.size == 0:
            raise InvalidInput(
                f"expected (H, W, {self._channels}) for {self._path.name}, got {picture.shape}"
            )
        self._shape = picture.shape
        if self._pixels == "yuv420p":
            self._to_planes = PlaneMaker(*self._stored_size())
        self._ffmpeg = FFmpeg(*self._arguments(), is_fed=True)

    def _arguments(self) -> list[str]:
        height, width = self._stored_size()
        video = self._format.with_alpha if self._channels == 4 else self._format.opaque
        if self._hardware and self._format.on_card and can_encode(width, height):
            video, self._is_on_card = self._format.on_card, True
        pictures = ["-f", "rawvideo", "-pix_fmt", self._pixels, "-video_size", f"{width}x{height}"]
        pictures += ["-framerate", str(self._info.frame_rate), "-i", "pipe:0"]
        arguments = inputs_in_step(pictures, self._info, self._sound_from, self._format)
        filters = _NAMED if self._pixels == "yuv420p" else _CONVERTED
        arguments += ["-vf", filters, "-fps_mode", "passthrough", *video.split()]
        # x264 alone takes half as many threads again, and a container's quota is unknown to all.
        arguments += ["-threads", str(count_threads()), *_COLOURS.split()]
        return [*arguments, file_url(self._part)]

    def _stored_size(self) -> tuple[int, int]:
        height, width = self._shape[:2]
        return (height + height % 2, width + width % 2) if self._format.is_even else (height, width)

    def _finish(self) -> None:
        if self._ffmpeg is None:
            raise OutputFailed(f"can't write {self._path.name}: there was no frame to write")
        if self._ffmpeg.finish() != 0:
            raise self._failure()

    def _failure(self) -> OutputFailed:
        said = self._ffmpeg.complaint()
        hint = ""
        if os.strerror(errno.ENOSPC) in said:
            hint = "; free some space, or choose another folder"
        elif self._is_on_card:
            # It encodes few videos at once, and others may have come since it was tried.
            hint = "; the graphics card may be busy: try again later, or with --device cpu"
        return OutputFailed(f"can't write {self._path}: ffmpeg says {said}{hint}")


def inputs_in_step(
    pictures: list[str], info: VideoInfo, sound_from: Path | None, form: Format
) -> list[str]:
    """Return ffmpeg's options for the inputs: pictures, and with them in step the sound.

    Args:
        pictures: the options of the input that holds them, from time 0 on.
        info: of the source.
        sound_from: the file whose sound is kept, None for silence.
        form: of the file to be written.
    """
    header = header_of(sound_from) if sound_from else None
    track = header.sound if header else None
    if header and header.sounds and track is None:
        log.warning("%s: ffmpeg can't read its sound, the result is silent", sound_from.name)
    clock = [] if info.has_jumps else ["-copyts"]
    start = ["-loglevel", "error", "-y", *clock, "-itsoffset"]
    if track is None:
        return [*start, _seconds(Fraction(0)), *pictures, "-map", "0:v:0"]
    # Whole frames of the delay are kept by the pictures, the rest by the sound, so that neither
    # needs a time the format can't hold.
    late = round(info.delay * info.frame_rate) / info.frame_rate
    # `-copyts` and this offset count the sound's time from the first picture. Without it, ffmpeg
    # counts from the first sound.
    offset = late - info.first_time
    if info.has_jumps:
        offset += first_time_of(sound_from, f"0:a:{track}")
    sound = ["-itsoffset", _seconds(offset), "-vn", *input_arguments(sound_from)]
    is_known = header.sounds[track].codec in form.copied_sound
    is_copied = is_known and _can_copy(sound_from, track, form)
    # However little of it can be decoded: the pictures are not lost for its sake.
    coded = ["-c:a", "copy"] if is_copied else ["-max_error_rate", "1", *form.sound.split()]
    mapped = ["-map", "0:v:0", "-map", f"1:a:{track}"]
    return [*start, _seconds(late), *pictures, *sound, *mapped, *coded]


def _can_copy(source: Path, track: int, form: Format) -> bool:
    """Tell whether a sound goes into the format as it is, from its start to its end, by trying.

    MP4 refuses MP3 of few samples a second; and one damaged packet of a kind that is changed on
    its way, as AAC from a broadcast is, would end the writing.
    """
    # Not into a pipe: for that, ffmpeg does not change AAC as it does for a file.
    copied = ["-map", f"0:a:{track}", "-c", "copy", "-f", form.name, os.devnull]
    ffmpeg = FFmpeg("-loglevel", "error", "-y", "-vn", *input_arguments(source), *copied)
    try:
        return ffmpeg.finish() == 0
    finally:
        ffmpeg.stop()


def _seconds(time: Fraction) -> str:
    return f"{float(time):.6f}"
