"""What a worker can be asked to do; each task writes to the path it is given, or answers."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import cv2

from segmenter.batch import Outcome, Replacer, attempt, warn_of_nobody
from segmenter.cluster.chunks import Chunk, Written, replace_chunk
from segmenter.targets import is_video
from segmenter.video import VideoInfo, join, probe


class Task(Protocol):
    """A piece of work that may be done again, elsewhere, when its worker is lost."""

    def do(self, replacer: Replacer, target: Path) -> Any:
        """Write `target`; return the number of its frames, or what was asked."""


@dataclass(frozen=True)
class Survey:
    """Look into a video, to know how to cut it."""

    source: Path

    def do(self, replacer: Replacer, target: Path) -> VideoInfo:
        """Return what it holds."""
        return probe(self.source)


@dataclass(frozen=True)
class Whole:
    """A photo, or a video in one go: exactly what the engine in one process does."""

    source: Path

    def do(self, replacer: Replacer, target: Path) -> int:
        """Write the result."""
        work = replacer.video if is_video(self.source) else replacer.photo
        return work(self.source, target)


@dataclass(frozen=True)
class Piece:
    """A chunk of a video."""

    source: Path
    info: VideoInfo
    chunk: Chunk

    def do(self, replacer: Replacer, target: Path) -> Written:
        """Write the chunk."""
        return replace_chunk(self.source, target, self.info, self.chunk, replacer)


@dataclass(frozen=True)
class Joining:
    """The chunks of a video, done, and its sound."""

    source: Path
    info: VideoInfo
    pieces: tuple[tuple[Path, Written], ...]  # in order

    def do(self, replacer: Replacer, target: Path) -> int:
        """Write the video."""
        pieces = [(path, written.frames) for path, written in self.pieces]
        join(pieces, target, self.info, sound_from=self.source)
        if not any(written.has_people for _, written in self.pieces):
            warn_of_nobody(self.source)
        return sum(frames for _, frames in pieces)


class Worker:
    """One process of the cluster, with one model, on the CPU or the GPU that Ray gives it."""

    def __init__(self):
        self._replacer: Replacer | None = None

    def start(self, make_replacer: Callable[[], Replacer]) -> str:
        """Load the model, once, and say where it runs."""
        if self._replacer is None:
            # Many workers share a machine: one that used more would take from the others.
            os.environ["CPU_CORES"] = "1"
            cv2.setNumThreads(1)
            self._replacer = make_replacer()
        return self._replacer.segmenter.describe()

    def do(self, task: Task, target: Path) -> Outcome:
        """Do a task; whatever goes wrong is told, as a batch in one process tells it."""
        return attempt(partial(task.do, self._replacer, target))
