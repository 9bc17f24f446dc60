"""Which output belongs to which input: names and the tree are kept."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from segmenter.errors import InvalidInput
from segmenter.images import IMAGE_ENDINGS, SAVED_AS, require_saved_as
from segmenter.video import VIDEO_ENDINGS, require_format

SUFFIX = "-backdrop"
MEDIA_ENDINGS = IMAGE_ENDINGS | VIDEO_ENDINGS


def plan(source: Path, target: Path | None, is_cutout: bool) -> list[tuple[Path, Path]]:
    """Pair every input with its output; a target without an ending is a folder.

    Raises:
        InvalidInput: there is no input, nothing in it, or the output would overwrite it, or can't
            hold the result.
    """
    require_exists(source)
    if source.is_file():
        output = target or source.with_name(f"{source.stem}{SUFFIX}{ending_for(source, is_cutout)}")
        if os.path.isdir(output) or not output.suffix:  # unlike `is_dir`, content with any name
            require_folder(output)
            # Beside the input the plain name may be another original's.
            mark = SUFFIX if output.resolve() == source.parent.resolve() else ""
            output = output / f"{source.stem}{mark}{ending_for(source, is_cutout)}"
        (require_format if is_video(source) else require_saved_as)(output, is_cutout)
        require_kept([source], [output])
        return [(source, output)]
    folder = target or beside(source)
    require_folder(folder)
    if folder.resolve() == source.resolve():
        raise InvalidInput(f"{folder} is the input folder itself; choose another output")
    earlier = folder.resolve() if folder.resolve().is_relative_to(source.resolve()) else None
    paths = [
        path
        for path in sorted(source.rglob("*"))
        if path.suffix.lower() in MEDIA_ENDINGS and path.is_file()
        # Earlier results, and hidden files, such as those of a result that is being written.
        if not (earlier and path.parent.resolve().is_relative_to(earlier))
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    ]
    if not paths:
        raise InvalidInput(f"{source} holds no photos or videos; give a folder that does")
    outputs = outputs_for(paths, source, folder, is_cutout)
    require_kept(paths, outputs)
    return list(zip(paths, outputs, strict=True))


def files_in(folder: Path, *, folders: bool = False) -> list[Path]:
    """List a folder's files, and where wanted its folders, in name order.

    Neither hidden ones nor links that lead nowhere; nothing of a folder that can't be read.
    """
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return []
    return [
        path
        for path in found
        if not path.name.startswith(".") and (path.is_file() or (folders and path.is_dir()))
    ]


def beside(source: Path) -> Path:
    """Return the folder for a folder's results when none is given."""
    if source.name in ("", ".."):  # ".", "..", "/": not the folder's own name
        source = source.resolve()
    if not source.name:
        raise InvalidInput(f"nothing can lie beside {source}; choose an output with -o")
    return source.with_name(source.name + SUFFIX)


def require_folder(target: Path) -> None:
    """Raise InvalidInput when the results of a folder can't go to `target`, which is a file."""
    if os.path.isfile(target):
        raise InvalidInput(f"{target} is a file; name a folder for the results")


def require_kept(inputs: Iterable[Path], outputs: Iterable[Path], role: str = "the input") -> None:
    """Refuse to overwrite inputs.

    Args:
        inputs: files that are there.
        outputs: files to be written.
        role: what the message calls an input.

    Raises:
        InvalidInput: an output is one of the inputs.
    """
    # By what the disk says: names may differ in links, or in capitals that the disk ignores.
    kept = {identity(path) for path in inputs}
    for output in outputs:
        if os.path.exists(output) and identity(output) in kept:
            raise InvalidInput(f"{output} is {role} itself; choose another output")


def identity(path: Path) -> tuple[int, int]:
    """Return device and inode, which all names of one file share."""
    found = path.stat()
    return found.st_dev, found.st_ino


def outputs_for(paths: list[Path], source: Path, folder: Path, is_cutout: bool) -> list[Path]:
    """Return each input's output: same names, same tree, no two alike."""
    outputs = [
        (folder / path.relative_to(source)).with_suffix(ending_for(path, is_cutout))
        for path in paths
    ]
    return distinct_paths(outputs, paths)


def distinct_paths(outputs: Sequence[Path], paths: Sequence[Path]) -> list[Path]:
    """Give outputs names of their own where several inputs would have the same one.

    To those the ending of the input is added, as in `a-jpg.png`, and a number where that is taken.
    """
    meeting = Counter(outputs)
    taken = {output for output in outputs if meeting[output] == 1}
    found = []
    for output, path in zip(outputs, paths, strict=True):
        if meeting[output] > 1:
            old_ending = path.suffix[1:] or "folder"
            output = first_free(
                output.with_name(f"{output.stem}-{old_ending}{output.suffix}"), taken
            )
            taken.add(output)
        found.append(output)
    return found


def first_free(path: Path, taken: Collection[Path]) -> Path:
    """Return the path; if it is taken, with the first number behind its stem that is free."""
    number, free = 1, path
    while free in taken:
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def ending_for(path: Path, is_cutout: bool) -> str:
    """Choose a format that can hold the result."""
    if is_video(path):
        return ".webm" if is_cutout else ".mp4"
    if is_cutout:
        return ".png"
    return path.suffix if path.suffix.lower() in SAVED_AS else ".jpg"


def is_video(path: Path) -> bool:
    """Tell by the ending."""
    return path.suffix.lower() in VIDEO_ENDINGS


def require_exists(path: Path) -> None:
    """Raise InvalidInput when there is neither a file nor a folder to look into at `path`."""
    if not os.path.exists(path):
        raise InvalidInput(f"{path} does not exist; check the name")
    if not os.path.isfile(path) and not os.path.isdir(path):
        raise InvalidInput(f"{path} is neither a file nor a folder; choose one that is")
    if os.path.isdir(path):
        try:
            os.scandir(path).close()
        except OSError as error:
            raise InvalidInput(
                f"can't look into the folder {path}: {error.strerror}; choose another"
            ) from error
