"""Reads a video as upright frames at a constant rate, one at a time."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from segmenter.arrays import Frame
from segmenter.errors import UnreadableVideo
from segmenter.video.probe import VideoInfo, probe
from segmenter.video.process import FFmpeg, input_arguments

_SMALLEST_HD = 720  # pixels, upright short side


def read_frames(
    path: Path | str, *, largest_height: int | None = None, info: VideoInfo | None = None
) -> Iterator[Frame]:
    """Give the frames of a video, each a new (H, W, 3) uint8 RGB array.

    The rate is `VideoInfo.frame_rate`: where the file's own varies or a frame is damaged, frames
    are repeated or dropped. Close the generator to end early.

    Args:
        path: any video ffmpeg reads.
        largest_height: pixels; taller frames are scaled down, keeping their shape.
        info: what `probe` said, where it is known, to spare a second look.

    Raises:
        UnreadableVideo: it can't be opened, or no frame can be decoded.
    """
    info = info or probe(path)
    return _decode(Path(path), info, *fitted_size(info, largest_height))


def fitted_size(info: VideoInfo, largest_height: int | None) -> tuple[int, int]:
    """Return the width and height of the frames that `read_frames` gives."""
    if largest_height is None or info.height <= largest_height:
        return info.width, info.height
    width = round(info.width * largest_height / info.height / 2) * 2
    return max(2, width), largest_height


def _decode(path: Path, info: VideoInfo, width: int, height: int) -> Iterator[Frame]:
    ffmpeg = FFmpeg(
        *input_arguments(path),
        *("-map", "0:V:0", "-vf", _filters(info, width, height), "-fps_mode", "passthrough"),
        # Without the limit eight frames wait to be written.
        *("-thread_queue_size", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
    )
    count = 0
    try:
        while True:
            frame = np.empty((height, width, 3), np.uint8)
            if ffmpeg.stdout.readinto(frame.reshape(-1)) < frame.size:
                break
            count += 1
            yield frame
        status = ffmpeg.finish()
    finally:
        ffmpeg.stop()
    # A damaged end gives a positive status and the frames before it; a signal is no such thing.
    if count == 0 or status < 0:
        raise UnreadableVideo(
            f"{path.name} could not be decoded past frame {count}: {ffmpeg.complaint()}; "
            "re-encode it, e.g. to H.264 in mp4"
        )


def _filters(info: VideoInfo, width: int, height: int) -> str:
    """Return the chain that follows ffmpeg's own turning upright."""
    # Counting time from the first frame keeps rounded time stamps away from the half-frame points
    # where `fps` would repeat one frame and drop the next.
    chain = f"setpts=PTS-STARTPTS,fps={info.frame_rate},scale={width}:{height}"
    # Untagged HD means bt709 to every player, but bt601 to ffmpeg.
    if info.colour_matrix is None and min(info.width, info.height) >= _SMALLEST_HD:
        chain += ":in_color_matrix=bt709"
    return chain
