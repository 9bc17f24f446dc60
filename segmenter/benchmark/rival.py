"""This against MediaPipe's selfie segmentation: the same frames in turns, photo to composite."""

import json
import os
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame
from segmenter.background import Picture
from segmenter.benchmark import rival_process
from segmenter.benchmark.report import describe_machine, table
from segmenter.benchmark.scenes import FRAME_RATE, Stage
from segmenter.benchmark.stages import new_background
from segmenter.benchmark.timing import WARM_UPS, measure_once, size_text
from segmenter.errors import InvalidInput, MissingExtra, SegmenterError
from segmenter.inference import Segmenter
from segmenter.metrics import boundary_f, miou
from segmenter.pipeline import ReplaceOptions, replace_in_image
from segmenter.stream import LiveReplacer
from segmenter.training.evaluate import PhotoSet, find_sets

SIZE = (720, 1280)  # height and width of the frames that are timed
OURS = ("this, as a photo", "this, as a video's frame")
GENERAL = next(iter(rival_process.NETWORKS))  # the one that ratios are given to
WHAT_TO_INSTALL = "mediapipe==0.10.21"


@dataclass(frozen=True)
class Contender:
    """One way from photo to composite."""

    name: str
    median_ms: float
    p95_ms: float
    times_the_rivals: float  # its time over that of MediaPipe's general network
    scores: dict[str, dict[str, float]]  # by the set's name: boundary_f, miou


@dataclass(frozen=True)
class Comparison:
    """All contenders, and what they were compared on."""

    device: str
    machine: dict[str, str | float]
    frames: int
    contenders: list[Contender]

    def to_json(self) -> str:
        """Return all for a program to read."""
        return json.dumps(asdict(self), indent=1)

    def to_markdown(self) -> str:
        """Return a table."""
        facts = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        sets = list(self.contenders[0].scores)
        heads = ["from photo to composite", "median ms", "p95 ms", "times MediaPipe's"]
        heads += [f"{name}: boundary F / mIoU" for name in sets]
        body = [
            [
                contender.name,
                *(f"{value:.1f}" for value in (contender.median_ms, contender.p95_ms)),
                f"{contender.times_the_rivals:.2f}",
                *(
                    "{boundary_f:.3f} / {miou:.3f}".format(**contender.scores[name])
                    for name in sets
                ),
            ]
            for contender in self.contenders
        ]
        words = f"{self.frames} frames of {size_text(SIZE)}, in turns. {self.device}; {facts}"
        return f"{words}\n\n{table(heads, body)}"


class Rival:
    """MediaPipe in a process of its own."""

    def __init__(self, process: subprocess.Popen, python: Path):
        """Wait until it is ready.

        Raises:
            MissingExtra: that Python has no MediaPipe of the right kind.
        """
        self._process, self._python = process, python
        ready = self._answer()
        if "error" in ready:
            raise MissingExtra(
                f"{python} can't run MediaPipe's selfie segmentation ({ready['error']}): "
                f"{python} -m pip install {WHAT_TO_INSTALL}"
            )
        self.version: str = ready["version"]

    def run(self, frame: Path, background: Path, alpha: Path | None = None) -> dict[str, float]:
        """Return the milliseconds of each network; with `alpha`, write their alphas there too."""
        question = {"frame": frame, "background": background, "alpha": alpha}
        words = {name: path and str(path) for name, path in question.items()}
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return self._answer()["times"]

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise SegmenterError(f"MediaPipe ended in {self._python}; run it there to see why")
        return json.loads(line)


