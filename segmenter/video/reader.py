"""Reads a video as upright frames at a constant rate, one at a time."""

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import numpy as np

from segmenter.arrays import Frame
from segmenter.device import count_threads
from segmenter.errors import UnreadableVideo
from segmenter.video.colours import TABLE, folder_of_table, needs_table
from segmenter.video.hardware import DECODING, can_decode
from segmenter.video.planes import WEIGHTS, FrameMaker
from segmenter.video.probe import ADVICE, VideoInfo, can_seek, probe
from segmenter.video.process import FFmpeg, input_arguments

_SMALLEST_HD = 720  # pixels, upright short side
# At least so long and so many frames before the one wanted ffmpeg is sent to: for late and early
# stamps, and since frames that lead a key frame may need the key frame before it.
_EARLIER_S, _EARLIER_FRAMES = 1, 16

# As photos are shown: what lies under transparent pixels is arbitrary.
_OVER_WHITE = (
    "format=rgba,split[over][under];[under]drawbox=t=fill:c=white:replace=1,format=rgb24[white];"
    "[white][over]overlay=format=gbrp"
)
# By default it makes all a level or two darker, and gives two pixels beside each other one colour.
_TO_RGB = ("-sws_flags", "bicubic+accurate_rnd+full_chroma_int", "-pix_fmt", "rgb24")
# What the filter calls matrices that it knows by other names than the files.
_SCALERS_NAMES = MappingProxyType({"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"})

# Said by ffmpeg, once, of a picture that changes its size.
_NEW_SIZE = re.compile(r"context - w: (\d+) h: (\d+) .*incoming frame - w: (\d+) h: (\d+) ")

log = logging.getLogger(__name__)


def read_frames(
    path: Path | str, *, info: VideoInfo | None = None, start: int = 0, hardware: bool = False
) -> Iterator[Frame]:
    """Give the frames of a video, each a new (H, W, 3) uint8 RGB array.

    The rate is `VideoInfo.frame_rate`: where the file's own varies or a frame is damaged, frames
    are repeated or dropped. Interlaced frames are made whole, as many as there were; HDR and wide
    colours become those of BT.709; what is transparent is over white. Close the generator to end
    early.

    Args:
        path: any video ffmpeg reads.
        info: what `probe` said, where it is known, to spare a second look.
        start: the number of the first frame given; those before it are skipped, not decoded,
            where the file `can_seek`.
        hardware: decode on the graphics card, where it can and for as long as it goes well.

    Raises:
        UnreadableVideo: it can't be opened, or no frame can be decoded.
    """
    info = info or probe(path)
    is_for_card = hardware and info.decoder is None and can_decode()
    decode = _decode_on_card if is_for_card else _decode
    return decode(Path(path), info, start)


def _decode_on_card(path: Path, info: VideoInfo, start: int) -> Iterator[Frame]:
    """Give all frames, decoded again by the processor from where the card fails."""
    count = 0
    try:
        with closing(_decode(path, info, start, on_card=True)) as frames:
            for frame in frames:
                yield frame
                count += 1
        return
    except UnreadableVideo as error:
        said = str(error).removesuffix(f"; {ADVICE}")
        log.warning("the graphics card gives up, the processor decodes: %s", said)
    with closing(_decode(path, info, start)) as frames:
        yield from islice(frames, count, None)


def _decode(path: Path, info: VideoInfo, start: int, on_card: bool = False) -> Iterator[Frame]:
    make_frame = _frame_maker(info) if _is_plain(info) else None
    arguments = [
        *(DECODING if on_card else ()),
        # One fewer than ffmpeg would take, each with frames of its own; it knows of no quota.
        *("-threads", str(count_threads())),
        *_seek(path, info, start),
        *_keeping_filters(info),
        # A frame may say that it is turned where the file does not; its shape is the file's.
        *(() if info.is_turned else ("-noautorotate",)),
        *(("-c:v", info.decoder) if info.decoder else ()),
        *input_arguments(path),
        *("-map", "0:V:0", "-vf", _filters(info, start), "-fps_mode", "passthrough"),
        # Without the limit eight frames wait to be written.
        *("-thread_queue_size", "1", "-f", "rawvideo"),
        *(("-pix_fmt", info.pixels) if make_frame else _TO_RGB),
        "pipe:1",
    ]
    count = 0
    # ffmpeg's filters find the table in the folder that it runs in.
    with folder_of_table(info.primaries, info.transfer) as folder:
        ffmpeg = FFmpeg(*arguments, folder=folder)
        try:
            while True:
                if (frame := _next_frame(ffmpeg, info, make_frame)) is None:
                    break
                count += 1
                yield frame
            status = ffmpeg.finish()
        finally:
            ffmpeg.stop()
    # A damaged end gives a positive status and the frames before it; a signal is no such thing.
    if count == 0 or status < 0 or (on_card and status):
        raise UnreadableVideo(
            f"{path.name} could not be decoded past frame {count}: {ffmpeg.complaint()}; {ADVICE}"
        )
    _tell_missing(path, info, start + count, status)
    _tell_stretched(path, ffmpeg.messages)


