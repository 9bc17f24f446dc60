"""Sessions compiled for one shape of batch, made for the shapes that come often."""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]

# To make a session takes as long as about ten runs, and 30 MB; it saves 3 to 8 % of each run. With
# OpenVINO it takes some dozen runs and saves half of each.
# Frames of one size need six: seen whole from far, nearer and nearest, and parts in three shapes.
# Where more than two people are far apart, parts have three smaller shapes.
OFTEN, MOST_SESSIONS = 50, 6


class Session(Protocol):
    """A network for batches of one shape."""

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits of a batch."""


class SessionCache:
    """Remembers how often each shape came, and the sessions of those that came often of late."""

    def __init__(self, make: Callable[[Shape], Session], often: int, most: int):
        """Begin with none.

        Args:
            make: makes a shape's session; an exception means that there can't be one.
            often: runs of a shape before it gets one.
            most: sessions at a time.
        """
        self._make, self._often, self._most = make, often, most
        # None while it is being made, and when it can't be.
        self._sessions: dict[Shape, Session | None] = {}
        self._counts: Counter[Shape] = Counter()
        self._runs, self._last_runs = 0, dict[Shape, int]()
        self._makers: dict[Shape, threading.Thread] = {}
        self._lock = threading.Lock()

    def get(self, shape: Shape) -> Session | None:
        """Count a run of this shape; return its session, if it has one by now."""
        with self._lock:
            self._runs += 1
            self._counts[shape] += 1
            self._last_runs[shape] = self._runs
            comes_often = self._counts[shape] >= self._often
            if comes_often and shape not in self._sessions and self._make_room():
                self._begin(shape)
            return self._sessions.get(shape)

    def expect(self, shape: Shape) -> bool:
        """Have a session made for a shape that is about to come, if there is room.

        Returns:
            Whether none is being made, so that waiting brings nothing.
        """
        with self._lock:
            self._last_runs[shape] = self._runs
            if shape not in self._sessions and self._make_room():
                self._begin(shape)
            return shape not in self._makers

    def settle(self) -> None:
        """Wait until the sessions that were begun are made."""
        with self._lock:
            makers = list(self._makers.values())
        for maker in makers:
            maker.join()

    def _make_room(self) -> bool:
        """Tell whether one more may be made, dropping one whose shape came no more of late."""
        if len(self._sessions) < self._most:
            return True
        oldest = min(self._sessions, key=self._last_runs.__getitem__)
        if self._runs - self._last_runs[oldest] < self._often:
            return False
        del self._sessions[oldest]
        self._counts[oldest] = 0
        return True

    def _begin(self, shape: Shape) -> None:
        """Make a session beside the runs that go on.

        OpenVINO takes half a second, for which a camera's picture would stand still.
        """
        self._sessions[shape] = None
        maker = threading.Thread(target=self._finish, args=(shape,))
        maker.start()  # before it is noted, since nobody may wait for one that can't start
        self._makers[shape] = maker

    def _finish(self, shape: Shape) -> None:
        session = None
        try:
            with suppress(Exception):  # what is wrong with the file a run without one tells
                session = self._make(shape)
        finally:
            with self._lock:
                if self._makers.get(shape) is threading.current_thread():  # else it was begun anew
                    del self._makers[shape]
                if shape in self._sessions:
                    self._sessions[shape] = session
