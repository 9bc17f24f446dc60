"""What a video holds, read from ffmpeg's words and the time stamps of its packets.

imageio-ffmpeg ships no ffprobe, and `ffmpeg -i` rounds the rate to two decimals. So one run copies
the coded pictures, without decoding them, into `framecrc`, a list of their exact times.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from segmenter.errors import UnreadableVideo
from segmenter.video.header import Header, read_header
from segmenter.video.packets import Packets, first_time_of, read_packets
from segmenter.video.process import FFmpeg, input_arguments
from segmenter.video.rates import DEFAULT_RATE, as_rounded, constant_rate, exact_rate, typical_rate

VIDEO_ENDINGS = frozenset((
    ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts",
    ".3gp", ".3g2", ".ogv", ".wmv", ".flv", ".f4v", ".asf", ".vob", ".m2v", ".m2t", ".dv", ".mxf",
))  # fmt: skip
_INDEXED = frozenset((".mp4", ".m4v", ".mov", ".webm", ".mkv", ".3gp", ".3g2"))
LARGEST_SIDE = 8192  # pixels
LARGEST_PIXELS = 8192 * 4320

ADVICE = "re-encode it, e.g. to H.264 in mp4"
_SIZE = re.compile(r", (\d+)x(\d+)(?= |,|$)")
_PIXEL_ASPECT = re.compile(r"SAR (\d+):(\d+)")
# DV says which field comes first in each frame only.
_FIELDS = re.compile(r"Video: dvvideo|\([^)]*(top|bottom) (coded )?first")
_CUT = (": partial file", "File ended prematurely")  # said of MP4 and MOV, of Matroska and WebM


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a video before it is decoded."""

    width: int  # pixels, upright and square: after rotation and pixel aspect ratio
    height: int
    frame_rate: Fraction  # frames a second that `read_frames` gives
    frame_count: int  # that `read_frames` will give; an estimate, damage is not foreseen
    duration: Fraction | None  # seconds, of the pictures
    has_sound: bool = False
    is_turned: bool = False  # or mirrored: ffmpeg does so before all filters
    first_time: Fraction = Fraction(0)  # seconds, on the file's own clock, of the first picture
    last_time: Fraction | None = None  # of the last one
    is_timed: bool = True  # else the file tells only their order
    has_jumps: bool = False  # that clock starts anew in between, as in files joined end to end
    delay: Fraction = Fraction(0)  # seconds from the start of the file to the first picture
    # ffmpeg's names; None when the file does not say.
    colour_matrix: str | None = None
    primaries: str | None = None
    transfer: str | None = None
    pixels: str | None = None
    is_full_range: bool = False  # brightness from 0 to 255, rather than 16 to 235
    has_alpha: bool = False
    decoder: str | None = None  # ffmpeg's name, where it must be asked for
    is_interlaced: bool = False  # as stored, in at least some of its frames
    promised_count: int | None = None  # frames that a file whose end is missing had; an estimate

    @property
    def has_clock(self) -> bool:
        """Whether the times in the file are those of its pictures from the first to the last."""
        return self.is_timed and not self.has_jumps

    @property
    def expected_count(self) -> int:
        """How many frames the whole file has, an estimate."""
        return self.promised_count or self.frame_count

    def lacks(self, count: int, *, is_damaged: bool = False) -> bool:
        """Tell whether a video of which so many frames came is clearly cut off.

        Formats that guess their length, or begin before a key frame, may lack some frames unharmed.
        """
        missing = self.expected_count - count
        is_known = self.promised_count is not None or is_damaged
        is_much = missing > self.frame_rate and count < 0.9 * self.expected_count
        return missing > 1 and (is_known or is_much)


def probe(path: Path | str) -> VideoInfo:
    """Find a video's upright size, exact rate, length and sound.

    Reads the whole file once without decoding it, about as fast as the disk.

    Raises:
        UnreadableVideo: it is missing, empty, damaged, too large, or no video.
    """
    path = Path(path)
    _require_file(path)
    packets = read_packets(path)
    header = read_header(packets.messages)
    if not header.video:
        raise _refusal(path, packets.messages)
    info = _describe(path, header, packets)
    is_cut = any(words in line for line in packets.messages for words in _CUT)
    if is_cut and header.file_duration:
        return replace(info, promised_count=round(header.file_duration * info.frame_rate))
    return info


def can_seek(path: Path) -> bool:
    """Tell whether a file's index leads to the frame wanted; other formats make ffmpeg guess."""
    return path.suffix.lower() in _INDEXED


