"""Freed memory stays with the process, for the next frame.

Every frame needs the same arrays again. By default the C library gives large ones back to the
system when they are freed, which then has to clear each page of the next: a sixth of the time that
a video's frame takes at 1920x1080.
"""

import ctypes
import sys

# Parameters of mallopt(3), and values: arrays up to the largest size glibc allows come from memory
# that is kept, and so much free memory is kept at most in each of the places, otherwise sixteen on
# two cores, that threads share. Large photos in one thread after the other would fill them all.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
KEPT_ARRAY_BYTES = 32 << 20
KEPT_FREE_BYTES = 256 << 20
PLACES = 2


def keep_freed_memory() -> bool:
    """Let this process keep what it frees; for programs, not for libraries.

    Returns:
        Whether the C library can do so: glibc can.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return False
    wanted = (
        (_MMAP_THRESHOLD, KEPT_ARRAY_BYTES),
        (_TRIM_THRESHOLD, KEPT_FREE_BYTES),
        (_ARENA_MAX, PLACES),
    )
    return all(mallopt(*pair) == 1 for pair in wanted)
