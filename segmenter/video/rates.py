"""Finds the exact frame rate behind time stamps that a container has rounded."""

import math
from fractions import Fraction

import numpy as np

COMMON_RATES = tuple(
    Fraction(numerator, denominator)
    for numerator, denominator in (
        (24000, 1001), (24, 1), (25, 1), (30000, 1001), (30, 1), (50, 1), (60000, 1001), (60, 1),
        (15000, 1001), (15, 1), (10, 1), (12, 1), (25, 2), (20, 1), (5, 1), (8, 1), (48000, 1001),
        (48, 1), (90, 1), (100, 1), (120000, 1001), (120, 1), (240000, 1001), (240, 1),
    )
)  # fmt: skip
DEFAULT_RATE = Fraction(25)
# A file whose rate varies becomes constant; faster than this only repeats frames,
FASTEST_VARIABLE_RATE = 60
# unless so many of its steps are those of a faster one: slow motion that lost some frames.
ENOUGH_STEPS = 0.9
LARGEST_LOSS = 0.05  # share of the frames that may be left out for a common rate
_MILLISECOND = Fraction(1, 1000)


def exact_rate(printed: float) -> Fraction:
    """Return the rate that ffmpeg printed with two decimals: 29.97 means 30000/1001.

    Args:
        printed: frames a second.
    """
    for rate in COMMON_RATES:
        if rate.denominator == 1001 and abs(printed - rate) < 0.00501:
            return rate
    return Fraction(printed).limit_denominator(1000)


def as_rounded(ticks: np.ndarray, time_base: Fraction) -> tuple[np.ndarray, Fraction]:
    """Return times in the units that they were rounded to, and these: milliseconds or as given.

    Where a recording was put from Matroska or FLV into another container without coding it anew,
    finer units hold whole milliseconds.

    Args:
        ticks: (N,) int64, in units of `time_base`.
        time_base: seconds.
    """
    share = time_base / _MILLISECOND
    since = (ticks - ticks[0]) * share.numerator
    if share >= 1 or (since % share.denominator).any():
        return ticks, time_base
    return since // share.denominator, _MILLISECOND


def constant_rate(ticks: np.ndarray, time_base: Fraction, hints: list[Fraction]) -> Fraction | None:
    """Return the rate at which every frame lies within one tick of its place, None if none does.

    Args:
        ticks: (N,) int64, sorted, the time of each frame in units of `time_base`; N >= 2.
        time_base: seconds.
        hints: rates to prefer where the rounding leaves a choice.
    """
    steps = np.diff(ticks)
    if len(steps) >= 3 and steps.min() == steps.max() and steps[0] > 0:
        return 1 / (int(steps[0]) * time_base)
    # Frame i lies at i steps of one length, both ends rounded to a tick.
    index = np.arange(1, len(ticks))
    since = (ticks[1:] - ticks[0]).astype(np.float64)
    shortest, longest = ((since - 1) / index).max(), ((since + 1) / index).min()
    if shortest > longest or longest <= 0 or ticks[0] == ticks[-1]:
        return None
    slack = 1e-9  # of float arithmetic
    low = (1 - slack) / (float(time_base) * longest)
    high = (1 + slack) / (float(time_base) * shortest) if shortest > 0 else np.inf
    for rate in (*hints, *COMMON_RATES):
        if low <= rate <= high:
            return rate
    middle = Fraction(len(steps)) / (int(ticks[-1] - ticks[0]) * time_base)
    return _simplest(middle, low, high)


def _simplest(middle: Fraction, low: float, high: float) -> Fraction:
    """Return the fraction in [low, high] with the smallest denominator, else `middle`."""
    for denominator in range(1, 1002):
        rate = Fraction(round(middle * denominator), denominator)
        if low <= rate <= high:
            return rate
    return middle


def typical_rate(ticks: np.ndarray, time_base: Fraction, hints: list[Fraction]) -> Fraction:
    """Return a constant rate that suits frames at varying times.

    Args:
        ticks: (N,) int64, sorted, in units of `time_base`; N >= 2.
        time_base: seconds.
        hints: rates to prefer when the quicker steps agree with one: the rest are lost frames.
    """
    steps = np.diff(ticks)
    steps = steps[steps > 0] * float(time_base)
    if not len(steps):
        return hints[0] if hints else DEFAULT_RATE
    quick = np.percentile(steps, 25)
    for rate in hints:
        is_slow = rate <= FASTEST_VARIABLE_RATE
        if is_slow and abs(rate * quick - 1) < 0.01:
            return rate
        if not is_slow and share_of_steps(steps, rate, time_base) >= ENOUGH_STEPS:
            return rate
    # Unsteady steps even out in the mean, once still stretches are left out.
    mean = steps[steps <= 2 * np.median(steps)].mean()
    measured = min(1 / mean, FASTEST_VARIABLE_RATE)
    whole = [rate for rate in COMMON_RATES if rate.denominator < 1001]
    nearest = min(whole, key=lambda rate: abs(np.log(float(rate) / measured)))
    return nearest if nearest >= (1 - LARGEST_LOSS) * measured else Fraction(math.ceil(measured))


def share_of_steps(steps: np.ndarray, rate: Fraction, time_base: Fraction) -> float:
    """Return how many of the steps (N,), in seconds, are one frame long, within a rounded tick."""
    return float((np.abs(steps - 1 / float(rate)) < 1.01 * float(time_base)).mean())
