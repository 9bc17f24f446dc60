import subprocess
import sys

import cv2
import numpy as np
import pytest
from moving import SIZE, room, with_person

from segmenter.motion import FINE_MOTION_SIDE, LONGEST_REST, MOTION_SIDE, MotionTracker, Recall


class Asked:
    """Answers with how often it was asked."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return np.full(SIZE, self.times, np.float32)


def test_while_nothing_moves_an_answer_holds_for_some_frames():
    recall, ask = Recall(), Asked()
    generator = np.random.default_rng(6)
    answers = []
    for _ in range(2 * (LONGEST_REST + 1)):
        grain = generator.normal(0, 1, room().shape)
        seen = np.clip(room() + grain, 0, 255).astype(np.uint8)
        answers.append(int(recall(seen, ask)[0, 0]))
    assert answers == [1] * (LONGEST_REST + 1) + [2] * (LONGEST_REST + 1)


@pytest.mark.parametrize("step", [1, 3])
def test_whatever_moves_is_looked_at_in_every_frame(step):
    recall, ask = Recall(), Asked()
    for left in range(60, 90, step):
        recall(with_person(left)[0], ask)
    assert ask.times == len(range(60, 90, step))


def test_a_slow_change_adds_up_until_it_is_looked_at():
    recall, ask, frames = Recall(), Asked(), 12
    for brightness in range(frames):  # half a level a frame
        recall(np.full((*SIZE, 3), 100 + brightness // 2, np.uint8), ask)
    assert ask.times > frames / (LONGEST_REST + 1)


def test_a_frame_of_another_size_is_looked_at():
    recall, ask = Recall(), Asked()
    recall(room(), ask)
    recall(np.ascontiguousarray(room()[:100]), ask)
    recall(cv2.resize(room(), (512, 200)), ask)  # of the same aspect as the one before
    assert ask.times == 3


def test_a_strip_too_narrow_for_the_flow_is_not_followed():
    """OpenCV's flow ends the whole process on small pictures 10 to 15 pixels high."""
    script = (
        "import sys, numpy as np; from segmenter.motion import MotionTracker\n"
        "for height in (1, 20, 44, 60, 61):\n"
        "    strip = np.random.default_rng(0).integers(0, 256, (height, 640, 3), dtype=np.uint8)\n"
        "    track = MotionTracker()\n"
        "    assert track(strip) is None and track(strip) is None, height\n"
        "strip = np.zeros((64, 640, 3), np.uint8)\n"
        "assert track(strip) is None and track(strip) is not None\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_looking_more_finely_forgets_nothing():
    tracker = MotionTracker()
    frames = [with_person(80 + 2 * step)[0] for step in range(4)]
    tracker(frames[0])
    before = tracker(frames[1])
    after = tracker(frames[2], finely=True)
    assert max(before.weight.shape) == MOTION_SIDE
    assert max(after.weight.shape) == min(FINE_MOTION_SIDE, max(SIZE))
    assert after.weight.mean() > before.weight.mean()  # of two frames instead of one
    again = tracker(frames[3])
    assert again.weight.shape == before.weight.shape
    assert again.weight.mean() > after.weight.mean()
