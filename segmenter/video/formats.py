"""The kinds of video files that are written, and ffmpeg's options for each."""

from dataclasses import dataclass
from pathlib import Path

from segmenter.errors import InvalidInput
from segmenter.video.hardware import H264


@dataclass(frozen=True)
class Format:
    """How one kind of file is made."""

    name: str  # ffmpeg's
    opaque: str  # ffmpeg's options, for frames
    with_alpha: str | None  # for cut-outs; None where the format has no alpha
    copied_sound: frozenset[str]  # codecs that its players take as they are
    sound: str  # for all others
    is_even: bool = False  # width and height must be
    halves_colour: bool = False  # of opaque frames: yuv420p
    on_card: str | None = None  # for frames, by the graphics card


_FORMATS = {
    ".mp4": Format(
        "mp4",
        # Looking ahead in a thread of its own keeps more frames, for the same result.
        "-c:v libx264 -preset veryfast -crf 18 -x264-params sync-lookahead=0 -pix_fmt yuv420p"
        " -movflags +faststart",
        None,
        frozenset(("aac", "mp3", "ac3", "eac3", "alac")),
        # Others, such as a recorder's sixteen channels, become the nearest of these.
        "-af aformat=channel_layouts=7.1|6.1|5.1|5.0|4.0|3.0|stereo|mono -c:a aac -b:a 192k",
        is_even=True,
        halves_colour=True,
        on_card=f"{H264} -pix_fmt yuv420p -movflags +faststart",
    ),
    ".webm": Format(
        "webm",
        "-c:v libvpx-vp9 -pix_fmt yuv420p -crf 28 -b:v 0 -deadline realtime -cpu-used 7 -row-mt 1",
        # The encoder of the alpha plane can't use frames out of order.
        "-c:v libvpx-vp9 -pix_fmt yuva420p -crf 28 -b:v 0 -deadline realtime -cpu-used 7 -row-mt 1"
        " -auto-alt-ref 0",
        frozenset(("opus", "vorbis")),
        # The only layouts it takes; DVDs have 5.1(side).
        "-af aformat=channel_layouts=7.1|6.1|5.1|5.0|quad|3.0|stereo|mono -c:a libopus -b:a 128k",
        halves_colour=True,
    ),
    ".mov": Format(
        "mov",
        "-c:v prores_ks -profile:v 4444 -qscale:v 4 -vendor apl0 -pix_fmt yuv444p10le",
        "-c:v prores_ks -profile:v 4444 -qscale:v 4 -vendor apl0 -pix_fmt yuva444p10le",
        frozenset(("aac", "mp3", "alac")),
        # It has no times of its own: what is missing in between is filled with silence. So sound
        # that is stored so already is not copied either; 24 bits hold it unchanged.
        "-af aresample=async=1 -c:a pcm_s24le",
    ),
}


def require_format(path: Path, alpha: bool) -> Format:
    """Return how a file of this ending is made.

    Raises:
        InvalidInput: the ending is unknown, or can't keep transparency.
    """
    ending = path.suffix.lower()
    if ending not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise InvalidInput(f"can't write a video as {path.name}; its ending must be one of {known}")
    if alpha and _FORMATS[ending].with_alpha is None:
        keeping = " or ".join(name for name, made in _FORMATS.items() if made.with_alpha)
        raise InvalidInput(
            f"{ending} keeps no transparency; name the file {keeping}, or choose a background"
        )
    return _FORMATS[ending]
