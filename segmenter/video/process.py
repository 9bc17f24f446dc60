"""One running ffmpeg, the program that imageio-ffmpeg ships.

imageio-ffmpeg's own `read_frames` and `write_frames` take the rate as a float, know neither sound
offsets nor alpha, and its header parser neither rotation nor pixel aspect; so only its program is
used, with the pipes handled here.
"""

import atexit
import contextlib
import os
import re
import signal
import subprocess
import threading
from collections import deque
from functools import cache
from pathlib import Path
from typing import IO

import imageio_ffmpeg

from segmenter.errors import MissingExtra

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

# Demuxers a video may need, and those of sound alone so that it gets its own message. Not on the
# list: playlists, scripts and pictures, which could make ffmpeg open other files than the given.
_DEMUXERS = (
    "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,asf,asf_o,ogg,mxf,dv,rm,gif,h264,hevc"
    ",m4v,mjpeg,nut,swf,vob,ivf,obu,apng,yuv4mpegpipe,mp3,wav,flac,aac,aiff,amr,ac3,w64,au,caf"
)
_INSTALL = "pip install imageio-ffmpeg, or set IMAGEIO_FFMPEG_EXE to one that works"
_OLDEST = 6  # older ones can't be told how many frames may wait to be written
_VERSION = re.compile(r"ffmpeg version n?(\d+)\.")  # none in one built between two versions
_PIPE_BYTES = 1 << 20  # as large as Linux allows an ordinary user
_KEPT_LINES = 5000
# For glibc: pictures freed go back to the system. It would keep them for smaller things, which
# scatters them, and takes 10 to 20 MB more of a 1080p video, for no time that can be measured.
_RETURNING = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20)}
_ADDRESS = re.compile(r"^(?:\[[^\]]* @ 0x[0-9a-f]+\] )+")
_DECODED = re.compile(r"^ D\S{5} (\w+)", re.MULTILINE)
# What ffmpeg says after the line that names the cause; the last two are its count at the end.
_AFTERWORDS = (
    "Conversion failed",
    "Error opening output",
    "Error selecting an encoder",
    "Error opening input file",
    "Task finished with error",
    "Terminating thread",
    "Error submitting",
    "Nothing was written",
    "Error while opening encoder",
    "Error muxing",
    "Error writing trailer",
    "Error closing file",
    "Could not open encoder",
    "Last message repeated",
    "Lsize=",
    "video:",
)


def executable() -> str:
    """Return the path of ffmpeg.

    Raises:
        MissingExtra: there is none, or it is too old.
    """
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise MissingExtra(f"no ffmpeg was found; {_INSTALL}") from error
    # It may be run in another folder; a mere name is looked for in PATH.
    program = os.path.abspath(program) if os.path.dirname(program) else program
    found = _VERSION.match(_version(program))
    if found and int(found[1]) < _OLDEST:
        raise MissingExtra(
            f"{program} is ffmpeg {found[1]}, and {_OLDEST} or later is needed; {_INSTALL}"
        )
    return program


@cache
def _version(program: str) -> str:
    """Return what a program says when asked for its version; "" where it can't be run."""
    try:
        return subprocess.run([program, "-version"], capture_output=True, text=True).stdout
    except OSError:  # told by who runs it
        return ""


def input_arguments(path: Path) -> list[str]:
    """Return the arguments that open this file and no other, whatever its name or content."""
    return ["-protocol_whitelist", "file", "-format_whitelist", _DEMUXERS, "-i", file_url(path)]


def file_url(path: Path) -> str:
    """Return a path that ffmpeg takes for a file even with a colon or a leading dash in it."""
    return f"file:{Path(path).absolute()}"


def widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold more, where the system knows how and its share for this user is not used."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class FFmpeg:
    """A running ffmpeg, whose messages are always read so that it never waits for a reader.

    Runs in `folder`, by default the present one.

    Attributes:
        stdin: where raw frames go when `is_fed`.
        stdout: what ffmpeg writes to `pipe:1` or `-`.
        messages: the first lines ffmpeg said, complete only after `finish` or `stop`.
    """

    def __init__(self, *arguments: str, is_fed: bool = False, folder: Path | None = None):
        """Start it.

        Raises:
            MissingExtra: there is none, or it can't be run.
        """
        program = executable()
        try:
            self._process = subprocess.Popen(
                [program, "-hide_banner", "-nostdin", "-nostats", *arguments],
                stdin=subprocess.PIPE if is_fed else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | _RETURNING,
                cwd=folder,
            )
        except OSError as error:
            raise MissingExtra(f"{program} can't be run ({error.strerror}); {_INSTALL}") from error
        self.stdin = self._process.stdin
        self.stdout = self._process.stdout
        for pipe in (self.stdin, self.stdout):
            if pipe:
                widen(pipe)
        self.messages: list[str] = []
        self._last: deque[str] = deque(maxlen=20)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        # Python's end would stop the listener while it holds the pipe that is to be closed.
        atexit.register(self.stop)

    def _listen(self) -> None:
        for line in self._process.stderr:
            text = line[:2000].decode("utf-8", "replace").rstrip()
            self._last.append(text)
            if len(self.messages) < _KEPT_LINES:
                self.messages.append(text)

    def complaint(self) -> str:
        """Return the last line that names a cause, without ffmpeg's addresses.

        Or that a signal ended it, as when memory, or room for one file, is at an end.
        """
        status = self._process.poll() or 0
        if status < 0:
            return f"it was ended by the signal {signal.Signals(-status).name}"
        lines = [_ADDRESS.sub("", line).strip() for line in self._last]
        lines = [line for line in lines if line]
        causes = [line for line in lines if not any(word in line for word in _AFTERWORDS)]
        return (causes or lines or ["ffmpeg gave no reason"])[-1].rstrip(".")

    def finish(self) -> int:
        """Let ffmpeg end by itself and return its exit status; negative when a signal ended it."""
        with contextlib.suppress(OSError):
            if self.stdin:
                self.stdin.close()
        # Unread output would keep ffmpeg waiting.
        while self.stdout.read(_PIPE_BYTES):
            pass
        status = self._process.wait()
        self._close()
        return status

    def stop(self) -> None:
        """End ffmpeg now; harmless when it has ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._close()

    def _close(self) -> None:
        atexit.unregister(self.stop)
        self._listener.join()
        for pipe in (self.stdin, self.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()


@cache
def decoded_codecs() -> frozenset[str]:
    """Return ffmpeg's names of the codecs that it can decode; it knows others by name alone.

    Raises:
        MissingExtra: there is no ffmpeg, or it can't be run.
    """
    ffmpeg = FFmpeg("-codecs")
    try:
        listed = ffmpeg.stdout.read().decode()
        ffmpeg.finish()
    finally:
        ffmpeg.stop()
    return frozenset(_DECODED.findall(listed))
