"""Segmenters for a cluster's workers, some of which kill their own process."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scenes import RedSegmenter


@dataclass
class DeadlySegmenter(RedSegmenter):
    """Kills its process, as a lost machine would, when it sees what it must not see.

    Attributes:
        graves: a folder; one file is left there for each death.
        deaths: how many there are at most of each level of blue in the first pixel.
        after: so many frames are looked at before, in each process.
        is_full: every pixel is a person.
    """

    graves: Path
    deaths: dict[int, int]
    after: int = 0
    is_full: bool = False

    def probability(self, frame, size=None):
        self.after -= 1
        level = int(frame[0, 0, 2])
        died = len(list(self.graves.glob(f"{level}-*")))
        if self.after < 0 and died < self.deaths.get(level, 0):
            (self.graves / f"{level}-{died}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        found = super().probability(frame, size)
        return np.ones_like(found) if self.is_full else found


class BrokenSegmenter(RedSegmenter):
    """Can't be made."""

    def __init__(self):
        raise OSError("no such weights")
