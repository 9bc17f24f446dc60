"""Where the results of jobs wait for their download, and for how long."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from segmenter.page.choice import DELETE_AFTER_S, DELETE_EVERY_S


def jobs_folder() -> Path:
    """Return the folder of all results; Gradio serves what lies in its cache."""
    cache = os.environ.get("GRADIO_TEMP_DIR") or Path(tempfile.gettempdir()).resolve() / "gradio"
    return Path(cache) / "backdrop"


def delete_old_results(after_s: float) -> None:
    """Delete the folders of jobs in which nothing was written for so long.

    Gradio deletes uploads, but forgets results: those that it never sends, and those of a widget
    whose look was changed for a visitor.
    """
    for folder in jobs_folder().glob("*"):
        with suppress(OSError):  # the job failed meanwhile, or this is none of ours
            last = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if time.time() - last > after_s:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def job_folder() -> Iterator[Path]:
    """Give a new folder, which is removed at once when the job fails."""
    folder = jobs_folder() / uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def keep_tidy(forget: Callable[[float], None]) -> None:
    """Delete results that are old, in a thread of its own, as long as the page runs.

    `forget` is told after how many seconds to forget what else is known of visitors' files.
    """

    def tidy() -> None:
        while True:
            delete_old_results(DELETE_AFTER_S)
            forget(DELETE_AFTER_S)
            time.sleep(DELETE_EVERY_S)

    threading.Thread(target=tidy, name="tidy", daemon=True).start()
