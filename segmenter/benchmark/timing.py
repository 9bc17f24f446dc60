"""Measured times, and how they are taken."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

WARM_UPS = 2
TURN = 5  # calls that count, before the next has its turn


@dataclass(frozen=True)
class Row:
    """One measurement."""

    part: str  # "network", "stage", "whole", "start" or "cuda"
    what: str
    where: str  # the size, or nothing
    median_ms: float
    p95_ms: float
    count: int  # times measured
    per_s: float | None = None  # photos or frames a second, start and end included
    memory_mb: int | None = None  # most that Python's process held
    beyond_mb: int | None = None  # of it, what it held beyond an interpreter with OpenCV and NumPy
    ffmpeg_mb: int | None = None  # most that ffmpeg's processes held
    floor_ms: float | None = None  # least that the device could take


def size_text(size: tuple[int, int]) -> str:
    """Return a height and width as `1280x720`."""
    return f"{size[1]}x{size[0]}"


def measure_in_turns(
    calls: Mapping[str, Callable[[], object]], count: int
) -> dict[str, list[float]]:
    """Time calls in turns, again and again, so that a busy minute is busy for all.

    A turn begins with calls that do not count: the threads of whoever was before still spin, and
    what is in the caches is theirs.

    Returns:
        The milliseconds of each, by name.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for start in range(0, count, TURN):
        for name, call in calls.items():
            for _ in range(WARM_UPS):
                call()
            times[name] += [measure_once(call) for _ in range(min(TURN, count - start))]
    return times


def measure_once(call: Callable[[], object]) -> float:
    """Return the milliseconds of a call."""
    started = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - started)


def summarise(part: str, what: str, where: str, times: Sequence[float], **more) -> Row:
    """Return the median and the 95th percentile of milliseconds; `more` are further fields."""
    median, p95 = statistics.median(times), float(np.percentile(times, 95))
    return Row(part, what, where, round(median, 2), round(p95, 2), len(times), **more)
