import time
from contextlib import contextmanager

import pytest
from live_server import RedPeople, as_frame, scene, served

from segmenter.benchmark import visitors
from segmenter.errors import SegmenterError
from segmenter.live import LiveLimits

PICTURES = [as_frame(0, scene(column))[4:] for column in (30, 40, 50)]
SIZE = (96, 128)


@pytest.fixture
def page(monkeypatch):
    """Give a function that lets a live server stand where the page does."""
    monkeypatch.setattr(visitors, "WARM_UPS", 2)

    def stand(segmenter, limits=None):
        @contextmanager
        def running():
            with served(segmenter, limits) as address:
                yield address.replace("ws://", "http://").removesuffix("live"), 0.0

        monkeypatch.setattr(visitors, "running_page", running)

    return stand


def test_each_visitor_has_a_row_and_they_share(page):
    page(RedPeople(pause_s=0.01))
    rows, words = visitors.measure_visitors(PICTURES, SIZE, 0.5)
    assert [row.what for row in rows] == ["visitor alone", "visitor 1 of 2", "visitor 2 of 2"]
    for row in rows:
        assert (row.part, row.where) == ("whole", "128x96")
        assert row.count / row.per_s == pytest.approx(0.5, rel=0.3)
        assert row.median_ms >= 10
    assert "128x96" in words and "a ratio of" in words


def test_a_visitor_sends_no_faster_than_a_camera_and_waits_for_answers(page):
    page(RedPeople(pause_s=0.1))
    rows, _ = visitors.measure_visitors(PICTURES, SIZE, 1)
    # The second frame on its way waits for the first, for longer than a camera's next.
    assert 130 < rows[0].median_ms < 600 and rows[0].count <= 10


def test_frames_left_out_do_not_count(monkeypatch):
    class Socket:
        """Answers every second frame."""

        def __init__(self):
            self.sent, self.told = [], 0

        def send(self, message):
            self.sent.append(message)

        def recv(self, timeout):
            if len(self.sent) < self.told + 2:
                time.sleep(timeout)
                raise TimeoutError
            self.told += 2
            return self.sent[self.told - 1]

    socket = Socket()
    frames = (bytes([0, 0, 0, number]) for number in range(200))
    done = visitors.exchange(socket, frames, 0.5)
    assert len(done.times_ms) == socket.told // 2 > 1


def test_a_refusal_is_told_and_nobody_waits_for_who_is_gone(page):
    page(RedPeople(), LiveLimits(connections=1))
    with pytest.raises(
        SegmenterError, match=r"the page (refused a visitor: .* full|ended a visit)"
    ):
        visitors.measure_visitors(PICTURES, SIZE, 0.2)
