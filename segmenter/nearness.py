"""How near the people of a video or camera are looked at: small ones from nearer."""

from segmenter.arrays import Probability

# Share of the frame that people fill: with less than the first they are looked at from nearer,
# until they fill the second. 75 photos of people in streets, who fill .12 to .4, have boundary F
# .913 as frames of a video so, instead of .904. With .3 they would have .919, but half bodies in a
# wide frame would cost as much, a fifth of the frames a second; portraits gain nothing.
OF_VIDEO, OF_CAMERA = (0.25, 0.35), (0.02, 0.03)
NEARER = 4 / 3


class Nearness:
    """Chooses at what size the network sees a frame, by those before and by itself."""

    def __init__(self, size: int, limits: tuple[float, float] = OF_VIDEO, *, seeks: bool = False):
        """Begin far.

        Args:
            size: the long side, in pixels, for large people.
            limits: shares of the frame: people who fill less than the first are looked at from
                nearer, until they fill the second.
            seeks: look from nearer where nobody is, too: somebody small may be there.
        """
        self._far, self._limits, self._seeks = size, limits, seeks
        self.reset()

    def reset(self) -> None:
        """Look from far again."""
        self._is_near = False

    @property
    def size(self) -> int:
        """Long side, in pixels, that the network should see now."""
        return round(NEARER * self._far) if self._is_near else self._far

    @property
    def largest_size(self) -> int:
        """The largest that `size` may become."""
        return round(NEARER * self._far)

    def changes(self, probability: Probability) -> bool:
        """Take in what was found, and tell whether `size` is another now: look again.

        Args:
            probability: (h, w) float32 in [0, 1]; nobody there changes nothing, unless it seeks.
        """
        was_near, (small, large) = self._is_near, self._limits
        filled = float((probability > 0.5).mean())
        if filled or self._seeks:
            self._is_near = filled < (large if was_near else small)
        return self._is_near != was_near
