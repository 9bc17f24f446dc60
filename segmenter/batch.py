"""Whole folders: every item is tried, names are kept, and a report says what became of each."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from tqdm import tqdm

from segmenter.arrays import Alpha
from segmenter.background import Background, Transparent
from segmenter.composite import to_grey
from segmenter.edges_view import edges_view
from segmenter.errors import InvalidInput, SegmenterError
from segmenter.images import IMAGE_ENDINGS, open_image, save_image
from segmenter.inference import Segmenter
from segmenter.pipeline import ReplaceOptions, matte_of_image, replace_in_image
from segmenter.stream import mattes_of_frames, mattes_of_video, replace_in_video
from segmenter.video import VIDEO_ENDINGS, probe

SUFFIX = "-backdrop"


@dataclass(frozen=True)
class Item:
    """What became of one input."""

    input: str
    output: str
    seconds: float
    frames: int = 1
    error: str | None = None


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
        lines = [f"{done} done, {len(self.failures)} failed ({self.device})"]
        return "\n".join(lines + [f"  {item.input}: {item.error}" for item in self.failures])

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


def run(jobs: list[Job], device: str, quiet: bool) -> Report:
    """Do every job; one that fails is noted and the others go on."""
    report = Report(device)
    for job in progress(jobs, quiet, unit="file"):
        report.items.append(attempt(job))
    return report


def replace_all(
    source: Path,
    target: Path | None,
    background: Background,
    segmenter: Segmenter,
    options: ReplaceOptions,
    *,
    quiet: bool = False,
    edges: bool = False,
) -> Report:
    """Replace what is behind people, or with `edges` draw `edges_view`, in every item."""

    def video(path: Path, output: Path) -> int:
        if edges:
            raise InvalidInput("the view of the edges is made of photos, not of videos")
        steps = replace_in_video(path, output, background, segmenter=segmenter, options=options)
        total = probe(path).frame_count
        return sum(1 for _ in progress(steps, quiet, unit="frame", total=total))

    def photo(path: Path, output: Path) -> int:
        frame = open_image(path)
        result = replace_in_image(frame, background, segmenter=segmenter, options=options)
        picture = edges_view(frame, result.probability, result.alpha) if edges else result.picture
        save_image(output, picture)
        return 1

    is_cutout = isinstance(background, Transparent) and not edges
    jobs = [
        Job(path, output, partial(video if is_video(path) else photo, path, output))
        for path, output in plan(source, target, is_cutout)
    ]
    return run(jobs, segmenter.describe(), quiet)


def matte_all(
    source: Path, target: Path, segmenter: Segmenter, *, raw: bool = False, quiet: bool = False
) -> Report:
    """Write mattes: of photos as TARGET/<stem>.png; of videos and clips one a frame, in order.

    A folder inside `source` is a clip: its pictures follow each other in time.
    """
    require_exists(source)

    def video(path: Path, folder: Path) -> int:
        alphas = mattes_of_video(path, segmenter, raw)
        return write_mattes(((f"{index:06d}", alpha) for index, alpha in enumerate(alphas)), folder)

    def clip(path: Path, folder: Path) -> int:
        frames = pictures_in(path)
        alphas = mattes_of_frames(map(open_image, frames), segmenter, raw)
        return write_mattes(zip((path.stem for path in frames), alphas, strict=True), folder)

    def photo(path: Path, folder: Path) -> int:
        alpha = matte_of_image(open_image(path), segmenter, raw)
        return write_mattes([(path.stem, alpha)], folder)

    jobs = []
    for path in [source] if source.is_file() else sorted(source.iterdir()):
        if path.is_dir() and pictures_in(path):
            folder = target / path.name
            jobs.append(Job(path, folder, partial(clip, path, folder)))
        elif is_video(path):
            folder = target if path == source else target / path.stem
            jobs.append(Job(path, folder, partial(video, path, folder)))
        elif path.suffix.lower() in IMAGE_ENDINGS:
            jobs.append(Job(path, target, partial(photo, path, target)))
    if not jobs:
        raise InvalidInput(f"{source} holds no photos or videos; give a folder that does")
    return run(jobs, segmenter.describe(), quiet)


def write_mattes(mattes: Iterable[tuple[str, Alpha]], folder: Path) -> int:
    """Save each alpha as FOLDER/<stem>.png and return how many there were."""
    count = 0
    for stem, alpha in mattes:
        save_image(folder / f"{stem}.png", to_grey(alpha))
        count += 1
    return count


def is_video(path: Path) -> bool:
    """Tell by the ending."""
    return path.suffix.lower() in VIDEO_ENDINGS


def attempt(job: Job) -> Item:
    """Do one job; whatever goes wrong is noted and stays with it."""
    started = time.monotonic()
    frames, error = 0, None
    try:
        frames = job.work()
    except SegmenterError as known:
        error = str(known)
    except Exception as unforeseen:  # one bad file must not stop the others
        error = f"failed unexpectedly, please report it: {type(unforeseen).__name__}: {unforeseen}"
    seconds = round(time.monotonic() - started, 3)
    return Item(str(job.source), str(job.output), seconds, frames, error)


def plan(source: Path, target: Path | None, is_cutout: bool) -> list[tuple[Path, Path]]:
    """Pair every input with its output.

    Raises:
        InvalidInput: there is no input, nothing in it, or the output would overwrite it.
    """
    require_exists(source)
    if source.is_file():
        output = target or source.with_name(f"{source.stem}{SUFFIX}{ending_for(source, is_cutout)}")
        if output.is_dir():
            output = output / f"{source.stem}{ending_for(source, is_cutout)}"
        if output.resolve() == source.resolve():
            raise InvalidInput(f"{output} is the input itself; choose another output")
        return [(source, output)]
    folder = target or source.with_name(source.name + SUFFIX)
    paths = [
        path
        for path in sorted(source.rglob("*"))
        if path.suffix.lower() in IMAGE_ENDINGS | VIDEO_ENDINGS and path.is_file()
    ]
    if not paths:
        raise InvalidInput(f"{source} holds no photos or videos; give a folder that does")
    if folder.resolve() == source.resolve():
        raise InvalidInput(f"{folder} is the input folder itself; choose another output")
    return list(zip(paths, outputs_for(paths, source, folder, is_cutout), strict=True))


def outputs_for(paths: list[Path], source: Path, folder: Path, is_cutout: bool) -> list[Path]:
    """Keep names and the tree; where two inputs would meet, their old endings tell them apart."""
    outputs = [
        (folder / path.relative_to(source)).with_suffix(ending_for(path, is_cutout))
        for path in paths
    ]
    return [
        output
        if outputs.count(output) == 1
        else output.with_name(f"{path.stem}-{path.suffix[1:]}{output.suffix}")
        for path, output in zip(paths, outputs, strict=True)
    ]


def ending_for(path: Path, is_cutout: bool) -> str:
    """Choose a format that can hold the result."""
    if is_video(path):
        return ".webm" if is_cutout else ".mp4"
    if is_cutout:
        return ".png"
    return path.suffix if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"} else ".jpg"


def pictures_in(folder: Path) -> list[Path]:
    """List a folder's pictures in name order."""
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in IMAGE_ENDINGS]


def require_exists(path: Path) -> None:
    """Raise InvalidInput when there is nothing at `path`."""
    if not path.exists():
        raise InvalidInput(f"{path} does not exist; check the name")


def progress(items: Iterable, quiet: bool, unit: str, total: int | None = None) -> Iterator:
    """Yield the items behind a progress bar with time left; leaving early closes the source."""
    bar = tqdm(
        items, unit=f" {unit}s", total=total, disable=quiet or None, file=sys.stderr, leave=False
    )
    if hasattr(items, "close"):
        with closing(items):
            yield from bar
    else:
        yield from bar
