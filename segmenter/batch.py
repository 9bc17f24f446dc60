"""Whole folders: every item is tried, names are kept, and a report says what became of each."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from tqdm import tqdm

from segmenter.arrays import Alpha, to_grey
from segmenter.background import Background, Transparent
from segmenter.edges_view import edges_view
from segmenter.errors import InvalidInput, SegmenterError
from segmenter.images import IMAGE_ENDINGS, open_image, save_image
from segmenter.inference import Segmenter
from segmenter.pipeline import ReplaceOptions, matte_of_image, replace_in_image
from segmenter.stream import mattes_of_frames, mattes_of_video, replace_in_video, require_no_click
from segmenter.targets import files_in, is_video, plan, require_exists, require_kept, told_apart
from segmenter.threads import one_thread_a_stage
from segmenter.video import probe


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
        how = f"{done} done, {len(self.failures)} failed ({self.device})"
        return "\n".join(filter(None, [how, self.complaints()]))

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


def run(jobs: list[Job], device: str, quiet: bool) -> Report:
    """Do every job; one that fails is noted and the others go on."""
    report = Report(device)
    for job in progress(jobs, quiet, unit="file"):
        report.items.append(attempt(job))
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
        total = probe(path).frame_count
        return sum(1 for _ in progress(steps, quiet, unit="frame", total=total))

    def require_video_choices(self) -> None:
        """Raise InvalidInput when what is chosen can be done to photos alone."""
        if self.edges:
            raise InvalidInput("the view of the edges is made of photos, not of videos")
        require_no_click(self.options)


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


def matte_all(
    source: Path, target: Path, segmenter: Segmenter, *, raw: bool = False, quiet: bool = False
) -> Report:
    """Write mattes: of photos as TARGET/<stem>.png; of videos and clips one a frame, in order.

    A folder inside `source` is a clip: its pictures follow each other in time. The matte of a
    single photo is TARGET itself where that ends in `.png` and is no folder.

    Raises:
        InvalidInput: there is nothing to do, or a matte would overwrite an input.
    """
    require_exists(source)

    @one_thread_a_stage()
    def video(path: Path, folder: Path) -> int:
        alphas = mattes_of_video(path, segmenter, raw)
        numbered = ((folder / f"{index:06d}.png", alpha) for index, alpha in enumerate(alphas))
        return write_mattes(numbered)

    @one_thread_a_stage()
    def clip(path: Path, folder: Path) -> int:
        frames = pictures_in(path)
        alphas = mattes_of_frames(map(open_image, frames), segmenter, raw)
        return write_mattes(zip(mattes_of_clip(folder, frames), alphas, strict=True))

    def photo(path: Path, output: Path) -> int:
        save_image(output, to_grey(matte_of_image(open_image(path), segmenter, raw)))
        return 1

    def planned(path: Path) -> tuple[Path, Callable[[Path, Path], int]] | None:
        if path.is_dir() and pictures_in(path):
            return target / path.name, clip
        if is_video(path):
            return target if path == source else target / path.stem, video
        is_single = path == source  # whose content decides, whatever its ending
        if is_single or path.suffix.lower() in IMAGE_ENDINGS:
            return matte_file(path, target, is_single), photo
        return None

    paths = [source] if source.is_file() else files_in(source, folders=True)
    found = {path: plan_of_it for path in paths if (plan_of_it := planned(path))}
    if not found:
        raise InvalidInput(f"{source} holds no photos or videos; give a folder that does")
    outputs = told_apart([output for output, _ in found.values()], list(found))
    require_photos_kept(list(found), outputs)
    jobs = [
        Job(path, output, partial(work, path, output))
        for (path, (_, work)), output in zip(found.items(), outputs, strict=True)
    ]
    return run(jobs, segmenter.describe(), quiet)


def matte_file(path: Path, target: Path, is_single: bool) -> Path:
    """Return where a photo's matte goes; raise InvalidInput when that is named as no PNG."""
    ending = target.suffix.lower()
    if not is_single or os.path.isdir(target) or ending not in IMAGE_ENDINGS:
        return target / f"{path.stem}.png"
    if ending != ".png":
        raise InvalidInput(f"a matte is no {ending}; name {target.stem}.png, or a folder")
    return target


def require_photos_kept(paths: list[Path], outputs: list[Path]) -> None:
    """Raise InvalidInput when a matte, of a photo or of a clip's frame, would overwrite a photo."""
    frames = {path: pictures_in(path) for path in paths if path.is_dir()}
    mattes = [
        matte
        for path, output in zip(paths, outputs, strict=True)
        for matte in mattes_of_clip(output, frames.get(path, [])) or [output]
    ]
    require_kept([photo for path in paths for photo in frames.get(path, [path])], mattes)


def mattes_of_clip(folder: Path, frames: list[Path]) -> list[Path]:
    """Return where the mattes of a clip's frames go: FOLDER/<stem>.png, told apart."""
    return told_apart([folder / f"{frame.stem}.png" for frame in frames], frames)


def write_mattes(mattes: Iterable[tuple[Path, Alpha]]) -> int:
    """Save each alpha and return how many there were."""
    count = 0
    for output, alpha in mattes:
        save_image(output, to_grey(alpha))
        count += 1
    return count


def attempt(job: Job) -> Item:
    """Do one job; whatever goes wrong is noted and stays with it."""
    started = time.monotonic()
    frames, error = 0, None
    try:
        frames = job.work()
    except Exception as problem:  # one bad file must not stop the others
        error = explain(problem)
    seconds = round(time.monotonic() - started, 3)
    return Item(str(job.source), str(job.output), seconds, frames, error)


def explain(problem: Exception) -> str:
    """Return what a report says of it."""
    if isinstance(problem, SegmenterError):
        return str(problem)
    return f"failed unexpectedly, please report it: {type(problem).__name__}: {problem}"


def pictures_in(folder: Path) -> list[Path]:
    """List a folder's pictures in name order."""
    return [path for path in files_in(folder) if path.suffix.lower() in IMAGE_ENDINGS]


def progress(
    items: Iterable, quiet: bool, unit: str, total: int | None = None, what: str | None = None
) -> Iterator:
    """Yield the items behind a progress bar with time left; leaving early closes the source."""
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
