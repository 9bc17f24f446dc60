"""Alphas of whole folders as pictures: photos, videos, and clips of numbered frames."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from segmenter.arrays import Alpha, to_uint8
from segmenter.batch import Job, Report, run
from segmenter.errors import InvalidInput
from segmenter.images import IMAGE_ENDINGS, open_image, save_image
from segmenter.inference import Segmenter
from segmenter.pipeline import matte_of_image
from segmenter.stream import mattes_of_frames, mattes_of_video
from segmenter.targets import (
    distinct_paths,
    files_in,
    is_video,
    require_exists,
    require_folder,
    require_kept,
)
from segmenter.threads import one_thread_a_stage

log = logging.getLogger(__name__)

SUFFIX = "-matte"  # of what lies beside its input
Work = Callable[[Path, Path], int]  # from an item to its output: how many frames it has


@dataclass(frozen=True)
class MatteMaker:
    """Writes the matte of one item and returns how many frames it has."""

    segmenter: Segmenter
    raw: bool

    def photo(self, path: Path, output: Path) -> int:
        """Write a photo's matte."""
        save_image(output, to_uint8(matte_of_image(open_image(path), self.segmenter, self.raw)))
        return 1

    @one_thread_a_stage()
    def video(self, path: Path, folder: Path) -> int:
        """Write a video's mattes, numbered from 0."""
        alphas = mattes_of_video(path, self.segmenter, self.raw)
        numbered = ((folder / f"{index:06d}.png", alpha) for index, alpha in enumerate(alphas))
        count = write_mattes(numbered)
        if (later := folder / f"{count:06d}.png").exists():
            log.warning("%s ends before %s, which is of an earlier video; remove it", path, later)
        return count

    @one_thread_a_stage()
    def clip(self, path: Path, folder: Path) -> int:
        """Write the mattes of a folder of frames, named as these."""
        frames = pictures_in(path)
        alphas = mattes_of_frames(map(open_image, frames), self.segmenter, self.raw)
        return write_mattes(zip(mattes_of_clip(folder, frames), alphas, strict=True))

    def plan(self, path: Path, source: Path, target: Path) -> tuple[Path, Work] | None:
        """Return where an item of `source` goes, and what is done with it; None for other files."""
        if path == source:  # whose content decides, whatever its ending
            return self.plan_single(path, target)
        folder = target / path.parent.relative_to(source)
        if path.is_dir():
            return folder / path.name, self.clip
        if is_video(path):
            return folder / path.stem, self.video
        if path.suffix.lower() in IMAGE_ENDINGS:
            return folder / f"{path.stem}.png", self.photo
        return None

    def plan_single(self, path: Path, target: Path) -> tuple[Path, Work]:
        """Return where the matte of the only photo or video goes, and what is done with it."""
        # Beside the input the plain names may be another original's.
        is_beside = os.path.isdir(target) and os.path.samefile(target, path.parent)
        if is_video(path):
            return target / f"{path.stem}{SUFFIX}" if is_beside else target, self.video
        name = f"{path.stem}{SUFFIX if is_beside else ''}.png"
        return (target if names_matte(target) else target / name), self.photo


def matte_all(
    source: Path, target: Path, segmenter: Segmenter, *, raw: bool = False, quiet: bool = False
) -> Report:
    """Write mattes: of photos as TARGET/<stem>.png; of videos and clips one a frame, in order.

    A folder inside `source` with pictures in it is a clip: these follow each other in time. Other
    folders are looked into, and the tree is kept. The matte of a single photo is TARGET itself
    where that ends in `.png` and is no folder; in the photo's own folder it is <stem>-matte.png.

    Args:
        source: a photo, a video, or a folder.
        target: where mattes go.
        segmenter: finds people.
        raw: write the network's probability rather than the refined alpha.
        quiet: no progress bar.

    Raises:
        InvalidInput: there is nothing to do, or a matte would overwrite an input.
    """
    require_exists(source)
    paths = inputs_of(source, target)
    maker = MatteMaker(segmenter, raw)
    plans = {path: plan for path in paths if (plan := maker.plan(path, source, target))}
    if not plans:
        raise InvalidInput(f"{source} holds no photos or videos; give a folder that does")
    outputs = distinct_paths([output for output, _ in plans.values()], list(plans))
    require_photos_kept(list(plans), outputs)
    jobs = [
        Job(path, output, partial(work, path, output))
        for (path, (_, work)), output in zip(plans.items(), outputs, strict=True)
    ]
    return run(jobs, segmenter.describe(), quiet)


def inputs_of(source: Path, target: Path) -> list[Path]:
    """List the photo, the video, or the folder's files and clips.

    Raises:
        InvalidInput: the target is a file, and must be a folder, or is the input folder.
    """
    if not source.is_file():
        require_folder(target)
        if os.path.isdir(target) and os.path.samefile(source, target):
            raise InvalidInput(f"{target} is the input folder itself; choose another output")
        return list(files_and_clips(source, target))
    if is_video(source) or target.suffix.lower() not in IMAGE_ENDINGS:
        require_folder(target)
    return [source]


def files_and_clips(folder: Path, earlier: Path) -> Iterator[Path]:
    """Yield all files, and the folders that are clips, in name order.

    A clip's folder is not looked into; nor is `earlier`, unless it holds more than mattes.
    """
    for path in files_in(folder, folders=True):
        if path.is_file():
            yield path
            continue
        pictures = pictures_in(path)
        if path.resolve() == earlier.resolve() and all(map(is_matte, pictures)):
            continue
        if pictures:
            yield path
        elif not path.is_symlink():
            yield from files_and_clips(path, earlier)


def is_matte(path: Path) -> bool:
    """Tell whether a picture may be a matte that was written before: an 8-bit grey PNG."""
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            return picture.mode == "L"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


def names_matte(target: Path) -> bool:
    """Tell whether a target is a photo's matte, and no folder; InvalidInput when it is no PNG."""
    ending = target.suffix.lower()
    if os.path.isdir(target) or ending not in IMAGE_ENDINGS:
        return False
    if ending != ".png":
        raise InvalidInput(f"a matte is no {ending}; name {target.stem}.png, or a folder")
    return True


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
    return distinct_paths([folder / f"{frame.stem}.png" for frame in frames], frames)


def write_mattes(mattes: Iterable[tuple[Path, Alpha]]) -> int:
    """Save each alpha and return how many there were."""
    count = 0
    for output, alpha in mattes:
        save_image(output, to_uint8(alpha))
        count += 1
    return count


def pictures_in(folder: Path) -> list[Path]:
    """List a folder's pictures in name order, in which 2 comes before 10."""
    pictures = [path for path in files_in(folder) if path.suffix.lower() in IMAGE_ENDINGS]
    return sorted(pictures, key=in_order)


def in_order(path: Path) -> list[str | int]:
    """Return a name's texts and numbers in turns, to sort by."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]
