"""The page in a process of its own, with a segmenter that knows the truth of the tests' scenes.

    python page_server.py MODE_FILE [real]

prints the address. The file's word says how the segmenter behaves; it may change at any time.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from scenes import RedSegmenter

from segmenter.page.seen import SeenPhotos

ROOT = Path(__file__).parents[1]


class RunningPage:
    """A page's address, and a switch for its segmenter."""

    def __init__(self, address, mode_file):
        self.address, self._mode_file = address, mode_file

    def behave(self, mode):
        """Change the segmenter: `red`, `everyone`, `broken`, `slow` or `frozen`; see `Scripted`."""
        self._mode_file.write_text(mode)


@contextmanager
def served_page(cache, *words):
    """Give a running page whose visitors' files lie in the folder `cache`."""
    mode_file = cache / "mode"
    mode_file.write_text("red")
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-u", __file__, str(mode_file), *words]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = next((line for line in process.stdout if line.startswith("http")), None)
            assert address, "the page did not start"
            yield RunningPage(address.strip(), mode_file)
        finally:
            process.kill()


class Scripted(RedSegmenter):
    """A segmenter that does as the mode file says.

    `red`: a pixel much redder than green is a person. `everyone`: every pixel is, which is
    segmentation switched off, the negative control. `broken`: raises. `slow`: red, 0.2 s a frame.
    `frozen`: answers when it has another mode.
    """

    live_size = photo_size = 256

    def __init__(self, mode_file):
        self._mode_file = mode_file

    def mode(self):
        """Return what it does now; waits while it is frozen."""
        while (mode := self._mode_file.read_text()) == "frozen":
            time.sleep(0.05)
        return mode

    def probability(self, frame, size=None):
        mode = self.mode()
        if mode == "broken":
            raise RuntimeError("the test's segmenter is broken")
        if mode == "everyone":
            return np.ones(frame.shape[:2], np.float32)
        time.sleep(0.2 if mode == "slow" else 0)
        return super().probability(frame, size)

    def describe(self):
        return "CPU, 2 threads, a test's segmenter"


class Seen(SeenPhotos):
    """What a frozen segmenter said before is not remembered faster than it would say it."""

    segmenter = None

    def __call__(self, path, look):
        self.segmenter.mode()
        return super().__call__(path, look)


if __name__ == "__main__":
    import app
    from segmenter.allocator import keep_freed_memory
    from segmenter.inference import Segmenter
    from segmenter.page import work
    from segmenter.threads import one_thread_a_stage

    is_real = "real" in sys.argv
    segmenter = app.ready_for_cameras(Segmenter()) if is_real else Scripted(Path(sys.argv[1]))
    if not is_real:
        Seen.segmenter, work.SeenPhotos = segmenter, Seen
    keep_freed_memory()  # as app.py does
    with one_thread_a_stage():
        _, address, _ = app.serve(
            segmenter, server_name="127.0.0.1", quiet=True, prevent_thread_lock=True
        )
        print(address)
        threading.Event().wait()
