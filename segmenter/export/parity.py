"""How near the exported files come to PyTorch, how large they are, and how fast."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from segmenter.backends import Backend
from segmenter.export.photos import Photo
from segmenter.export.runtimes import Exported
from segmenter.inference import person_of
from segmenter.metrics import miou
from segmenter.preprocess import Batch, restore, to_batch
from segmenter.weights import Weights

FEWEST, MOST = 5, 15  # rounds of time measurements
PATIENCE_S = 6.0  # large networks are measured less often


@dataclass
class Differences:
    """What pictures told so far of one file."""

    largest: float = 0.0
    means: list[float] = field(default_factory=list)
    mious: list[float] = field(default_factory=list)

    def add(self, own: NDArray[np.float32], reference: NDArray[np.float32]) -> None:
        """Compare two (h, w) probabilities of one picture."""
        apart = np.abs(own - reference)
        self.largest = max(self.largest, float(apart.max()))
        self.means.append(float(apart.mean()))


@dataclass(frozen=True)
class Parity:
    """One row of the report."""

    file: str
    runtime: str
    megabytes: float
    median_ms: float
    largest: float  # absolute difference of a pixel's probability from the first file's
    mean: float
    miou: float | None  # against masks; None without


def compare(
    exported: list[Exported], photos: Iterable[Callable[[], Photo]], record: Weights, side: int
) -> list[Parity]:
    """Compare files with the first one, on squares that hold whole photos; only these count.

    Args:
        exported: the reference, then others.
        photos: each reads one.
        record: mean, std and person class of the network.
        side: pixels of the square that all see.
    """
    differences = [Differences() for _ in exported]
    batch: Batch | None = None
    for read in photos:
        photo = read()
        batch, geometry = to_batch(photo.frame, side, side, record.mean, record.std)
        reference = None
        for entry, told in zip(exported, differences, strict=True):
            own = person_of(entry.backend.run(batch)[0], record.person_class)
            inner = geometry.inner_part(own)
            reference = inner if reference is None else reference
            told.add(inner, reference)
            if photo.person is not None:
                told.mious.append(miou(restore(own, geometry) >= 0.5, photo.person))
    times = median_times([entry.backend for entry in exported], batch)
    return [
        row_of(entry, told, milliseconds)
        for entry, told, milliseconds in zip(exported, differences, times, strict=True)
    ]


def row_of(entry: Exported, told: Differences, milliseconds: float) -> Parity:
    """Sum up."""
    return Parity(
        entry.path.name,
        entry.backend.name,
        entry.path.stat().st_size / 1e6,
        milliseconds,
        told.largest,
        statistics.fmean(told.means),
        statistics.fmean(told.mious) if told.mious else None,
    )


def median_times(backends: list[Backend], batch: Batch) -> list[float]:
    """Return each one's median milliseconds; they take turns, so that all see the same machine."""
    times: list[list[float]] = [[] for _ in backends]
    begun = time.perf_counter()
    for done in range(MOST):
        if done >= FEWEST and time.perf_counter() - begun > PATIENCE_S:
            break
        for backend, own in zip(backends, times, strict=True):
            started = time.perf_counter()
            backend.run(batch)
            own.append(1000 * (time.perf_counter() - started))
    return [statistics.median(own) for own in times]


def to_markdown(rows: list[Parity]) -> str:
    """Return the report as a table; the mIoU has a column when there were masks."""
    has_masks = rows[0].miou is not None
    heads = ["file", "run by", "MB", "ms", "largest difference", "mean difference"]
    heads += ["mIoU"] if has_masks else []
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        cells = [row.file, row.runtime, f"{row.megabytes:.1f}", f"{row.median_ms:.1f}"]
        cells += [f"{row.largest:.1e}", f"{row.mean:.1e}"]
        cells += [f"{row.miou:.4f}"] if has_masks else []
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
