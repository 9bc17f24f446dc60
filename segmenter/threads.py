"""OpenCV's threads, for programs."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2


@contextmanager
def one_thread_a_stage() -> Iterator[None]:
    """Let OpenCV use one thread in each call.

    The stages of a video's or a camera's frames run in threads of their own, side by side. Sharing
    each call out as well makes none of them quicker, and costs a quarter more of the processor. The
    setting is the whole process's, so programs make it and libraries don't.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
