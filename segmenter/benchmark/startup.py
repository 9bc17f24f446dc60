"""How long a user waits at the start, each time in a process of its own.

The programs' files are in the system's memory: this is not the first start after the machine's.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from segmenter.benchmark.processes import PACKAGE_HOME, run
from segmenter.benchmark.timing import Row, summarise
from segmenter.errors import SegmenterError

TIMED_IMPORT = (
    "import time; start = time.perf_counter(); import segmenter; "
    "print(1000 * (time.perf_counter() - start))"
)
PATIENCE_S = 60.0
POLL_S = 0.02
PAGE = PACKAGE_HOME / "app.py"


def measure_import(repeats: int) -> Row:
    """Time `import segmenter`, without the start of Python itself."""
    times = [float(run("import segmenter", "-c", TIMED_IMPORT)) for _ in range(repeats)]
    return summarise("start", "import segmenter", "", times)


def measure_first_photo(photo: Path, words: list[str], repeats: int) -> Row:
    """Time the command line on one photo, from its start to its end.

    Args:
        photo: the file; the result is written beside it.
        words: further arguments, that choose the model.
        repeats: how often.
    """
    command = ["-m", "segmenter", "replace", str(photo), "-b", "#00785a", "--quiet"]
    command += ["-o", str(photo.with_name("first.jpg")), *words]
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run("the first photo", *command)
        times.append(1000 * (time.perf_counter() - started))
    return summarise("start", "first photo", "", times)


def page_is_missing() -> str | None:
    """Return why the page can't be started here; None when it can."""
    if not PAGE.is_file():
        return f"there is no {PAGE.name} beside the package"
    if find_spec("gradio") is None:
        return "the page needs gradio: pip install gradio"
    return None


def measure_page(repeats: int) -> Row:
    """Time the page, from its program's start until it answers a browser."""
    return summarise("start", "page", "", [1000 * start_page() for _ in range(repeats)])


def start_page() -> float:
    """Start the page, wait for its first answer, end it; return the seconds it took."""
    with running_page() as (_, seconds):
        return seconds


@contextmanager
def running_page() -> Iterator[tuple[str, float]]:
    """Start the page and give its address, and the seconds until its first answer.

    Raises:
        SegmenterError: it ended by itself, or did not answer in time.
    """
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    words = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    started = time.perf_counter()
    page = subprocess.Popen(
        [sys.executable, str(PAGE)],
        env={**os.environ, **words},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not answers(address):
            if page.poll() is not None or time.perf_counter() - started > PATIENCE_S:
                raise SegmenterError("the page did not start; run app.py to see why")
            time.sleep(POLL_S)
        yield address, time.perf_counter() - started
    finally:
        page.kill()
        page.wait()


def answers(address: str) -> bool:
    """Tell whether a server gives a page there."""
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
