"""Finding weights in this project, on a disk or on the Hub, and checking them."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segmenter.errors import InvalidInput, WeightsUnavailable
from segmenter.weights.hub import discard, download, split_address
from segmenter.weights.record import Weights

BUNDLED = Path(__file__).parents[2] / "weights"
DEFAULT = "deeplabv3-portrait"
HUB_RECORD = "weights.json"  # the record's name in a repository on the Hub

FileKind = Literal["onnx", "safetensors"]
WEIGHT_ENDINGS = (".onnx", ".safetensors", ".pt", ".pth", ".bin", ".tflite")
LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class Fetched:
    """A record and the one file asked for, on this disk, its sha256 checked."""

    record: Weights
    path: Path


def fetch(model: str | Path | None = None, *, file: FileKind = "onnx") -> Fetched:
    """Find a model, download what is missing, and check it.

    Args:
        model: in this order: None for $BACKDROP_MODEL or the bundled default; the path of a
            `.json` record, or of a folder with a `weights.json` in it; the name of a record in
            `weights/`; `owner/name[@revision]` on the Hub, whose record is its `weights.json`.
        file: which of the record's files is wanted; no other is downloaded.

    Raises:
        InvalidInput: `model` is none of these.
        WeightsUnavailable: the weights can't be found, fetched or trusted; says what to do.
    """
    record, folder, repository = _find_record(model)
    if repository is None:
        return Fetched(record, _local_file(record, folder, file))
    # Branches move; the record's folder names the commit, and the weights are fetched from it.
    return Fetched(record, _hub_file(record, file, repository, folder.name))


def read_record(model: str | Path | None = None) -> Weights:
    """Find a model as `fetch` does, and return its record alone."""
    return _find_record(model)[0]


def _find_record(model: str | Path | None) -> tuple[Weights, Path, str | None]:
    """Return a record, its folder on this disk, and the repository it was downloaded from."""
    model = str(model or os.environ.get("BACKDROP_MODEL") or DEFAULT)
    path = _local_record(model)
    if path is None:
        repository, revision = split_address(model)
        path = download(repository, HUB_RECORD, revision)
        return _hub_record(path, repository), path.parent, repository
    return _parse_record(path), path.parent, None


def _local_record(model: str) -> Path | None:
    """Return the path of a record on this disk; None if `model` may be one on the Hub."""
    path = Path(model)
    if path.suffix == ".json":
        return path
    if os.path.isfile(path / HUB_RECORD):  # unlike `is_file`, content with any name
        return path / HUB_RECORD
    if path.suffix in WEIGHT_ENDINGS:
        raise InvalidInput(f"{model}: give the .json record that belongs to it, not the weights")
    if os.path.isfile(BUNDLED / f"{path.name}.json") and path.name == model:
        return BUNDLED / f"{model}.json"
    if model == DEFAULT:
        raise WeightsUnavailable(
            f"the bundled weights are missing from {BUNDLED}; clone the project again, "
            "or name another model"
        )
    if "/" not in model:
        bundled = ", ".join(sorted(record.stem for record in BUNDLED.glob("*.json"))) or "none"
        raise InvalidInput(
            f"no model {model!r}; give a bundled one ({bundled}), the path of a .json record, "
            "or owner/name[@revision] on the Hub"
        )
    return None


def _parse_record(path: Path) -> Weights:
    try:
        return Weights.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WeightsUnavailable(f"there is no record {path}; check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise WeightsUnavailable(f"can't read the record {path}: {error}") from error
    except WeightsUnavailable as error:
        raise WeightsUnavailable(f"{path.name}: {error}") from error


def _hub_record(path: Path, repository: str) -> Weights:
    try:
        return _parse_record(path)
    except WeightsUnavailable as error:
        discard(path)  # else what a disk has damaged would stay for ever
        raise WeightsUnavailable(
            f"of {repository}, {error}; it was deleted, try again, and if it stays so don't use "
            "this model"
        ) from error


def _local_file(record: Weights, folder: Path, file: FileKind) -> Path:
    path = folder / _file_name(record, file)
    if not path.is_file():
        if record.repository is None:
            raise WeightsUnavailable(f"{path} is missing; put it beside its record")
        return _hub_file(record, file, record.repository, record.revision or "main")
    if _sha256(path) != record.sha256[path.name]:
        with path.open("rb") as start:
            is_pointer = start.read(len(LFS_POINTER)) == LFS_POINTER
        raise WeightsUnavailable(
            f"{path.name} is only a Git LFS pointer; run `git lfs pull`"
            if is_pointer
            else f"{path.name} is not the file its record describes (sha256); get both again"
        )
    return path


def _hub_file(record: Weights, file: FileKind, repository: str, commit: str) -> Path:
    path = download(repository, _file_name(record, file), commit)
    if _sha256(path) != record.sha256[path.name]:
        discard(path)
        raise WeightsUnavailable(
            f"{path.name} of {repository} is not the file its record describes (sha256); "
            "it was deleted, try again, and if it stays so don't use this model"
        )
    return path


def _file_name(record: Weights, file: FileKind) -> str:
    name = record.onnx if file == "onnx" else record.safetensors
    if name is None:
        other = "torch" if file == "onnx" else "onnx"
        raise WeightsUnavailable(f"{record.name} has no {file} file; choose the {other} backend")
    return name


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
