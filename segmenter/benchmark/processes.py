"""Runs this package in another process of the same Python."""

import os
import subprocess
import sys
from pathlib import Path

from segmenter.errors import SegmenterError

PACKAGE_HOME = Path(__file__).parents[2]


def run(what: str, *arguments: str) -> str:
    """Run Python with this package and return what it printed.

    Args:
        what: is being done, for the message.
        arguments: of the interpreter.

    Raises:
        SegmenterError: it failed.
    """
    home = os.pathsep.join(filter(None, (str(PACKAGE_HOME), os.environ.get("PYTHONPATH"))))
    answer = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": home},
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        complaint = (answer.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise SegmenterError(f"measuring {what} failed: {complaint}")
    return answer.stdout