def _is_plain(info: VideoInfo) -> bool:
    """Tell whether frames are made here, of the planes that most videos are stored as."""
    is_known = info.pixels in ("yuv420p", "yuvj420p") and _matrix(info) in WEIGHTS
    return is_known and not info.has_alpha and not needs_table(info.primaries, info.transfer)


def _frame_maker(info: VideoInfo) -> FrameMaker:
    matrix = _matrix(info)
    return FrameMaker(info.height, info.width, matrix, is_full_range=info.is_full_range)


def _next_frame(ffmpeg: FFmpeg, info: VideoInfo, make_frame: FrameMaker | None) -> Frame | None:
    """Return the next frame that ffmpeg gives; None after the last."""
    if make_frame:
        is_whole = ffmpeg.stdout.readinto(make_frame.planes) == make_frame.planes.size
        return make_frame() if is_whole else None
    frame = np.empty((info.height, info.width, 3), np.uint8)
    return frame if ffmpeg.stdout.readinto(frame.reshape(-1)) == frame.size else None


def _tell_missing(path: Path, info: VideoInfo, count: int, status: int) -> None:
    """Warn when a video ended clearly too early: what there is of it is given all the same."""
    if info.lacks(count, is_damaged=status > 0):
        expected = info.expected_count
        log.warning("%s is cut off or damaged: %d of about %d frames", path.name, count, expected)


def _tell_stretched(path: Path, messages: list[str]) -> None:
    """Warn when a picture took another shape on its way, and not only another size."""
    for said in filter(None, map(_NEW_SIZE.search, messages)):
        width, height, new_width, new_height = map(int, said.groups())
        if abs(width * new_height - height * new_width) > max(new_width, new_height):
            log.warning(
                "%s changes its shape on the way, from %dx%d to %dx%d: all is shown in the first",
                path.name, width, height, new_width, new_height,
            )  # fmt: skip
            return


def _seek(path: Path, info: VideoInfo, start: int) -> list[str]:
    """Return the options that begin at the key frame before frame `start`."""
    if not info.has_clock:
        return []
    earlier = max(_EARLIER_S, _EARLIER_FRAMES / info.frame_rate)
    place = float(start / info.frame_rate - earlier + info.delay)
    sent = ["-noaccurate_seek", "-ss", f"{place:.6f}"] if can_seek(path) and place > 0 else []
    return ["-copyts", *sent]


def _keeping_filters(info: VideoInfo) -> list[str]:
    """Return the options that keep the filters running where the picture changes its size.

    Started anew there, they would count time from there on. Only filters that turn a picture, or
    join its fields, have to be started anew: they can't take another size.
    """
    return [] if info.is_turned or info.is_interlaced else ["-reinit_filter", "0"]


def _since_first(info: VideoInfo) -> str:
    """Return the expression, in ffmpeg's terms, of a frame's time since the first one's."""
    if not info.has_clock:
        return "PTS-STARTPTS"
    since = f"PTS-({info.first_time})/TB"
    if info.last_time is None:
        return since
    # Later than the last frame is only the end, by which `fps` leaves that frame out where the
    # file does not say how long it lasts, or that it does not last for long.
    last = info.last_time - info.first_time
    end = f"({last + 1 / info.frame_rate})/TB"
    return f"if(gt({since},({last})/TB+0.5),max({since},{end}),{since})"


def _matrix(info: VideoInfo) -> str:
    """Return what colours are stored by; where the file is silent, what every player takes.

    To ffmpeg, untagged HD would be BT.601 too.
    """
    is_hd = min(info.width, info.height) >= _SMALLEST_HD
    return info.colour_matrix or ("bt709" if is_hd else "smpte170m")


def _filters(info: VideoInfo, start: int) -> str:
    """Return the chain that follows ffmpeg's own turning upright."""
    # Counting time from the first frame keeps rounded time stamps away from the half-frame points
    # where `fps` would repeat one frame and drop the next. If that frame does not decode, or was
    # not asked for, `fps` repeats from time 0 on the one that comes first.
    steps = [f"setpts='round({_since_first(info)})'", f"fps={info.frame_rate}:start_time=0"]
    if start:
        steps.append(f"trim=start_frame={start}")
    if info.is_interlaced:
        # Before any frame is left out: what is missing of one is in its neighbours.
        steps.insert(0, "bwdif=mode=send_frame:deint=interlaced")
    scale = f"scale={info.width}:{info.height}"
    if _is_plain(info):
        # Of what range each frame is, it says itself: in joined files that changes.
        stored = "pc" if info.is_full_range else "tv"
        return ",".join([*steps, f"{scale}:out_range={stored}"])
    if info.colour_matrix == "bt2020c":  # unknown to the filter, and nearly the same
        steps.append("setparams=colorspace=bt2020nc")
    matrix = _matrix(info)  # said here, since the frames of some do not say it
    steps.append(f"{scale}:in_color_matrix={_SCALERS_NAMES.get(matrix, matrix)}")
    if info.has_alpha:
        steps.append(_OVER_WHITE)
    if needs_table(info.primaries, info.transfer):
        steps += ["format=gbrpf32", f"lut3d={TABLE}"]
    return ",".join(steps)
