"""What ffmpeg says of a file before it works on it."""

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import takewhile
from types import MappingProxyType

from segmenter.video.process import decoded_codecs

_AFTER_INPUT = ("Output #", "Stream mapping")  # what follows is no longer about the file
_COVER_ART = ("(attached pic)", "(timed thumbnails)")
# Streams that belong together, as a picture and its time code, stand in a group, before the others.
_STREAM = re.compile(r"^ +Stream (?:#0:(\d+)|group )")
_ROTATION = re.compile(r"display ?matrix: rotation of (-?[\d.]+)", re.IGNORECASE)
_TURNED = re.compile(r"display ?matrix", re.IGNORECASE)
_CROPPING = re.compile(r"Frame Cropping: (\d+)/(\d+)/(\d+)/(\d+)")  # left, right, top, bottom
_FILE_DURATION = re.compile(r"^ +Duration: (\d+):(\d+):([\d.]+),")
_FILE_START = re.compile(r"^ +Duration: .*start: (-?[\d.]+)")
_COLOURS = re.compile(r", \w+\(([^)]*)\S*\), \d+x\d+")
_PIXELS = re.compile(r", (\w+)(?:\(([^)]*)\S*\))?, \d+x\d+")
_WITH_ALPHA = ("yuva", "rgba", "argb", "bgra", "abgr", "gbrap", "ya8", "ya16")
_ALPHA_BESIDE = re.compile(r"alpha_mode +: 1", re.IGNORECASE)  # in VP8 and VP9, a second picture
# ffmpeg's own decoders of these leave the alpha out.
_DECODERS = MappingProxyType({"vp8": "libvpx", "vp9": "libvpx-vp9"})
_MATRICES = frozenset(["bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc", "bt2020c"])


@dataclass(frozen=True)
class Sound:
    """A sound track."""

    codec: str | None  # ffmpeg's name; None where ffmpeg can't read it
    is_default: bool  # players choose it unasked


@dataclass(frozen=True)
class Header:
    """What is told of a file."""

    video: str  # ffmpeg's line about the picture; "" without one
    pixels: str | None  # ffmpeg's name for what the picture is stored as
    is_full_range: bool  # brightness from 0 to 255, rather than 16 to 235
    has_alpha: bool
    rotation: float  # degrees
    is_turned: bool  # or mirrored, by ffmpeg, before all filters
    cropping: tuple[int, int]  # pixels of the stored width and height that are not to be seen
    sounds: list[Sound]  # in the file's order
    file_start: Fraction  # seconds
    file_duration: Fraction | None  # seconds, as the file says, of its longest track

    @property
    def sound(self) -> int | None:
        """Number of the sound track to keep: the first that plays unasked, else the first."""
        known = [number for number, sound in enumerate(self.sounds) if sound.codec]
        preferred = [number for number in known if self.sounds[number].is_default]
        return next(iter(preferred + known), None)

    @property
    def decoder(self) -> str | None:
        """Name of the decoder that must be asked for; None where ffmpeg's choice does."""
        codec = re.search(r" Video: (\w+)", self.video)
        return _DECODERS.get(codec[1]) if codec and self.has_alpha else None

    @property
    def colours(self) -> tuple[str | None, str | None, str | None]:
        """Matrix, primaries and curve by ffmpeg's names; None for what the file does not say."""
        found = _COLOURS.search(self.video)
        for word in found[1].split(", ") if found else []:
            names = word.split("/") if "/" in word else [word] * 3
            if names[0] in _MATRICES or len(set(names)) > 1:
                matrix, *others = (None if name == "unknown" else name for name in names)
                return matrix if matrix in _MATRICES else None, *others
        return None, None, None


def read_header(messages: list[str]) -> Header:
    """Pick the first picture that is no cover art, what is said of it, and the sounds."""
    start, duration = Fraction(0), None
    of_input = list(takewhile(lambda line: not line.startswith(_AFTER_INPUT), messages))
    for line in of_input:
        if found := _FILE_START.match(line):
            start = Fraction(found[1])
        if found := _FILE_DURATION.match(line):
            duration = 3600 * int(found[1]) + 60 * int(found[2]) + Fraction(found[3])
    streams = streams_of(of_input)
    picture = next((lines for lines in streams if is_picture(lines[0])), [""])
    sounds = [sound_of(lines[0]) for lines in streams if " Audio: " in lines[0]]
    said = "\n".join(picture)
    rotation, cropping = _ROTATION.search(said), _CROPPING.search(said)
    left, right, top, bottom = map(int, cropping.groups()) if cropping else (0, 0, 0, 0)
    found = _PIXELS.search(picture[0])
    pixels, details = found.groups("") if found else ("", "")
    return Header(
        video=picture[0],
        pixels=pixels or None,
        is_full_range=pixels.startswith("yuvj") or details.split(",")[0] == "pc",
        has_alpha=pixels.startswith(_WITH_ALPHA) or _ALPHA_BESIDE.search(said) is not None,
        rotation=float(rotation[1]) if rotation else 0.0,
        is_turned=_TURNED.search(said) is not None,
        cropping=(left + right, top + bottom),
        sounds=sounds,
        file_start=start,
        file_duration=duration,
    )


def streams_of(messages: list[str]) -> list[list[str]]:
    """Return what ffmpeg says of each stream, a list of lines, in the file's order."""
    streams: dict[int, list[str]] = {}
    current: list[str] | None = None
    for line in messages:
        if found := _STREAM.match(line):
            current = streams.setdefault(int(found[1]), []) if found[1] else None
        if current is not None:
            current.append(line)
    return [streams[number] for number in sorted(streams)]


def is_picture(line: str) -> bool:
    """Tell whether a stream is a video, and no cover art."""
    return " Video: " in line and not line.endswith(_COVER_ART)


def sound_of(line: str) -> Sound:
    """Read ffmpeg's line about a sound track."""
    codec = re.split(r"[ ,]", line.split(" Audio: ")[1])[0]
    return Sound(codec if codec in decoded_codecs() else None, "(default)" in line)
