"""A run's file: a run goes on from it, and its weights are exported from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from segmenter.errors import InvalidInput, OutputFailed, first_line
from segmenter.files import finished

ADVICE = "remove it to begin anew, or put back the run's own"


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint whole or not at all.

    Raises:
        OutputFailed: it can't be written.
    """
    try:
        with finished(path) as part:
            torch.save(dict(state), part)
    except RuntimeError as error:  # torch's own of a full disk
        raise OutputFailed(
            f"can't write {path}: {first_line(error)}; check the folder's free space, then give "
            "the same command again to go on"
        ) from error


def read_checkpoint(
    path: Path, parts: Sequence[str] = ("average", "options"), advice: str = ADVICE
) -> dict[str, Any]:
    """Read a checkpoint without running code that may be in it.

    Args:
        path: the file.
        parts: names that it must hold.
        advice: what to do with another file, for the message.

    Raises:
        InvalidInput: the file is missing, damaged, or lacks a part.
    """
    if not path.is_file():
        raise InvalidInput(f"there is no file {path}; {advice}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        for part in parts:
            state[part]
    except Exception as error:  # torch raises what its unpickler, zip reader or the file system do
        raise InvalidInput(
            f"{path} is no checkpoint of a training run, or damaged; {advice}"
        ) from error
    return state
