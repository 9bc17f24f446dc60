"""Memory is kept for the next frame, but not once more for every thread that had a photo."""

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


# Sixteen threads, each with its turn at photos, of which Pillow keeps parts of 16 MB.
PHOTOS = """
import sys, threading
sys.path.insert(0, sys.argv[2])
import numpy as np
from segmenter.allocator import keep_freed_memory

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20

def open_photo():
    [np.ones(2 << 20) for _ in range(4)]
    turn.wait()

assert keep_freed_memory()
before, turn = resident_mb(), threading.Barrier(16)
threads = [threading.Thread(target=open_photo) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(resident_mb() - before)
"""
glibc_only = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallopt"), reason="glibc alone has the setting"
)


@glibc_only
def test_no_memory_is_asked_for_once_frames_follow_each_other():
    assert told_by(SCRIPT) < MOST_PAGES_A_FRAME


@glibc_only
def test_photos_in_many_threads_keep_no_more_than_in_two():
    assert told_by(PHOTOS) < 450


def told_by(script):
    command = [sys.executable, "-c", script, str(TESTS), str(TESTS.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)
