"""The exact times of a file's coded pictures or sounds, read without decoding them."""

import re
from array import array
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmenter.video.process import FFmpeg, input_arguments

_NO_TIME = -(1 << 63)  # AV_NOPTS_VALUE
_DISCARDED = 4  # AV_PKT_FLAG_DISCARD: an edit list hides the picture
_FIRST_LINES = 24  # ffmpeg's words and some packets: the first one shown is among them
# Seconds, back or ahead, after which ffmpeg takes a clock for one that starts anew.
_JUMP_BACK_S, _JUMP_AHEAD_S = 0.1, 10
_BACK = re.compile(r"Non-monoton\w+ DTS.*previous: (-?\d+), current: (-?\d+)")


@dataclass(frozen=True)
class Packets:
    """What is known of a stream's packets."""

    ticks: NDArray[np.int64]  # when each is shown, sorted, in units of `time_base`
    last_length: int  # ticks
    time_base: Fraction  # seconds
    is_timed: bool  # else the file tells only the order of storing
    has_jumps: bool  # the clock starts anew in between, as in files joined end to end
    messages: list[str]  # of ffmpeg


def read_packets(
    path: Path, stream: str = "0:V:0", *, most: int | None = None, on_one_clock: bool = False
) -> Packets:
    """Read the times of a stream's packets.

    Args:
        path: the file.
        stream: which one, as ffmpeg's `-map` has it.
        most: so many lines of ffmpeg's list, a dozen before the first packet, are enough.
        on_one_clock: let ffmpeg join clocks that start anew, and count from the start; else times
            are those in the file.
    """
    clock = [] if on_one_clock else ["-copyts"]
    listed = ["-map", stream, "-c", "copy", "-f", "framecrc", "-"]
    ffmpeg = FFmpeg(*clock, *input_arguments(path), *listed)
    time_base = Fraction(1, 1000)
    stored, shown, lengths = array("q"), array("q"), array("q")
    try:
        for line in islice(ffmpeg.stdout, most):
            if line.startswith(b"#tb 0:"):
                time_base = Fraction(line.split(b":")[1].strip().decode())
            fields = line.split(b",")
            if line.startswith(b"#") or len(fields) < 5 or _is_discarded(fields):
                continue
            stored.append(int(fields[1]))
            shown.append(int(fields[2]))
            lengths.append(int(fields[3]))
        if most is None:
            ffmpeg.finish()
    finally:
        ffmpeg.stop()
    is_timed = _NO_TIME not in shown  # AVI is not, nor are some MPEG files
    ticks = np.frombuffer(shown if is_timed else stored, np.int64)
    if not is_timed and shown[0] != _NO_TIME:  # MPEG-PS tells when its first is shown
        ticks = ticks + (shown[0] - stored[0])
    length = lengths[int(ticks.argmax())] if len(ticks) else 0
    ahead = np.diff(np.frombuffer(stored, np.int64)).max(initial=0)
    # ffmpeg lists none that goes back, but says so.
    said = _BACK.findall("\n".join(ffmpeg.messages))
    back = max((int(before) - int(now) for before, now in said), default=0)
    has_jumps = back * time_base > _JUMP_BACK_S or int(ahead) * time_base > _JUMP_AHEAD_S
    return Packets(np.sort(ticks), max(0, length), time_base, is_timed, has_jumps, ffmpeg.messages)


def first_time_of(path: Path, stream: str) -> Fraction:
    """Return the time in seconds, on the file's own clock, of what a stream shows first; else 0."""
    packets = read_packets(path, stream, most=_FIRST_LINES)
    return int(packets.ticks[0]) * packets.time_base if len(packets.ticks) else Fraction(0)


def _is_discarded(fields: list[bytes]) -> bool:
    flags = [field.strip() for field in fields[5:] if field.strip().startswith(b"F=0x")]
    return bool(flags and int(flags[0][4:], 16) & _DISCARDED)
