"""Whether the graphics card decodes and encodes videos here, found out once by trying.

That ffmpeg lists a codec says only that it was built with it: without the driver, or on a card
without the unit (NVIDIA's largest for data centres have no encoder), it fails when it is used.
"""

import contextlib
import logging
from functools import cache

from segmenter.video.process import FFmpeg, executable

# Any error ends it, for the processor to begin again: it conceals damage, the card leaves holes.
DECODING = ("-xerror", "-hwaccel", "cuda")
# As good as x264's `-crf 18`: what is called constant quality here is a bound for frames with much
# motion, and others come out better and larger. Looking ahead and adapting to the picture's parts
# is what x264 does unasked, and so are three frames between others and a key frame in 250.
H264 = (
    "-c:v h264_nvenc -preset p4 -tune hq -profile:v high -rc vbr -cq 19 -b:v 0 -rc-lookahead 16 "
    "-spatial-aq 1 -bf 3 -g 250"
)
_ENCODER = "h264_nvenc"
_QUIETLY = ("-loglevel", "error")
_TRIAL_FRAMES = 8
_TRIAL_SIZE = 640, 360  # pixels; cards refuse very small pictures

log = logging.getLogger(__name__)


def can_decode() -> bool:
    """Tell whether `DECODING` works, on H.264 as nearly all videos are; says so once if not."""
    return _can_decode(executable())


def can_encode(width: int, height: int) -> bool:
    """Tell whether `H264` works for frames of that size in pixels; says so once if not."""
    return _can_encode(executable(), width, height)


@cache
def _can_decode(_program: str) -> bool:
    reason = _why_no_decoder()
    if reason:
        log.warning("the graphics card decodes no videos, the processor does: %s", reason)
    return reason is None


@cache
def _can_encode(_program: str, width: int, height: int) -> bool:
    reason = _why_no_encoder(width, height)
    if reason:
        log.warning(
            "the graphics card encodes no videos of %dx%d, the processor does: %s",
            width,
            height,
            reason,
        )
    return reason is None


def _why_no_decoder() -> str | None:
    listed, _ = _run("-hwaccels")
    if b"cuda" not in listed.split():
        return "ffmpeg was built without NVDEC"
    coded, reason = _run(*_drawn(*_TRIAL_SIZE), "-c:v", "libx264", "-f", "h264", "pipe:1")
    if reason:
        return reason
    # Only frames that are on the card can be fetched from it: in silence ffmpeg decodes by itself.
    fetched = ("-vf", "hwdownload,format=nv12", "-f", "null", "-")
    on_card = (*DECODING, "-hwaccel_output_format", "cuda", "-f", "h264", "-i", "pipe:0")
    return _run(*on_card, *fetched, fed=coded)[1]


def _why_no_encoder(width: int, height: int) -> str | None:
    listed, _ = _run("-encoders")
    if _ENCODER.encode() not in listed.split():
        return "ffmpeg was built without NVENC"
    return _run(*_drawn(width, height), *H264.split(), "-f", "null", "-")[1]


def _drawn(width: int, height: int) -> tuple[str, ...]:
    """Return the options for a few frames that need no file."""
    source = f"testsrc=size={width}x{height}:rate=30,format=yuv420p"
    return ("-f", "lavfi", "-i", source, "-frames:v", str(_TRIAL_FRAMES))


def _run(*arguments: str, fed: bytes = b"") -> tuple[bytes, str | None]:
    """Run ffmpeg and return what it wrote, and when it failed the first thing it said."""
    ffmpeg = FFmpeg(*_QUIETLY, *arguments, is_fed=bool(fed))
    try:
        with contextlib.suppress(OSError):  # it ended early, and its status tells
            if fed:
                ffmpeg.stdin.write(fed)
                ffmpeg.stdin.close()
        written = ffmpeg.stdout.read()
        status = ffmpeg.finish()
    finally:
        ffmpeg.stop()
    said = ffmpeg.messages[0].rsplit("] ", 1)[-1] if ffmpeg.messages else "it gave no reason"
    return written, said if status else None
