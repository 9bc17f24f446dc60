"""Ctrl-C, and what else asks a run to end and is handled, between two steps, never within one."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Windows has no SIGHUP.
ENDINGS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def held_back() -> Iterator[None]:
    """Let signals that ask to end wait for the block's end: no run can go on from half a step."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal arrives here
        return
    came: list[tuple] = []
    handlers = {number: signal.getsignal(number) for number in ENDINGS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handlers:
        signal.signal(number, lambda *given: came.append(given))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    for number, frame in came[:1]:
        handlers[number](number, frame)
