import pytest

from segmenter.closeup import Pace
from segmenter.closeup.pace import (
    FIRST_WAIT_S,
    JUDGED,
    LONGEST_WAIT_S,
    PLENTY_S,
    SETTLING_S,
    TOO_LONG_S,
)

INTERVAL_S = 1 / 30
QUICK_S, SLOW_S = 0.8 * PLENTY_S, 1.2 * TOO_LONG_S
BETWEEN_S = (PLENTY_S + TOO_LONG_S) / 2


class Camera:
    """Thirty frames a second, and a clock that goes with them."""

    def __init__(self):
        self.now = 1000.0
        self.pace = Pace(clock=lambda: self.now)

    def play(self, seconds, spent_s):
        """Return whether there was time, after each frame."""
        told = []
        for _ in range(round(seconds / INTERVAL_S)):
            self.now += INTERVAL_S
            self.pace.took(spent_s)
            told.append(self.pace.has_time)
        return told


JUDGED_S = SETTLING_S + JUDGED * INTERVAL_S


def test_there_is_time_where_frames_are_quick_but_not_before_some_have_shown_it():
    told = Camera().play(10, QUICK_S)
    assert told.index(True) * INTERVAL_S == pytest.approx(JUDGED_S, abs=2 * INTERVAL_S)
    assert all(told[told.index(True) :])


@pytest.mark.parametrize("spent_s", [BETWEEN_S, SLOW_S])
def test_a_machine_with_little_to_spare_is_not_tried(spent_s):
    assert not any(Camera().play(30, spent_s))


def test_what_takes_somewhat_longer_then_goes_on():
    camera = Camera()
    camera.play(5, QUICK_S)
    assert all(camera.play(30, BETWEEN_S))


def test_what_takes_too_long_then_is_left_and_tried_again_ever_later():
    camera, waited = Camera(), []
    camera.play(5, QUICK_S)
    for _ in range(6):
        tried = camera.play(JUDGED_S + 1, SLOW_S)
        assert tried[0] and not tried[-1]
        began = camera.now
        while not camera.play(1, QUICK_S)[-1]:
            assert camera.now < began + 2 * LONGEST_WAIT_S
        waited.append(camera.now - began)
    steps = [min(2**number * FIRST_WAIT_S, LONGEST_WAIT_S) for number in range(6)]
    assert waited == pytest.approx(steps, abs=3)


def test_who_has_to_send_less_is_seen_less_finely_at_once_and_until_it_is_over():
    camera = Camera()
    camera.play(5, QUICK_S)
    camera.pace.tell_late(True)
    assert not any(camera.play(2 * FIRST_WAIT_S, QUICK_S))
    camera.pace.tell_late(False)
    assert camera.play(5, QUICK_S)[-1]


def test_less_is_not_sent_by_turns_with_finer_looks():
    """Each of which makes answers late again."""
    camera, tries = Camera(), 0
    for _ in range(600):
        if camera.play(1, QUICK_S)[-1]:
            camera.pace.tell_late(True)
            camera.pace.tell_late(False)
            tries += 1
    assert tries == 4  # at once, after a minute, two and four


def test_single_slow_frames_say_nothing():
    camera = Camera()
    camera.play(5, QUICK_S)
    for _ in range(20):
        assert all(camera.play(10 * INTERVAL_S, QUICK_S) + camera.play(4 * INTERVAL_S, SLOW_S))


def test_the_first_frames_after_a_change_say_nothing():
    """While sessions for the new shapes are made, frames take longer."""
    camera = Camera()
    camera.play(JUDGED_S + INTERVAL_S, QUICK_S)
    assert camera.pace.has_time
    assert all(camera.play(SETTLING_S - 0.1, SLOW_S) + camera.play(5, BETWEEN_S))
