"""In its steady state a camera's frame asks the system for no memory."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FRAMES = 20
# One array of a brightness value for each pixel has 506 pages of memory.
MOST_PAGES_A_FRAME = 20

# Run in a process of its own, since the setting can't be taken back.
SCRIPT = f"""
import resource, sys
sys.path[:0] = sys.argv[1:3]
import numpy as np
from segmenter import Colour, Segmenter
from segmenter.allocator import keep_freed_memory
from segmenter.stream import LiveReplacer
from scenes import person

assert keep_freed_memory()
frames = [person(1080, 1920, left, 700) for left in (500, 510)]
segmenter = Segmenter(device="cpu")
live = LiveReplacer(segmenter, Colour(0, 128, 0))

def new_pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

for number in range(2 * {FRAMES}):
    if number == {FRAMES}:
        segmenter.backend.sessions.settle()
        live(frames[number % 2], number / 30)
        before = new_pages()
    live(frames[number % 2], number / 30)
print((new_pages() - before) / {FRAMES})
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="glibc alone has the setting")
def test_no_memory_is_asked_for_once_frames_follow_each_other():
    command = [sys.executable, "-c", SCRIPT, str(TESTS), str(TESTS.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout) < MOST_PAGES_A_FRAME