def header_of(path: Path | str) -> Header:
    """Return what ffmpeg says of a file, of sound alone too.

    Raises:
        UnreadableVideo: the file can't be opened.
    """
    path = Path(path)
    _require_file(path)
    ffmpeg = FFmpeg(*input_arguments(path))
    try:
        ffmpeg.finish()
    finally:
        ffmpeg.stop()
    if not any("Stream #" in line for line in ffmpeg.messages):
        raise _refusal(path, ffmpeg.messages)
    return read_header(ffmpeg.messages)


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise UnreadableVideo(f"{path} is a folder; give a video file")
    try:
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except OSError as error:
        raise UnreadableVideo(f"{path} can't be opened: {error.strerror}; check it") from error
    except ValueError as error:  # a zero in the name
        raise UnreadableVideo(f"{str(path)!r} can't be opened: {error}; check it") from error
    if is_empty:
        raise UnreadableVideo(f"{path.name} is empty; copy or download it again")


def _refusal(path: Path, messages: list[str]) -> UnreadableVideo:
    said = "\n".join(messages)
    if "Stream #" in said:
        return UnreadableVideo(f"{path.name} has no video stream; give a file with a picture")
    with path.open("rb") as file:
        is_mp4 = file.read(8)[4:] == b"ftyp"
    if is_mp4 and "moov atom not found" in said:
        return UnreadableVideo(
            f"{path.name} is cut short: its index (moov) is missing; copy or download it again"
        )
    return UnreadableVideo(f"{path.name} is not a video that can be read; {ADVICE}")


def _describe(path: Path, header: Header, packets: Packets) -> VideoInfo:
    if not len(packets.ticks):
        raise UnreadableVideo(f"{path.name} holds no pictures; {ADVICE}")
    first_time = int(packets.ticks[0]) * packets.time_base
    # A file with an index has one clock, on which its pictures may rest for long.
    has_jumps = packets.has_jumps and not can_seek(path)
    if has_jumps:
        first_time = first_time_of(path, "0:V:0")
        packets = read_packets(path, on_one_clock=True)
    width, height = _upright_size(path, header)
    hints = [
        exact_rate(float(found) * (1000 if thousand else 1))
        for unit in ("tbr", "fps")
        for found, thousand in re.findall(rf", ([\d.]+)(k?) {unit}", header.video)
    ]
    rate, duration = _timing(packets, hints)
    matrix, primaries, transfer = header.colours
    return VideoInfo(
        width=width,
        height=height,
        frame_rate=rate,
        frame_count=max(1, round(duration * rate)),
        duration=duration,
        has_sound=header.sound is not None,
        is_turned=header.is_turned,
        first_time=first_time,
        last_time=int(packets.ticks[-1]) * packets.time_base,
        is_timed=packets.is_timed,
        has_jumps=has_jumps,
        delay=max(Fraction(0), first_time - header.file_start),
        colour_matrix=matrix,
        primaries=primaries,
        transfer=transfer,
        pixels=header.pixels,
        is_full_range=header.is_full_range,
        has_alpha=header.has_alpha,
        decoder=header.decoder,
        is_interlaced=_FIELDS.search(header.video) is not None,
    )


def _timing(packets: Packets, hints: list[Fraction]) -> tuple[Fraction, Fraction]:
    """Return the rate and the duration in seconds."""
    ticks, length, time_base = packets.ticks, packets.last_length, packets.time_base
    if len(ticks) == 1:
        rate = next((hint for hint in hints if 1 <= hint <= 240), DEFAULT_RATE)
        return rate, max(length * time_base, 1 / rate)
    rounded = as_rounded(ticks, time_base)
    if rate := constant_rate(*rounded, hints):
        return rate, len(ticks) / rate
    rate = typical_rate(*rounded, hints)
    return rate, int(ticks[-1] - ticks[0]) * time_base + max(length * time_base, 1 / rate)


def _upright_size(path: Path, header: Header) -> tuple[int, int]:
    """Return the width and height of the picture as it is meant to be seen."""
    found = _SIZE.search(header.video)
    if not found or "0" in found.groups():
        raise UnreadableVideo(f"{path.name} does not say how large its picture is; {ADVICE}")
    width, height = (
        max(1, int(stored) - hidden)
        for stored, hidden in zip(found.groups(), header.cropping, strict=True)
    )
    if aspect := _PIXEL_ASPECT.search(header.video):
        across, down = max(1, int(aspect[1])), max(1, int(aspect[2]))
        width = max(1, round(width * across / down))
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PIXELS:
        raise UnreadableVideo(
            f"{path.name} is {width}x{height} pixels; at most {LARGEST_SIDE}x4320 can be read"
        )
    is_on_its_side = abs(round(header.rotation)) % 180 == 90
    return (height, width) if is_on_its_side else (width, height)
