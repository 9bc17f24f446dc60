"""Whole folders: every item is tried, names are kept, and a report says what became of each."""

import json
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from tqdm import tqdm

from segmenter.background import Background, Transparent
from segmenter.errors import InvalidInput, SegmenterError, is_out_of_memory
from segmenter.images import open_image, save_image
from segmenter.inference import Segmenter
from segmenter.pipeline import ReplaceOptions, replace_in_image
from segmenter.refine import edges_view
from segmenter.stream import replace_in_video, require_for_motion
from segmenter.targets import is_video, plan
from segmenter.threads import one_thread_a_stage

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Item:
    """What became of one input."""

    input: str
    output: str
    seconds: float
    frames: int = 1
    error: str | None = None
    warnings: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What became of all of them."""

    device: str
    items: list[Item] = field(default_factory=list)

    @property
    def failures(self) -> list[Item]:
        """The items that failed."""
        return [item for item in self.items if item.error]

    def summary(self) -> str:
        """Say in a line or more how it went."""
        done = len(self.items) - len(self.failures)
        how = f"{done} done, {len(self.failures)} failed ({self.device})"
        told = f"{how}: {self.place()}" if done else how
        return "\n".join(filter(None, [told, self.complaints()]))

    def place(self) -> str:
        """Return where the only result is, or the folder that holds them all."""
        outputs = [item.output for item in self.items if not item.error]
        if len(outputs) == 1:
            return outputs[0]
        return os.path.commonpath([os.path.dirname(output) for output in outputs]) or "."

    def complaints(self) -> str:
        """Say in a line each what went wrong."""
        return "\n".join(f"  {item.input}: {item.error}" for item in self.failures)

    def to_json(self) -> str:
        """Return the report for a machine to read."""
        counts = {"done": len(self.items) - len(self.failures), "failed": len(self.failures)}
        items = [asdict(item) for item in self.items]
        return json.dumps({"device": self.device, **counts, "items": items}, indent=1)


@dataclass(frozen=True)
class Job:
    """One input, where its result goes, and the work, which returns how many frames it did."""

    source: Path
    output: Path
    work: Callable[[], int]


@dataclass(frozen=True)
class Outcome:
    """What became of a piece of work."""

    value: Any = None  # what it returned
    error: str | None = None
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


def run(jobs: list[Job], device: str, quiet: bool) -> Report:
    """Do every job; one that fails is noted and the others go on."""
    report = Report(device)
    for job in progress(jobs, quiet, unit="file"):
        done = attempt(job.work)
        seconds, frames = round(done.seconds, 3), done.value or 0
        report.items.append(
            Item(str(job.source), str(job.output), seconds, frames, done.error, done.warnings)
        )
    return report


@dataclass(frozen=True)
class Replacer:
    """What is done to every item: a new background, or with `edges` the view of the edges."""

    segmenter: Segmenter
    background: Background
    options: ReplaceOptions
    edges: bool = False

    def photo(self, path: Path, output: Path) -> int:
        """Write the result of one photo."""
        frame = open_image(path)
        result = replace_in_image(
            frame, self.background, segmenter=self.segmenter, options=self.options
        )
        if not result.has_people:
            warn_of_nobody(path)
        picture = result.picture
        if self.edges:
            picture = edges_view(frame, result.probability, result.alpha)
        save_image(output, picture)
        return 1

    @one_thread_a_stage()
    def video(self, path: Path, output: Path, quiet: bool = True) -> int:
        """Write the result of one video and return how many frames it has."""
        self.require_video_choices()
        steps = replace_in_video(
            path, output, self.background, segmenter=self.segmenter, options=self.options
        )
        first = next(steps)
        rest = progress(steps, quiet, unit="frame", total=first.frames_expected - 1)
        (last,) = deque(chain([first], rest), maxlen=1)
        if not last.has_people:
            warn_of_nobody(path)
        return last.frames_done

    def require_video_choices(self) -> None:
        """Raise InvalidInput when what is chosen can be done to photos alone."""
        if self.edges:
            raise InvalidInput("the view of the edges is made of photos, not of videos")
        require_for_motion(self.options)


def warn_of_nobody(path: Path) -> None:
    """Warn that a result is all background."""
    log.warning("%s: nobody was found, so nothing of it is kept", path)


def replace_all(
    source: Path, target: Path | None, replacer: Replacer, *, quiet: bool = False
) -> Report:
    """Replace what is behind people in every item."""
    video = partial(replacer.video, quiet=quiet)
    jobs = [
        Job(path, output, partial(video if is_video(path) else replacer.photo, path, output))
        for path, output in plan(source, target, is_cutout(replacer.background, replacer.edges))
    ]
    return run(jobs, replacer.segmenter.describe(), quiet)


def is_cutout(background: Background, edges: bool) -> bool:
    """Tell whether results keep transparency, which not every format can."""
    return isinstance(background, Transparent) and not edges


def attempt(work: Callable[[], Any]) -> Outcome:
    """Do a piece of work; whatever goes wrong is noted and stays with it."""
    started = time.monotonic()
    value, error = None, None
    with noted_warnings() as warnings:
        try:
            value = work()
        except Exception as problem:  # one bad file must not stop the others
            error = explain(problem)
            log.debug("what failed:", exc_info=True)
    return Outcome(value, error, time.monotonic() - started, warnings)


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Give a list that fills with what the package warns of in the block.

    Programs that want it told too need a handler: Python's last resort is for what none handles.
    """
    noted = Noted()
    logger = logging.getLogger("segmenter")
    logger.addHandler(noted)
    try:
        yield noted.warnings
    finally:
        logger.removeHandler(noted)


class Noted(logging.Handler):
    """Keeps the warnings it is given."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.warnings.append(record.getMessage())


def explain(problem: Exception) -> str:
    """Return what a report says of it."""
    if isinstance(problem, SegmenterError):
        return str(problem)
    if is_out_of_memory(problem):
        return (
            "there is too little memory for it; end what else uses it, make the picture smaller, "
            "or where it is a graphics card's, choose --device cpu"
        )
    return f"failed unexpectedly, please report it: {type(problem).__name__}: {problem}"


def progress(
    items: Iterable, quiet: bool, unit: str, total: int | None = None, what: str | None = None
) -> Iterator:
    """Yield the items while a progress bar tells how long is left; leaving early closes `items`.

    Args:
        items: what is gone through.
        quiet: no bar.
        unit: what one item is called.
        total: how many there are, where `items` has no length.
        what: words before the bar.
    """
    bar = tqdm(
        items,
        what,
        unit=f" {unit}s",
        total=total,
        disable=quiet or None,
        file=sys.stderr,
        leave=False,
    )
    if hasattr(items, "close"):
        with closing(items):
            yield from bar
    else:
        yield from bar
