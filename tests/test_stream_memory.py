"""A video's memory: bounded by its picture's size, not by its length."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from clips import make_clip

TESTS = Path(__file__).parent
# Python's peak grows by one array of 160x120 floats a frame, or 77 kB, where one were kept.
MOST_GROWTH_KB = 8

pytestmark = [
    pytest.mark.alone,  # ffmpeg holds more frames while Python has to wait
    pytest.mark.skipif(
        not Path("/proc/self/status").exists(), reason="reads what Linux tells of a process"
    ),
]

# Run in a process of its own: a peak is never taken back.
SCRIPT = """
import json, pathlib, sys

def peak_mb(process="self"):
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    # One that has just ended has no such line.
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0)

base = peak_mb()
folder, tests, has_network = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "network"
sys.path[:0] = [tests, str(pathlib.Path(tests).parent)]
from segmenter import Blur, Segmenter, replace_in_video
from segmenter.allocator import keep_freed_memory
from segmenter.video import process

keep_freed_memory()  # as the command line does
started, start = [], process.subprocess.Popen
process.subprocess.Popen = lambda *a, **s: started.append(start(*a, **s)) or started[-1]
if has_network:
    segmenter = Segmenter(device="cpu")
else:
    from scenes import RedSegmenter
    segmenter = RedSegmenter()
peaks, ffmpegs = [], {}
for step in replace_in_video(folder / "in.mp4", folder / "out.mp4", Blur(), segmenter=segmenter):
    peaks.append(peak_mb() - base)
    if step.frames_done % 5 == 0:
        running = [each.pid for each in started if each.poll() is None]
        ffmpegs |= {pid: max(peak_mb(pid), ffmpegs.get(pid, 0)) for pid in running}
print(json.dumps({"peaks": peaks, "ffmpegs": sum(ffmpegs.values())}))
"""


def measure(folder: Path, segmenter: str) -> tuple[list[float], float]:
    """Return Python's peak after each frame, beyond its start, and both ffmpegs' together; MB."""
    command = [sys.executable, "-c", SCRIPT, str(folder), str(TESTS), segmenter]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return found["peaks"], found["ffmpegs"]


def growth_kb(peaks: list[float]) -> float:
    """Return the growth of the peak a frame, once it has settled."""
    settled = len(peaks) // 3
    return 1024 * (peaks[-1] - peaks[settled]) / (len(peaks) - settled)


@pytest.mark.parametrize(
    ("size", "most_mb", "most_with_ffmpeg_mb"), [((1280, 720), 250, 460), ((1920, 1080), 320, 650)]
)
def test_it_stays_below_the_limit(tmp_path, size, most_mb, most_with_ffmpeg_mb):
    noisy = "testsrc2,noise=alls=14:allf=t"
    make_clip(tmp_path / "in.mp4", noisy, size=size, seconds=1.4)
    peaks, ffmpegs = measure(tmp_path, "network")
    assert len(peaks) == 42
    assert 100 < peaks[-1] < most_mb
    assert peaks[-1] + ffmpegs < most_with_ffmpeg_mb, (peaks[-1], ffmpegs)


def test_it_does_not_grow_with_length(tmp_path):
    make_clip(tmp_path / "in.mp4", rate="30", seconds=20, sound=None)
    peaks, _ = measure(tmp_path, "no network")
    assert len(peaks) == 600
    assert growth_kb(peaks) < MOST_GROWTH_KB


@pytest.mark.slow
def test_ten_minutes_take_no_more_than_one(tmp_path):
    make_clip(tmp_path / "in.mp4", rate="30", seconds=600, sound=None)
    peaks, _ = measure(tmp_path, "network")
    assert len(peaks) == 18_000
    assert peaks[-1] - peaks[1800] < 10
