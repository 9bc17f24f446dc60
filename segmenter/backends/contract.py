"""What every backend can do."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Backend(Protocol):
    """A network made ready; `run` may be called from several threads."""

    name: str
    what_runs: str  # in words for a user

    def run(self, batch: NDArray[np.float32], *, comes_again: bool = False) -> NDArray[np.float32]:
        """Return the logits of a normalised batch; others of its shape follow if it comes again."""
