"""What the network said of the last photos, so that other settings need no second look."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from segmenter.arrays import Probability

MOST_BYTES = 256_000_000  # five photos of 12 megapixels, or one of 50

Key = tuple[str, int, int]  # a file's path, size and time of its last change


class SeenPhotos:
    """Remembers probabilities of photos, the last used ones; may be used from any thread."""

    def __init__(self, most_bytes: int = MOST_BYTES):
        """Remember nothing yet, and later at most so much."""
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Key, tuple[float, Probability]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, path: Path, look: Callable[[], Probability]) -> Probability:
        """Return what `look` says of a photo, or said of the same file; not to be changed."""
        status = path.stat()
        key = str(path), status.st_size, status.st_mtime_ns
        with self._lock:
            _, probability = self._kept.pop(key, (0.0, None))
        if probability is None:
            probability = look()
            probability.flags.writeable = False
        with self._lock:
            self._kept[key] = time.monotonic(), probability
            while sum(kept.nbytes for _, kept in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
        return probability

    def forget(self, after_s: float) -> None:
        """Forget the photos that were not used for so long."""
        with self._lock:
            for key, (used, _) in list(self._kept.items()):
                if time.monotonic() - used > after_s:
                    del self._kept[key]
