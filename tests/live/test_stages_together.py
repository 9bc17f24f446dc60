"""Two frames of a visitor are worked on at once: found people in one, composited the other."""

import threading
import time

import live_server
import pytest
from live_server import (
    BLUE,
    PATIENCE_S,
    PERSON,
    WIDTH,
    RedPeople,
    as_frame,
    moved,
    near,
    next_message,
    next_picture,
    scene,
    served,
    settings,
)
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from segmenter.background import Background, Colour
from segmenter.live import LiveLimits, answerer

YELLOW, GREY = (255, 255, 0), (128, 128, 128)
WIDE = 2 * WIDTH


class Gate:
    """Lets calls through one at a time, each when the test says so, and tells of them."""

    def __init__(self):
        self.begun, self.ended = threading.Semaphore(0), 0
        self._passes = threading.Semaphore(0)
        self._is_open = False

    def __call__(self):
        self.begun.release()
        if not self._is_open:
            assert self._passes.acquire(timeout=PATIENCE_S), "nobody let it through"
        self.ended += 1

    def wait(self):
        """Wait for a call to begin; False when none does."""
        return self.begun.acquire(timeout=PATIENCE_S)

    def pass_one(self):
        self._passes.release()

    def open(self):
        self._is_open = True
        self._passes.release(10)


def refuse(frame, width):
    if frame.shape[1] == width:
        raise RuntimeError("out of order")


class Gated(RedPeople):
    """Finds people when the test says so, but not in frames of the width `fails_at`."""

    fails_at = None

    def __init__(self):
        super().__init__()
        self.gate = Gate()

    def probability(self, frame, size=None):
        self.gate()
        refuse(frame, self.fails_at)
        return super().probability(frame, size)


class Behind(Background):
    """A background that is there when the test says so, and knows when it was closed."""

    fails_at = None

    def __init__(self, colour=BLUE):
        self._colour, self.gate = Colour(*colour), Gate()
        self.closed_after = None  # so many composites

    def at(self, time, frame, alpha):
        assert self.closed_after is None, "asked after it was closed"
        self.gate()
        refuse(frame, self.fails_at)
        return self._colour.at(time, frame, alpha)

    def close(self):
        self.closed_after = self.gate.ended


@pytest.fixture
def behind(monkeypatch):
    """The backgrounds of the settings messages to come, in their order; the last stays."""
    coming = [Behind()]

    def take(choice, presets):
        return coming.pop(0) if len(coming) > 1 else coming[0]

    monkeypatch.setattr(live_server, "make_background", take)
    return coming


@pytest.fixture
def visit(behind):
    """A socket whose settings are in force, the network, and the first background."""
    network, first = Gated(), behind[0]
    with served(network) as address, connect(address) as socket:
        socket.send(settings())
        next_message(socket, "status")
        try:
            yield socket, network, first
        finally:
            network.gate.open()
            first.gate.open()


def test_a_frame_is_looked_at_while_the_one_before_is_composited(visit):
    socket, network, background = visit
    network.gate.open()
    for number in (1, 2):
        socket.send(as_frame(number, moved(number)))
        assert network.gate.wait(), f"frame {number} had to wait"
    assert background.gate.wait() and background.gate.ended == 0
    background.gate.open()
    assert [next_picture(socket)[0] for _ in range(2)] == [1, 2]


def test_one_frame_is_in_each_stage_and_the_newest_of_the_others_is_next(visit):
    socket, network, background = visit
    network.gate.open()
    for number in (1, 2):
        socket.send(as_frame(number, moved(number)))
        assert network.gate.wait()
    for number in (3, 4, 5):
        socket.send(as_frame(number, moved(number)))
    # The second frame keeps the first stage until the first has left the other one.
    assert not network.gate.begun.acquire(timeout=0.2)
    background.gate.open()
    assert [next_picture(socket)[0] for _ in range(3)] == [1, 2, 5]
    assert network.gate.ended == background.gate.ended == 3


def test_answers_stay_in_order_where_frames_take_longer_or_shorter(behind):
    class Uneven(RedPeople):
        def probability(self, frame, size=None):
            time.sleep(0.02 if next(turns) % 2 else 0)
            return super().probability(frame, size)

    turns, sent, numbers = iter(range(1000)), 0, []
    behind[0].gate.open()
    with served(Uneven()) as address, connect(address) as socket:
        socket.send(settings())
        while (newest := max(numbers, default=-1)) < 29:
            # Three are on their way, at any pace: at most two in a row go unanswered.
            for number in range(sent, newest + 4):
                socket.send(as_frame(number, moved(number)))
            sent = max(sent, newest + 4)
            numbers.append(next_picture(socket)[0])
    assert len(numbers) >= 10 and numbers == sorted(set(numbers))


