"""Files appear whole or not at all."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from uuid import uuid4

from segmenter.errors import OutputFailed

# Reading never ends so: these are the written file's.
NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


@contextmanager
def finished(path: Path) -> Iterator[Path]:
    """Give a temporary path with the same ending, which becomes `path` when the block succeeds.

    Raises:
        OutputFailed: the folder can't be written to or is full, or `path` is one.
    """
    path = Path(path)
    if os.path.isdir(path):
        raise OutputFailed(f"can't write {path}: it is a folder; add the name of a file")
    # Short: a name may be as long as the disk allows.
    part = path.with_name(f".{uuid4().hex[:12]}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            os.stat(path)  # complains of a name that is too long
        part.touch()
    except OSError as error:
        is_long = error.errno == errno.ENAMETOOLONG
        advice = "a shorter name" if is_long else "a folder you may write to"
        raise OutputFailed(f"can't write {path}: {error.strerror}; choose {advice}") from error
    except ValueError as error:  # a zero in the name
        raise OutputFailed(f"can't write {str(path)!r}: {error}; choose another name") from error
    try:
        yield part
        move(part, path)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise OutputFailed(
            f"can't write {path}: {error.strerror}; free some space, or choose another folder"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def move(part: Path, path: Path) -> None:
    """Put a file in the place of another, if there is one.

    Raises:
        OutputFailed: the other may not be replaced.
    """
    try:
        os.replace(part, path)
    except OSError as error:
        raise OutputFailed(
            f"can't write {path}: {error.strerror}; close what uses it, or choose another name"
        ) from error


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there, and find out at once whether it can be written to.

    Raises:
        OutputFailed: it can't be.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputFailed(
            f"can't write into the folder {folder}: {error.strerror}; choose another"
        ) from error
