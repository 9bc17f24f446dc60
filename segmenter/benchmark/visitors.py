"""Two visitors of the live tab at the same time, and one alone, as the page serves them.

The page runs in a process of its own; the visitors speak its socket as a browser does, but neither
film nor show anything, so that all the time is the server's.
"""

import json
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, cycle, islice

from segmenter.benchmark.startup import running_page
from segmenter.benchmark.timing import Row, size_text, summarise
from segmenter.errors import SegmenterError

WARM_UPS = 10  # answers
IN_FLIGHT = 3  # frames sent and not answered, at most; as in page/live
CAMERA_RATE = 30
PATIENCE_S = 30.0
BACKGROUND = "#00785a"


@dataclass
class Visit:
    """What one visitor got."""

    times_ms: list[float] = field(default_factory=list)  # from sending to the answer
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return len(self.times_ms) / self.seconds


def measure_visitors(
    pictures: list[bytes], size: tuple[int, int], seconds: float
) -> tuple[list[Row], str]:
    """Let one visitor, and then two, send a camera's frames for some seconds.

    Args:
        pictures: JPEGs that the cameras show again and again.
        size: height and width.
        seconds: how long each time.

    Returns:
        A row for each visitor, and how the two shared in a sentence.

    Raises:
        SegmenterError: the page did not start, or refused a visitor.
    """
    where = size_text(size)
    with running_page() as (address, _):
        live = address.replace("http://", "ws://") + "live"
        (alone,) = visit_together(live, pictures, size, seconds, 1)
        both = visit_together(live, pictures, size, seconds, 2)
    named = {"visitor alone": alone, "visitor 1 of 2": both[0], "visitor 2 of 2": both[1]}
    rows = [
        summarise("whole", name, where, visit.times_ms, per_s=round(visit.per_s, 2))
        for name, visit in named.items()
    ]
    rates = sorted(visit.per_s for visit in both)
    return rows, (
        f"Two visitors at once, {where}: {rates[0]:.1f} and {rates[1]:.1f} frames a second, "
        f"a ratio of {rates[0] / rates[1]:.2f}; one alone {alone.per_s:.1f}."
    )


def visit_together(
    address: str, pictures: list[bytes], size: tuple[int, int], seconds: float, visitors: int
) -> list[Visit]:
    """Let so many visitors begin at the same moment, each in a thread."""
    begin = threading.Barrier(visitors, timeout=PATIENCE_S)
    with ThreadPoolExecutor(visitors) as threads:
        visits = [
            threads.submit(visit, address, pictures, size, seconds, begin) for _ in range(visitors)
        ]
    # A visitor that had to leave tells why, and not one that waited for it.
    visits.sort(key=lambda done: isinstance(done.exception(), threading.BrokenBarrierError))
    return [done.result() for done in visits]


def visit(
    address: str,
    pictures: list[bytes],
    size: tuple[int, int],
    seconds: float,
    begin: threading.Barrier,
) -> Visit:
    """Warm up, wait for all to begin, and take part for some seconds."""
    messages = (
        struct.pack(">I", number) + jpeg
        for number, jpeg in zip(count(), cycle(pictures), strict=False)
    )
    try:
        with connected(address, size) as socket:
            for message in islice(messages, WARM_UPS):
                socket.send(message)
                next_answer(socket, PATIENCE_S)
            begin.wait()
            return exchange(socket, messages, seconds)
    except BaseException:
        begin.abort()
        raise


def exchange(socket, messages: Iterator[bytes], seconds: float) -> Visit:
    """Send frames at a camera's rate, no more than `IN_FLIGHT` at a time, and time the answers."""
    done, sent_at = Visit(), {}
    started = due = time.perf_counter()
    while (now := time.perf_counter()) < started + seconds:
        if len(sent_at) < IN_FLIGHT and now >= due:
            message = next(messages)
            sent_at[number_of(message)], due = now, max(due + 1 / CAMERA_RATE, now)
            socket.send(message)
        is_full = len(sent_at) == IN_FLIGHT
        answered = next_answer(socket, PATIENCE_S if is_full else due - time.perf_counter())
        if answered in sent_at:
            done.times_ms.append(1000 * (time.perf_counter() - sent_at[answered]))
            # What was left out for a newer frame has no answer.
            sent_at = {number: at for number, at in sent_at.items() if number > answered}
    done.seconds = time.perf_counter() - started
    return done


def number_of(message: bytes) -> int:
    """Return the number of a frame, sent or answered."""
    return struct.unpack(">I", message[:4])[0]


@contextmanager
def connected(address: str, size: tuple[int, int]) -> Iterator:
    """Give a socket whose settings are sent."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    try:
        with connect(address, max_size=None) as socket:
            settings = {"background": BACKGROUND, "height": size[0], "width": size[1]}
            socket.send(json.dumps(settings))
            yield socket
    except (ConnectionClosed, OSError) as error:
        raise SegmenterError(f"the page ended a visit: {error}") from error


def next_answer(socket, patience_s: float) -> int | None:
    """Return the number of the next frame that comes back; None when none comes in time.

    Raises:
        SegmenterError: the page refuses.
    """
    deadline = time.perf_counter() + patience_s
    while True:
        try:
            message = socket.recv(max(0.0, deadline - time.perf_counter()))
        except TimeoutError:
            return None
        if isinstance(message, bytes):
            return number_of(message)
        if refusal := json.loads(message).get("error"):
            raise SegmenterError(f"the page refused a visitor: {refusal}")
