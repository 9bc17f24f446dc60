"""A clip behind the person, over and over."""

import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

from segmenter.arrays import Alpha, Frame
from segmenter.background.contract import Background
from segmenter.background.fit import fit_to, locked, require_fit
from segmenter.errors import InvalidInput


class Clip(Background):
    """A clip that begins anew at its end; one frame in memory.

    Serves one video or camera: it remembers how far it has been read. Threads take turns.
    """

    def __init__(
        self,
        frames: Callable[[], Iterator[Frame]],
        frame_rate: Fraction,
        fit: str = "cover",
        *,
        file: Path | None = None,
    ):
        """Remember how to open the clip; nothing is opened yet.

        Args:
            frames: opens the clip and gives its frames from the first on.
            frame_rate: frames a second.
            fit: how a frame of it fills the frame: `cover`, `contain` or `tile`.
            file: what is read for that, if it is a file.

        Raises:
            InvalidInput: the rate is not above 0, or the fit is unknown.
        """
        if not frame_rate > 0:
            raise InvalidInput(f"a clip has more than 0 frames a second, got {frame_rate}")
        self.file = file
        self._open = frames
        self._rate = float(frame_rate)
        self._fit = require_fit(fit)
        self._turn = threading.RLock()
        self._length: int | None = None  # frames; known after the first time through
        self._fitted: Frame | None = None
        self._rewind()

    def __reduce__(self) -> tuple:
        """Travel to another process as it was made: what is open and its lock stay here."""
        return partial(type(self), file=self.file), (self._open, self._rate, self._fit)

    def _rewind(self) -> None:
        self._frames: Iterator[Frame] | None = None
        self._index = -1  # of the last frame read
        self._latest: Frame | None = None

    def at(self, time: float, frame: Frame, alpha: Alpha) -> Frame:
        """Return the clip's frame of that time, fitted.

        Raises:
            InvalidInput: the clip has no frames.
        """
        # A float time of frame n may lie a hair before it.
        wanted = max(0, int(time * self._rate + 1e-6))
        with self._turn:
            if self._seek(wanted) or self._fitted is None or self._fitted.shape != frame.shape:
                self._fitted = locked(fit_to(self._latest, *frame.shape[:2], self._fit))
            return self._fitted

    def _seek(self, wanted: int) -> bool:
        """Read on until the wanted frame; True if another than the last one came."""
        before = self._latest
        target = wanted % self._length if self._length else wanted
        if target < self._index:
            self.close()
        while self._index < target:
            if self._frames is None:
                self._frames = self._open()
            following = next(self._frames, None)
            if following is not None:
                self._index, self._latest = self._index + 1, following
                continue
            self._length = self._index + 1
            if self._length == 0:
                raise InvalidInput("the background clip has no frames; choose another clip")
            target = wanted % self._length
            self.close()
        return self._latest is not before

    def close(self) -> None:
        """Stop reading; the next `at` opens the clip anew."""
        with self._turn:
            if hasattr(self._frames, "close"):
                self._frames.close()
            self._rewind()
