"""Small clips made by the ffmpeg that imageio-ffmpeg ships, and what ffprobe says of them."""

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

needs_ffprobe = pytest.mark.skipif(
    shutil.which("ffprobe") is None, reason="ffprobe judges the files; apt-get install ffmpeg"
)

_CODECS = {
    ".mp4": "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    ".mov": "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a pcm_s16le",
    ".mkv": "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    ".ts": "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
    ".mpg": "-c:v mpeg2video -q:v 2 -c:a mp2",
    ".webm": "-c:v libvpx -deadline realtime -cpu-used 8 -threads 1 -c:a libopus",
    ".avi": "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le",
}


def ffmpeg(*arguments: str | Path) -> bytes:
    """Run ffmpeg and return what it wrote to `-`; any error fails the test.

    Args:
        arguments: text is split at blanks; a path stays whole.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-nostdin"]
    for argument in arguments:
        command += argument.split() if isinstance(argument, str) else [str(argument)]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def make_clip(
    path: Path,
    picture: str = "testsrc2",
    *,
    rate: str = "30000/1001",
    seconds: float = 1,
    size: tuple[int, int] = (160, 120),
    sound: str | None = "sine=f=440:r=48000",
    options: str = "",
) -> Path:
    """Make a clip; its ending chooses the codecs, `options` come last and win.

    Args:
        path: where.
        picture: a lavfi source, with filters after it where wanted; `s` and `r` are set.
        rate: frames a second.
        seconds: length.
        size: (width, height).
        sound: a lavfi source, None for a silent clip.
        options: further output options, split at blanks.
    """
    source, _, filters = picture.partition(",")
    joint = ":" if "=" in source else "="
    source += f"{joint}s={size[0]}x{size[1]}:r={rate}" + ("," + filters if filters else "")
    inputs = ["-f lavfi -i", source] + (["-f lavfi -i", sound] if sound else [])
    ffmpeg(*inputs, f"-t {seconds}", _CODECS[path.suffix], options, path)
    return path


def make_numbered(path: Path, **settings: object) -> Path:
    """Make a clip whose frame N is grey of luma 16 + 4 (N mod 54), for `grey_number` to read."""
    picture = "nullsrc,geq=lum='16+mod(4*N,216)':cb=128:cr=128"
    return make_clip(path, picture, **{"sound": None, "size": (64, 48), **settings})


def grey_number(frame: np.ndarray) -> int:
    """Return the number, modulo 54, of a frame that `make_numbered` drew."""
    level = float(frame[8:-8, 8:-8].mean())
    # Luma 16 to 235 became 0 to 255.
    return round(level * 219 / 255 / 4)


def make_unsteady(path: Path) -> Path:
    """Make 3 seconds at about 30 frames a second, each up to 9 ms early or late, with sound."""
    picture = "testsrc2,settb=1/1000,setpts='round(1000*N/30+9*sin(N*1.7))'"
    return make_clip(
        path, picture, rate="30", seconds=3, options="-fps_mode passthrough -enc_time_base 1:1000"
    )


def make_flash(path: Path, *, rate: str = "30000/1001", seconds: float = 2, **settings) -> Path:
    """Make a black, silent clip that turns white and beeps from 1.0 s to 1.2 s."""
    picture = "color=black,drawbox=c=white:t=fill:enable='between(t,1,1.2)'"
    sound = "aevalsrc='if(between(t,1,1.2),0.8*sin(2*PI*1000*t),0)':s=48000"
    size = (64, 48)
    return make_clip(path, picture, rate=rate, seconds=seconds, size=size, sound=sound, **settings)


def flash_and_beep(path: Path) -> tuple[float, float]:
    """Return the times in seconds, on the file's clock, when white and when sound begin."""
    times = ffprobe(path, "-select_streams", "v:0", "-show_entries", "frame=pts_time")["frames"]
    grey = "-map 0:v:0 -fps_mode passthrough -vf scale=1:1 -pix_fmt gray -f rawvideo -"
    levels = np.frombuffer(ffmpeg("-i", path, grey), np.uint8)
    flash = float(times[int(np.argmax(levels > 128))]["pts_time"])
    listed = ffmpeg("-copyts", "-i", path, "-map 0:a:0 -c:a pcm_s16le -f framecrc -")
    lines = listed.decode().splitlines()
    tick = next(Fraction(line.split(":")[1].strip()) for line in lines if line.startswith("#tb"))
    start = float(int(next(line for line in lines if line[0] != "#").split(",")[2]) * tick)
    plain = "-map 0:a:0 -ac 1 -ar 48000 -f s16le -"
    samples = np.frombuffer(ffmpeg("-copyts", "-i", path, plain), np.int16).astype(int)
    return flash, start + int(np.argmax(abs(samples) > 6000)) / 48000


def ffprobe(path: Path, *arguments: str) -> dict:
    """Return what ffprobe says, as parsed JSON."""
    command = ["ffprobe", "-v", "error", "-of", "json", *arguments, str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def streams_of(path: Path) -> dict[str, dict]:
    """Return ffprobe's record of the `video` and `audio` stream, packets counted."""
    found = ffprobe(path, "-show_streams", "-count_packets")["streams"]
    return {stream["codec_type"]: stream for stream in found}


def duration_of(path: Path) -> float:
    """Return the file's length in seconds, by ffprobe."""
    return float(ffprobe(path, "-show_entries", "format=duration")["format"]["duration"])