@contextmanager
def started_rival(python: Path) -> Iterator[Rival]:
    """Give MediaPipe, run by another Python.

    Raises:
        InvalidInput: `python` can't be run.
        MissingExtra: it has no MediaPipe.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        process = subprocess.Popen(
            [str(python), rival_process.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
    except OSError as error:
        raise InvalidInput(
            f"{python} can't be run ({error.strerror}); give --rival-python the python of an "
            "environment that has mediapipe"
        ) from error
    with process:
        try:
            yield Rival(process, python)
        finally:
            process.kill()


def compare(
    segmenter: Segmenter, stage: Stage, python: Path, sets: Sequence[Path], count: int
) -> Comparison:
    """Time both on frames of a clip, in turns, and score both on photos with masks.

    Args:
        segmenter: ours.
        stage: draws the frames.
        python: an interpreter that has mediapipe.
        sets: folders with images/ and masks/, or none.
        count: frames that are timed.

    Raises:
        InvalidDataset: a photo or mask is missing or damaged.
    """
    photo_sets = find_sets(sets)
    machine = describe_machine()
    with started_rival(python) as rival, TemporaryDirectory() as folder:
        machine["mediapipe"] = rival.version
        times = race(segmenter, stage, rival, Path(folder), count)
        scores = {
            photos.name: score_set(segmenter, rival, Path(folder), photos) for photos in photo_sets
        }
    base = statistics.median(times[GENERAL])
    contenders = [
        Contender(
            name,
            round(statistics.median(taken), 2),
            round(float(np.percentile(taken, 95)), 2),
            round(statistics.median(taken) / base, 3),
            {photos: found[name] for photos, found in scores.items()},
        )
        for name, taken in times.items()
    ]
    return Comparison(segmenter.describe(), machine, count, contenders)


def race(
    segmenter: Segmenter, stage: Stage, rival: Rival, folder: Path, count: int
) -> dict[str, list[float]]:
    """Return the milliseconds of each contender for each frame of a clip."""
    times: dict[str, list[float]] = {name: [] for name in (*OURS, *rival_process.NETWORKS)}
    background = new_background(stage.frame(*SIZE))
    video = LiveReplacer(segmenter, background, closely=True)
    frame_file, background_file = folder / "frame.npy", folder / "background.npy"
    for number, frame in enumerate(stage.frames(*SIZE, WARM_UPS + count)):
        np.save(frame_file, frame)
        np.save(background_file, background.at(0, frame, None))
        photo_ms = measure_once(lambda f=frame: as_photo(f, background, segmenter))
        frame_ms = measure_once(lambda f=frame, n=number: video(f, n / FRAME_RATE))
        taken = dict(zip(OURS, (photo_ms, frame_ms), strict=True))
        taken |= rival.run(frame_file, background_file)
        if number >= WARM_UPS:
            for name, value in taken.items():
                times[name].append(value)
    return times


def as_photo(frame: Frame, background: Picture, segmenter: Segmenter) -> Alpha:
    """Replace a photo's background; return the alpha."""
    return replace_in_image(frame, background, segmenter=segmenter).alpha


def score_set(
    segmenter: Segmenter, rival: Rival, folder: Path, photos: PhotoSet
) -> dict[str, dict[str, float]]:
    """Return every contender's mean scores on photos with masks."""
    found: dict[str, list[tuple[float, float]]] = {}
    frame_file, alpha_file = folder / "photo.npy", folder / "alphas.npz"
    for pair in photos.pairs:
        frame, mask = pair.read()
        np.save(frame_file, frame)
        rival.run(frame_file, frame_file, alpha_file)
        with np.load(alpha_file) as theirs:
            alphas = {name: alpha.astype(np.float32) / 255 for name, alpha in theirs.items()}
        alphas |= our_alphas(frame, segmenter)
        truth = mask >= 128
        for name, alpha in alphas.items():
            person = alpha >= 0.5
            found.setdefault(name, []).append((boundary_f(person, truth), miou(person, truth)))
    means = {name: np.mean(values, axis=0) for name, values in found.items()}
    return {name: {"boundary_f": float(f), "miou": float(m)} for name, (f, m) in means.items()}


def our_alphas(frame: Frame, segmenter: Segmenter) -> dict[str, Alpha]:
    """Return the alphas of a photo seen as one, and as the first frame of a video."""
    background = Picture(cv2.flip(frame, 1))
    video = LiveReplacer(segmenter, background, ReplaceOptions(smoothing=False), closely=True)
    return dict(
        zip(OURS, (as_photo(frame, background, segmenter), video(frame, 0.0).alpha), strict=True)
    )
