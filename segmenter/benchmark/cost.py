"""How cost grows: with a photo's pixels, and with a video's frames."""

from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np


@dataclass(frozen=True)
class Line:
    """A straight line fitted to points by least squares."""

    start: float
    slope: float
    r_squared: float  # 1 when all points lie on it


@dataclass
class Cost:
    """Points as they were measured."""

    megapixels: list[float] = field(default_factory=list)  # of photos
    photo_ms: list[float] = field(default_factory=list)  # median, file to file
    video_size: str = ""
    frame_ms: list[float] = field(default_factory=list)  # between two finished frames of a video

    def add_photo(self, megapixels: float, median_ms: float) -> None:
        """Remember how long photos of one size take."""
        self.megapixels.append(megapixels)
        self.photo_ms.append(median_ms)

    def video_s(self) -> list[float]:
        """Return the seconds until each frame was finished."""
        return [total / 1000 for total in accumulate(self.frame_ms)]

    def photo_line(self) -> Line | None:
        """Return milliseconds against megapixels; None with fewer than three points."""
        return fit_line(self.megapixels, self.photo_ms)

    def video_line(self) -> Line | None:
        """Return seconds against frames; None with fewer than three."""
        return fit_line(range(1, len(self.frame_ms) + 1), self.video_s())


def fit_line(x, y) -> Line | None:
    """Fit y = start + slope x; None with fewer than three points, through which any would go."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) < 3:
        return None
    slope, start = np.polyfit(x, y, 1)
    total = np.square(y - y.mean()).sum()
    missed = np.square(y - (start + slope * x)).sum()
    return Line(float(start), float(slope), float(1 - missed / total) if total else 1.0)
