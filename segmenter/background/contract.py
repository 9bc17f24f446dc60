"""What every background answers."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from segmenter.arrays import Alpha, Frame
from segmenter.errors import InvalidInput


class Background(ABC):
    """Gives what is behind the person at any time."""

    file: Path | None = None  # that is read meanwhile

    @abstractmethod
    def at(self, time: float, frame: Frame, alpha: Alpha) -> Frame:
        """Return a frame of the same size as `frame`; read only, it may be given out again.

        Args:
            time: seconds since the video or the camera began.
            frame: (H, W, 3) uint8 RGB, the person before the old background.
            alpha: (H, W) float32 in [0, 1], of the person.
        """

    def close(self) -> None:  # noqa: B027 - most backgrounds hold nothing open
        """Let go of open files."""


def require_background(given: Any) -> Background | None:
    """Return what is given as a background.

    Raises:
        InvalidInput: it is neither one nor None.
    """
    if given is None or isinstance(given, Background):
        return given
    raise InvalidInput(
        f"a background is no {type(given).__name__}; make one: Blur(), "
        "Picture(array), or read_background(text) for a path, #rrggbb, blur or transparent"
    )
