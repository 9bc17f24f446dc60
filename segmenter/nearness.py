"""How near the people of a video or camera are looked at: small ones from nearer."""

from dataclasses import dataclass

from segmenter.arrays import Probability


@dataclass(frozen=True)
class Limits:
    """When people are looked at from nearer, and how near."""

    small: float  # share of the frame that people fill: with less they are looked at from nearer,
    large: float  # until they fill this
    nearer: float  # times the usual size


# 75 half bodies before rooms and streets, who fill .25 to .32 as frames of a video, have boundary F
# .922 seen from nearer and .906 else; those who fill more gain little.
OF_VIDEO = Limits(0.3, 0.4, 4 / 3)
# Groups, and who stands there whole, are found only in part at a camera's size.
OF_CAMERA = Limits(0.17, 0.23, 6 / 5)


class Nearness:
    """Chooses at what size the network sees a frame, by those before and by itself."""

    def __init__(self, size: int, limits: Limits = OF_VIDEO):
        """Begin far; `size` is the long side, in pixels, for large people."""
        self._far, self._limits = size, limits
        self.reset()

    def reset(self) -> None:
        """Look from far again."""
        self._is_near = False

    @property
    def size(self) -> int:
        """Long side, in pixels, that the network should see now."""
        return round(self._limits.nearer * self._far) if self._is_near else self._far

    @property
    def largest_size(self) -> int:
        """The largest that `size` may become."""
        return round(self._limits.nearer * self._far)

    def changes(self, probability: Probability) -> bool:
        """Take in what was found, and tell whether `size` is another now: look again.

        Args:
            probability: (h, w) float32 in [0, 1]; nobody there changes nothing.
        """
        was_near, limits = self._is_near, self._limits
        filled = float((probability > 0.5).mean())
        if filled:
            self._is_near = filled < (limits.large if was_near else limits.small)
        return self._is_near != was_near
