"""From a camera's JPEG to the answer, in two steps; never the room behind the visitor."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from segmenter.background import Background
from segmenter.errors import SegmenterError
from segmenter.live.wire import JPEG_QUALITY, LATE_QUALITY, decode_frame, encode, room_free
from segmenter.pipeline import Replacement, ReplaceOptions
from segmenter.stream import LiveReplacer

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begun:
    """A frame between the two steps."""

    time_s: float
    shape: tuple[int, int]
    finish: Callable[[], Replacement]  # raises what went wrong in the first step


class Answerer:
    """Makes the answers to one visitor's frames.

    Each step sees all frames in order; they may run in two threads. What goes behind changes only
    while no frame is between its steps.
    """

    def __init__(
        self,
        segmenter: Any,
        largest_pixels: int,
        background: Background,
        options: ReplaceOptions,
        shape: tuple[int, int],
    ):
        """Remember no frame yet.

        Args:
            segmenter: finds people, as `Segmenter` does.
            largest_pixels: of a frame that is decoded.
            background: what goes behind.
            options: how.
            shape: height and width of the answer to a frame that can't be read.
        """
        self._replacer = LiveReplacer(segmenter, background, options)
        self._largest_pixels = largest_pixels
        self._background, self._shape = background, shape
        self._started = time.monotonic()
        self._quality = JPEG_QUALITY
        self._trouble: str | None = None
        self._beginning, self._finishing = threading.Lock(), threading.Lock()

    def change(
        self, background: Background | None, options: ReplaceOptions, shape: tuple[int, int]
    ) -> None:
        """Make all frames to come in another way; with None the background stays."""
        self._replacer.update(background, options)
        self._shape = shape
        if background is not None:
            self.close()
            self._background = background
            self._started = time.monotonic()  # a clip begins at its beginning

    def tell_late(self, is_late: bool) -> None:
        """Take in whether answers come so late that the visitor's page sends less: do likewise."""
        self._replacer.tell_late(is_late)
        self._quality = LATE_QUALITY if is_late else JPEG_QUALITY

    def begin(self, jpeg: bytes) -> Begun:
        """Decode a frame and find people in it."""
        time_s = time.monotonic() - self._started
        with self._beginning:
            try:
                frame = decode_frame(jpeg, self._largest_pixels)
                self._shape = frame.shape[:2]
                finish = self._replacer.begin(frame, time_s)
            except Exception as error:
                finish = raising(error)
            return Begun(time_s, self._shape, finish)

    def finish(self, begun: Begun) -> tuple[bytes, str | None]:
        """Return the encoded composite, and None or a warning.

        After any failure the picture shows only the new background or grey, never the room.
        """
        with self._finishing:
            try:
                answer, self._trouble = encode(begun.finish().picture, self._quality), None
                return answer, None
            except SegmenterError as error:
                words = str(error)
            except Exception:
                words = "the background can't be replaced now, so only the background is shown"
                if words != self._trouble:
                    log.exception("a live frame failed")
            self._trouble = words
            return encode(room_free(self._background, begun.time_s, begun.shape)), words

    def close(self) -> None:
        """Close a clip's file once no frame is made with it any more."""
        with self._beginning, self._finishing:
            self._background.close()


def raising(error: Exception) -> Callable[[], NoReturn]:
    """Return a function that raises the error."""

    def fail() -> NoReturn:
        raise error

    return fail
