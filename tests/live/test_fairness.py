"""Visitors of the live tab share what there is, however much each of them sends."""

import threading
import time

import pytest
from live_server import (
    RedPeople,
    as_frame,
    moved,
    next_message,
    next_picture,
    served,
    settings,
)
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

ANSWERS = 40  # of both together
LEAST_SHARE = 0.35  # a half, less what a reply's way to the visitor and back may cost
PAUSE_S = 0.02


class OneAtATime(RedPeople):
    """A network that looks at one frame after the other, as one graphics card does."""

    def __init__(self):
        super().__init__(PAUSE_S)
        self._turn = threading.Lock()
        self.begun = 0

    def probability(self, frame, size=None):
        with self._turn:
            self.begun += 1
            return super().probability(frame, size)


class Tally:
    """Counts answers by visitor until there are enough of them all."""

    def __init__(self, visitors):
        self.answers = [0] * visitors
        self.is_enough = threading.Event()

    def count(self, visitor):
        self.answers[visitor] += 1
        if sum(self.answers) >= ANSWERS:
            self.is_enough.set()


def flood(socket, tally, pause_s):
    """Send frame after frame and wait for no answer."""
    frames, number = [as_frame(0, moved(which))[4:] for which in range(11)], 0
    try:
        while not tally.is_enough.is_set():
            number += 1
            socket.send(number.to_bytes(4, "big") + frames[number % 11])
            time.sleep(pause_s)
    except ConnectionClosed:
        pass
    return number


def take(socket, tally, visitor):
    """Count what comes back."""
    while not tally.is_enough.is_set():
        next_picture(socket)
        tally.count(visitor)


def ask(socket, tally, visitor):
    """Send a frame when the one before is answered."""
    number = 0
    while not tally.is_enough.is_set():
        number += 1
        socket.send(as_frame(number, moved(number)))
        assert next_picture(socket)[0] == number
        tally.count(visitor)


def together(*jobs):
    """Do the jobs at the same time, each a function and its arguments."""
    threads = [threading.Thread(target=job, args=arguments) for job, *arguments in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


@pytest.fixture
def two():
    """Two visitors, let in, and the network they share."""
    network = OneAtATime()
    with served(network) as address, connect(address) as one, connect(address) as other:
        for socket in (one, other):
            socket.send(settings())
            next_message(socket, "status")
        yield one, other, network


# As fast as a camera, and a frame every millisecond.
@pytest.mark.parametrize("pause_s", [1 / 30, 0.001])
def test_one_who_sends_far_more_takes_no_more(two, pause_s):
    greedy, modest, network = two
    tally = Tally(2)
    together((flood, greedy, tally, pause_s), (take, greedy, tally, 0), (ask, modest, tally, 1))
    assert min(tally.answers) >= LEAST_SHARE * ANSWERS, tally.answers
    # Nothing was done for frames that were replaced by newer ones.
    assert network.begun <= sum(tally.answers) + 4


def test_two_alike_get_the_same(two):
    tally = Tally(2)
    one, other, _ = two
    together((ask, one, tally, 0), (ask, other, tally, 1))
    assert min(tally.answers) >= LEAST_SHARE * ANSWERS, tally.answers
