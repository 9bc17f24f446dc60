"""The page in a process of its own, with a segmenter that knows the truth of the tests' scenes.

    python page_server.py KIND

prints the address. KIND: `red` (a pixel much redder than green is a person), `everyone` (all pixels
are: segmentation switched off, the negative control), `broken` (raises), `slow` (red, 0.2 s a
frame), or `real`.
"""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]


@contextmanager
def served_page(kind, cache):
    """Give the address of a running page; its files lie in the folder `cache`."""
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-u", __file__, kind]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = next((line for line in process.stdout if line.startswith("http")), None)
            assert address, "the page did not start"
            yield address.strip()
        finally:
            process.kill()


class RedPeople:
    """Finds what is red: the disc of the tests' scenes."""

    video_size = photo_size = 256

    def probability(self, frame, size=None):
        red, green = frame[..., 0].astype(np.int16), frame[..., 1].astype(np.int16)
        return (red - green > 60).astype(np.float32)

    def describe(self):
        return "CPU, 2 threads, a test's segmenter"


class Everyone(RedPeople):
    def probability(self, frame, size=None):
        return np.ones(frame.shape[:2], np.float32)


class Broken(RedPeople):
    def probability(self, frame, size=None):
        raise RuntimeError("the test's segmenter is broken")


class Slow(RedPeople):
    def probability(self, frame, size=None):
        time.sleep(0.2)
        return super().probability(frame, size)


def make(kind):
    if kind == "real":
        from segmenter.inference import Segmenter

        return Segmenter()
    return {"red": RedPeople, "everyone": Everyone, "broken": Broken, "slow": Slow}[kind]()


if __name__ == "__main__":
    import app

    _, address, _ = app.serve(
        make(sys.argv[1]), server_name="127.0.0.1", quiet=True, prevent_thread_lock=True
    )
    print(address)
    threading.Event().wait()
