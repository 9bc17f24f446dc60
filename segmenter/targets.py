"""Which output belongs to which input: names and the tree are kept."""

from pathlib import Path

from segmenter.errors import InvalidInput
from segmenter.images import IMAGE_ENDINGS
from segmenter.video import VIDEO_ENDINGS

SUFFIX = "-backdrop"


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


def is_video(path: Path) -> bool:
    """Tell by the ending."""
    return path.suffix.lower() in VIDEO_ENDINGS


def require_exists(path: Path) -> None:
    """Raise InvalidInput when there is nothing at `path`."""
    if not path.exists():
        raise InvalidInput(f"{path} does not exist; check the name")
