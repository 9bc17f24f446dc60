"""Joins the pieces of a video, each written by `VideoWriter` on its own, without coding anew."""

from pathlib import Path

from segmenter.errors import OutputFailed
from segmenter.files import finished
from segmenter.video.formats import require_format
from segmenter.video.probe import VideoInfo
from segmenter.video.process import FFmpeg, file_url
from segmenter.video.writer import inputs_in_step


def join(
    pieces: list[tuple[Path, int]], target: Path, info: VideoInfo, *, sound_from: Path | None = None
) -> None:
    """Write one video whose pictures are those of the pieces, at the exact rate of `info`.

    Args:
        pieces: silent files of `target`'s ending in order, and how many frames each has.
        target: appears whole or not at all.
        info: of the source, as for `VideoWriter`.
        sound_from: the file whose sound is kept, of several tracks the one that plays unasked, in
            step with the pictures.

    Raises:
        OutputFailed: ffmpeg gave up, or the folder can't be written to.
    """
    listed = "ffconcat version 1.0\n" + "".join(_entry(*piece, info) for piece in pieces)
    pictures = ["-f", "concat", "-safe", "0", "-protocol_whitelist", "file,pipe", "-i", "pipe:0"]
    arguments = inputs_in_step(pictures, info, sound_from, require_format(target, alpha=False))
    with finished(target) as part:
        ffmpeg = FFmpeg(*arguments, *_copied(target, info), file_url(part), is_fed=True)
        try:
            ffmpeg.stdin.write(listed.encode())
            status = ffmpeg.finish()
        finally:
            ffmpeg.stop()
        if status != 0:
            raise OutputFailed(f"can't join {target.name}: ffmpeg says {ffmpeg.complaint()}")


def _entry(path: Path, frames: int, info: VideoInfo) -> str:
    quoted = file_url(path).replace("'", r"'\''")
    return f"file '{quoted}'\nduration {float(frames / info.frame_rate):.6f}\n"


def _copied(target: Path, info: VideoInfo) -> list[str]:
    """Return the options that keep the coded pictures and put each on its frame's exact time."""
    # The pieces' starts are in microseconds, which no rate of 30000/1001 falls on.
    rate = f"({info.frame_rate})"
    index = "round({}*TB*" + rate + ")"
    exact = ":".join(
        f"{name}=floor({index.format(name.upper())}/{rate}/TB+0.5)" for name in ("pts", "dts")
    )
    moved = ["-movflags", "+faststart"] if target.suffix.lower() == ".mp4" else []
    return ["-c:v", "copy", "-r", str(info.frame_rate), "-bsf:v", f"setts={exact}", *moved]
