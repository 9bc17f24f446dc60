"""Parts of a stream, and stages that work at the same time, each in a thread of its own.

It pays where stages wait for a pipe, or run code that lets go of Python's lock: ONNX Runtime,
OpenCV, NumPy.
"""

import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_END = object()


def overlap(items: Iterable[Item], stage: Callable[[Item], Result]) -> Generator[Result]:
    """Yield `stage(item)` of every item in order; a thread makes the next while one is used.

    To chain: `overlap(overlap(frames, first), second)`. What `items` or `stage` raises is raised
    here, after the results before it. Closing the generator, or dropping it, waits for the call
    that is running, ends the thread, and then closes `items` where that can be closed.

    Args:
        items: read in the thread, by nobody else.
        stage: called in the thread, with one item at a time.
    """
    results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
    room, is_closed = threading.Semaphore(0), threading.Event()

    def work() -> None:
        try:
            for item in items:
                results.put((stage(item), None))
                room.acquire()
                if is_closed.is_set():
                    return
            results.put((_END, None))
        except BaseException as error:
            results.put((None, error))

    thread = threading.Thread(target=work, name="overlap", daemon=True)
    thread.start()
    try:
        while True:
            result, error = results.get()
            if error is not None:
                raise error
            if result is _END:
                return
            room.release()
            yield result
    finally:
        is_closed.set()
        room.release()
        if not sys.is_finalizing():  # by then Python has stopped the thread, wherever it was
            thread.join()
            if hasattr(items, "close"):
                items.close()


def between(items: Iterable[Item], start: int, stop: int | None = None) -> Generator[Item]:
    """Yield the items from number `start` on, before `stop`, and close where they come from."""
    with closing(items):
        yield from islice(items, start, stop)