def both_under_way(visit, first, second):
    """Send two frames, and return when one is being composited, the other being looked at."""
    socket, network, background = visit
    socket.send(as_frame(1, first))
    network.gate.pass_one()
    assert network.gate.wait() and background.gate.wait()
    socket.send(as_frame(2, second))
    assert network.gate.wait()


def test_a_failure_while_people_are_found_spares_the_frame_before(visit):
    socket, network, background = visit
    both_under_way(visit, scene(), scene(width=WIDE))
    network.fails_at = WIDE
    network.gate.open()
    background.gate.open()
    (first, composite), (second, alone) = next_picture(socket), next_picture(socket)
    assert (first, second) == (1, 2)
    assert near(composite[60, 56], PERSON) and near(composite[60, 10], BLUE)
    assert alone.shape[1] == WIDE and near(alone, BLUE, tolerance=8)
    assert "only the background is shown" in next_message(socket, "warning")


def test_a_failure_while_compositing_spares_the_frame_after(visit):
    socket, network, background = visit
    both_under_way(visit, scene(width=WIDE), scene())
    background.fails_at = WIDE
    network.gate.open()
    background.gate.open()
    first, card = next_picture(socket)
    assert first == 1 and near(card, GREY, tolerance=8)
    assert "only the background is shown" in next_message(socket, "warning")
    second, composite = next_picture(socket)
    assert second == 2 and near(composite[60, 56], PERSON) and near(composite[60, 10], BLUE)
    assert next_message(socket, "warning") is None


def test_a_change_waits_for_the_frames_before_it(visit, behind):
    socket, network, old = visit
    new = Behind(YELLOW)
    new.gate.open()
    behind[:] = [new]
    network.gate.open()
    for number in (1, 2):
        socket.send(as_frame(number, moved(number)))
        assert network.gate.wait()
    assert old.gate.wait()
    socket.send(settings("another"))
    socket.send(as_frame(3, moved(3)))
    time.sleep(0.1)  # in which it could be closed too early
    assert old.closed_after is None, "closed while a frame was made with it"
    old.gate.open()
    corners = {number: picture[60, 10] for number, picture in map(next_picture, [socket] * 3)}
    assert near(corners[1], BLUE) and near(corners[2], BLUE) and near(corners[3], YELLOW)
    assert old.closed_after == 2


@pytest.mark.parametrize("stage", ["first", "second"])
def test_who_leaves_in_the_middle_of_a_frame_frees_all(behind, stage):
    network, background = Gated(), behind[0]
    gate, other = network.gate, background.gate
    if stage == "second":
        gate, other = other, gate
    other.open()
    with served(network, LiveLimits(connections=1)) as address:
        with connect(address) as socket:
            socket.send(settings())
            for number in (1, 2):
                socket.send(as_frame(number, moved(number)))
            assert gate.wait()
        time.sleep(0.1)  # in which it could be closed too early
        assert background.closed_after is None
        gate.open()
        until(lambda: background.closed_after is not None)
        assert background.closed_after == background.gate.ended
        behind[:] = [Behind(YELLOW)]
        behind[0].gate.open()
        assert near(first_picture(address)[60, 10], YELLOW)


def first_picture(address):
    """Come in, as soon as there is a place, and return what is answered."""
    for _ in range(100):
        try:
            with connect(address) as socket:
                socket.send(settings())
                socket.send(as_frame(1, scene()))
                return next_picture(socket)[1]
        except ConnectionClosed:
            time.sleep(0.02)
    return pytest.fail("the place was never freed")


def until(is_so):
    """Wait for something to become true."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_status_counts_both_stages(monkeypatch):
    def slow(picture, quality):
        time.sleep(0.1)
        return encode(picture, quality)

    encode = answerer.encode
    monkeypatch.setattr(answerer, "encode", slow)
    with served(RedPeople(pause_s=0.1)) as address, connect(address) as socket:
        socket.send(settings())
        assert next_message(socket, "status")["frame_ms"] == 0
        socket.send(as_frame(1, scene()))
        assert next_message(socket, "status")["frame_ms"] >= 200
