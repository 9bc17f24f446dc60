"""A folder on a cluster: photos one by one, videos in chunks, and the report of any batch."""

import logging
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from segmenter.batch import Item, Outcome, Report, progress
from segmenter.cluster.chunks import Written, chunk_length, split
from segmenter.cluster.crew import Assignment, Crew
from segmenter.cluster.tasks import Joining, Piece, Survey, Task, Whole
from segmenter.errors import OutputFailed
from segmenter.targets import is_video, plan
from segmenter.video import VideoInfo

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Entry:
    """One input on its way to its output."""

    source: Path
    output: Path
    info: VideoInfo | None = None
    count: int = 0  # of the chunks
    pieces: dict[int, tuple[Path, Written]] = field(default_factory=dict)  # by first frame
    seconds: float = 0.0  # of work, by whichever workers
    warnings: list[str] = field(default_factory=list)
    item: Item | None = None  # in the end


def replace_all(
    source: Path, target: Path | None, crew: Crew, *, is_cutout: bool, quiet: bool = False
) -> Report:
    """Have a crew replace what is behind people in every item; see `batch.replace_all`.

    Workers write beside the outputs, into a folder that is removed in the end. A result is moved to
    its place when it is whole, so that work done twice, after a loss, still gives each output once.

    Args:
        source: a photo, a video or a folder, on a disk that all machines have at the same path.
        target: a file or a folder on such a disk; None for beside the input.
        crew: works for as long as this takes.
        is_cutout: results keep transparency.
        quiet: no progress bar.

    Raises:
        InvalidInput: there is nothing to do.
        OutputFailed: the folder of the outputs can't be written to.
        ClusterFailed, WeightsUnavailable: no worker could start.
    """
    entries = [Entry(*pair) for pair in plan(source, target, is_cutout)]
    with scratch_for([entry.output for entry in entries]) as scratch, crew:
        flow = Flow(scratch)
        photos = deque(flow.begin(entry) for entry in entries if not is_video(entry.source))
        surveys = deque(flow.begin(entry) for entry in entries if is_video(entry.source))
        for assignment, outcome in progress(crew.run(surveys), quiet, "video", len(surveys)):
            flow.advance(assignment, outcome)
        # The longest tasks first, so that no worker is left with one in the end.
        tasks = deque(flow.cut(crew.size)) + photos
        joints = sum(1 for entry in entries if entry.count > 1)
        for assignment, outcome in progress(crew.run(tasks), quiet, "piece", len(tasks) + joints):
            tasks.extend(flow.advance(assignment, outcome))
    return Report(crew.describe(), [entry.item for entry in entries])


@contextmanager
def scratch_for(outputs: list[Path]) -> Iterator[Path]:
    """Give a folder on the disk of the outputs, for as long as the block lasts."""
    root = Path(os.path.commonpath([output.absolute().parent for output in outputs]))
    try:
        root.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(
            prefix=".backdrop-", dir=root, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise OutputFailed(
            f"can't write to {root}: {error.strerror}; choose a folder you may write to"
        ) from error
    with scratch as name:
        yield Path(name)


class Flow:
    """Knows what follows on what: a video is surveyed, cut, done in pieces and joined.

    Where a piece fails, the video is done in one go, which succeeds or says why not.
    """

    def __init__(self, scratch: Path):
        self._scratch = scratch
        self._surveyed: list[Entry] = []

    def begin(self, entry: Entry) -> Assignment:
        """Return the first thing to do."""
        source = entry.source.absolute()
        return self._assign(entry, Survey(source) if is_video(source) else Whole(source))

    def advance(self, assignment: Assignment, outcome: Outcome) -> list[Assignment]:
        """Note what became of an assignment and return what is to be done next."""
        entry, task = assignment.owner, assignment.task
        entry.seconds += outcome.seconds
        entry.warnings += outcome.warnings
        match task:
            case Survey() if not outcome.error:
                entry.info = outcome.value
                self._surveyed.append(entry)
                return []
            case Piece():
                return self._collect(assignment, outcome)
            case Joining() if outcome.error:
                return [self._assign(entry, Whole(task.source))]
        self._settle(assignment, outcome)
        return []

    def cut(self, workers: int) -> list[Assignment]:
        """Return what there is to do for all videos that were surveyed."""
        length = chunk_length(sum(entry.info.frame_count for entry in self._surveyed), workers)
        return [
            self._assign(entry, task)
            for entry in self._surveyed
            for task in self._tasks_of(entry, length)
        ]

    def _tasks_of(self, entry: Entry, length: int) -> list[Task]:
        source = entry.source.absolute()
        chunks = split(source, entry.info, length)
        entry.count = len(chunks)
        if entry.count == 1:
            return [Whole(source)]
        return [Piece(source, entry.info, chunk) for chunk in chunks]

    def _assign(self, entry: Entry, task: Task) -> Assignment:
        return Assignment(task, entry, self._scratch / entry.output.name)

    def _collect(self, assignment: Assignment, outcome: Outcome) -> list[Assignment]:
        entry, task = assignment.owner, assignment.task
        if entry.count == 0:  # another piece has failed
            return []
        if outcome.error:
            entry.count = 0
            return [self._assign(entry, Whole(task.source))]
        entry.pieces[task.chunk.start] = assignment.path, outcome.value
        if len(entry.pieces) < entry.count:
            return []
        pieces = tuple(entry.pieces[start] for start in sorted(entry.pieces))
        return [self._assign(entry, Joining(task.source, entry.info, pieces))]

    def _settle(self, assignment: Assignment, outcome: Outcome) -> None:
        entry, error = assignment.owner, outcome.error
        output = entry.output
        if not error:
            try:
                output.parent.mkdir(parents=True, exist_ok=True)
                os.replace(assignment.path, output)
            except OSError as problem:
                error = f"can't write {output}: {problem.strerror}"
        for path, _ in entry.pieces.values():
            shutil.rmtree(path.parent, ignore_errors=True)
        seconds, frames = round(entry.seconds, 3), 0 if error else outcome.value
        warnings = list(dict.fromkeys(entry.warnings))  # several pieces may say the same
        for words in warnings:
            log.warning("%s", words)
        entry.item = Item(str(entry.source), str(output), seconds, frames, error, warnings)
