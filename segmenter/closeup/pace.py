"""Whether there is time to look at a camera's frames finely."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

PLENTY_S = 0.020  # frames that take less are looked at more finely,
TOO_LONG_S = 1 / 30  # and those that take longer, less
JUDGED = 15  # frames, by the middle one of which it is judged
SETTLING_S = 1.5  # after a change, which says nothing: sessions of new shapes are made
FIRST_WAIT_S, LONGEST_WAIT_S = 60.0, 960.0  # before it is tried again, twice as long each time


class Pace:
    """Tells whether a camera's frames may be looked at finely: while the machine keeps up.

    Others may use the machine too, so it is tried out, and left when frames then take too long, or
    when who waits for them has to send less.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        """Begin without time to spare; `clock` tells seconds."""
        self.has_time = self._is_late = False
        self._clock = clock
        self._wait_s = FIRST_WAIT_S
        self._tried_from = clock()
        self._begin()

    def took(self, spent_s: float) -> None:
        """Take in how long a frame took from its coming to its answer."""
        if self._clock() < self._judged_from:
            return
        self._spent_s = [*self._spent_s, spent_s][-JUDGED:]
        if len(self._spent_s) < JUDGED:
            return
        middle = median(self._spent_s)
        if self.has_time and middle > TOO_LONG_S:
            self._give_up()
        elif not self.has_time and middle <= PLENTY_S and self._may_try():
            self.has_time = True
            self._begin()

    def tell_late(self, is_late: bool) -> None:
        """Take in whether answers come so late that smaller frames are sent.

        Their size is worth more than a finer look at them.
        """
        self._is_late = is_late
        if is_late and self.has_time:
            self._give_up()

    def _may_try(self) -> bool:
        return not self._is_late and self._clock() >= self._tried_from

    def _give_up(self) -> None:
        self.has_time = False
        self._tried_from = self._clock() + self._wait_s
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self._begin()

    def _begin(self) -> None:
        self._judged_from = self._clock() + SETTLING_S
        self._spent_s: list[float] = []


@dataclass
class FixedPace:
    """Whether there is time is decided beforehand, to measure the one or the other."""

    has_time: bool

    def took(self, spent_s: float) -> None:
        """Ignore how long a frame took."""

    def tell_late(self, is_late: bool) -> None:
        """Ignore that answers come late."""
