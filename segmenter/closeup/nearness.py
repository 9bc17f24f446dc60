"""How near the people of a video or camera are looked at: small ones from nearer."""

from dataclasses import dataclass

import numpy as np

from segmenter.arrays import Mask, Probability
from segmenter.resample import shrink

SEEN_SIDE = 160  # pixels, long side of the small picture on which people are measured


@dataclass(frozen=True)
class Limits:
    """When people are looked at from nearer, and how near."""

    small: float  # people who fill less of the frame than this share are looked at from nearer,
    large: float  # until they fill this, or have not been small for HELD looks;
    nearer: float  # times the usual size
    # People thinner than `thin`, by `thickness`, are looked at from `nearest`, however much they
    # fill: groups, and who is seen from head to toe. Until they are `thicker` times that.
    thin: float
    nearest: float  # times the usual size
    thicker: float = 1.3
    far: float = 1.0  # times the usual size, for all others


# Of 75 half bodies before rooms and streets, as frames of a video, those who fill .25 to .32 have
# boundary F .922 when seen from nearer, and .906 when not; those who fill more gain little. Groups
# staged before such backgrounds have .896 when seen from nearest, and .847 when only from nearer.
OF_VIDEO = Limits(0.3, 0.4, 4 / 3, thin=0.1, nearest=5 / 3)
# Groups, and people seen from head to toe, are found only in part at a camera's usual size; the
# nearest that is fast enough while two visitors, or a browser, share two cores.
OF_CAMERA = Limits(0.17, 0.23, 7 / 5, thin=0.13, nearest=7 / 5)
# Where there is time for it: 88 half bodies before rooms have boundary F .928, and .896 as above,
# 40 groups .893 and .831.
OF_CAMERA_WITH_TIME = Limits(0.3, 0.4, 8 / 5, thin=0.1, nearest=2, far=6 / 5)
# For so many looks people who are no longer small are still seen from nearer, so that the size does
# not come and go. While nothing moves one look serves four frames, so these are 40 frames at most:
# a chunk of a video, which sees the 48 frames before its own, then has the same size as a run
# through all frames.
HELD = 10


class Nearness:
    """Chooses at what size the network sees a frame, by those before and by itself."""

    def __init__(self, size: int, limits: Limits = OF_VIDEO):
        """Begin far; `size` is the usual long side, in pixels. `limits` may be changed later."""
        self._usual, self.limits = size, limits
        self.reset()

    def reset(self) -> None:
        """Look from far again."""
        self._since_small = self._since_thin = HELD  # looks since such people were seen

    @property
    def sizes(self) -> list[int]:
        """All that `size` may become, from far to near."""
        shares = {self.limits.far, self.limits.nearer, self.limits.nearest}
        return [round(share * self._usual) for share in sorted(shares)]

    @property
    def far(self) -> int:
        """Long side, in pixels, at which large people are seen."""
        return round(self.limits.far * self._usual)

    @property
    def size(self) -> int:
        """Long side, in pixels, that the network should see now."""
        share = self.limits.far
        if self._since_small < HELD:
            share = self.limits.nearer
        if self._since_thin < HELD:
            share = self.limits.nearest
        return round(share * self._usual)

    def changes(self, probability: Probability) -> bool:
        """Take in what was found, and tell whether `size` is another now: look again.

        Args:
            probability: (h, w) float32 in [0, 1].
        """
        before, limits = self.size, self.limits
        people = shrink(probability, SEEN_SIDE) > 0.5
        filled, thick = float(people.mean()), thickness(people)
        self._since_small = since(self._since_small, filled, limits.small, limits.large)
        thick_from = limits.thicker * limits.thin
        self._since_thin = since(self._since_thin, thick, limits.thin, thick_from)
        return self.size != before


def since(before: int, measure: float, least: float, most: float) -> int:
    """Count looks since a measure, which is 0 of nobody, was below `least`; HELD from `most` on."""
    if 0 < measure < least:
        return 0
    return HELD if measure >= most else before + 1


def thickness(people: Mask) -> float:
    """Return how thick people (h, w) are, as a share of the frame's side; 0 of nobody."""
    return thickness_px(people) / people.size**0.5


def thickness_px(people: Mask) -> float:
    """Return how thick people are on average, in pixels: 0 of nobody.

    Twice their area for the length of their outline, which a stripe as thick would have.
    """
    outline = np.count_nonzero(people[1:] != people[:-1])
    outline += np.count_nonzero(people[:, 1:] != people[:, :-1])
    return 2 * np.count_nonzero(people) / max(1, outline)
