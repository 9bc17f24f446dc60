"""The files of a release: safetensors, ONNX, what else was asked for, and the Weights record."""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any

from torch import nn

from segmenter.errors import InvalidInput, WeightsUnavailable
from segmenter.export.int8 import write_int8
from segmenter.export.onnx import (
    LARGEST_MULTIPLE,
    STRIDE_MULTIPLE,
    require_exporter,
    write_onnx,
)
from segmenter.export.photos import calibration_photos
from segmenter.export.source import Source, read_source
from segmenter.export.tflite import require_converter, write_tflite
from segmenter.files import finished
from segmenter.preprocess import Batch, padded_shape, to_batch
from segmenter.record import Weights
from segmenter.training.pairs import read_image
from segmenter.weights import read_record

log = logging.getLogger(__name__)

FORMATS = ("onnx", "tflite", "int8")
# A record names files by their plain names; these need no quoting on any system.
STEM = re.compile(r"[\w-][\w.-]*", re.ASCII)
CALIBRATION_PHOTOS = 100
# What a new record says where the run does not.
ASSUMED = {
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "live_size": 320,
    "photo_size": 384,
    "licence": "unstated",
}


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What to write."""

    name: str | None = None  # the files' stem; None: the record's name, or ARCHITECTURE-portrait
    architecture: str | None = None  # of a checkpoint that does not say it
    formats: tuple[str, ...] = ("onnx",)  # of FORMATS; ONNX is always written
    fixed_size: int | None = None  # pixels; adds an ONNX file whose sides are this and no other
    calibration: tuple[Path, ...] = ()  # folders of photos, for int8

    def __post_init__(self):
        """Refuse what can't be written."""
        if self.name is not None:
            require_stem(self.name)
        unknown = sorted(set(self.formats) - set(FORMATS))
        if unknown:
            raise InvalidInput(f"no format {unknown[0]!r}; choose {', '.join(FORMATS)}")
        size = self.fixed_size
        largest = STRIDE_MULTIPLE * LARGEST_MULTIPLE
        if size is not None and (not 0 < size <= largest or size % STRIDE_MULTIPLE):
            raise InvalidInput(
                f"the fixed size is {size}; choose a multiple of {STRIDE_MULTIPLE} up to {largest}"
            )
        if "int8" in self.formats and not self.calibration:
            raise InvalidInput(
                f"int8 finds its scales on photos: give --calibration FOLDER with about "
                f"{CALIBRATION_PHOTOS} of the kind that the network will see"
            )


def require_stem(name: str) -> None:
    """Refuse a name that no record could give its files."""
    if not STEM.fullmatch(name):
        raise InvalidInput(
            f"{name!r} can't be the name of the files; give --name letters from a to z, digits, "
            "- _ and . alone"
        )


@dataclass(frozen=True)
class Release:
    """What was written."""

    record: Weights
    files: dict[str, Path]  # safetensors, onnx, fixed, tflite, int8, int8_record, record


def export(source: Path, folder: Path, options: ExportOptions | None = None) -> Release:
    """Write NAME.safetensors, NAME.onnx, NAME.json, and what else the options ask for.

    All files appear, or none.

    Args:
        source: a checkpoint of a run, or the .json record of released weights.
        folder: where to write.
        options: what to write.

    Raises:
        InvalidInput: the source is no checkpoint, or one of another architecture.
        OutputFailed: the folder can't be written to, or is full.
        WeightsUnavailable: the source is a record whose weights can't be found or trusted, or the
            record to go on from can't be read.
        InvalidDataset: there are no photos to calibrate with.
        MissingExtra: a format needs a package that is not installed.
    """
    options = options or ExportOptions()
    require_exporter()
    if "tflite" in options.formats:
        require_converter()
    photos = (
        calibration_photos(options.calibration, CALIBRATION_PHOTOS) if options.calibration else []
    )
    network = read_source(source, options.architecture)
    files = files_of(options.name or network.name, folder, options)
    goes_on = files["record"].exists() and not network.record
    older = read_older(files["record"]) if goes_on else None
    with ExitStack() as stack:
        parts = {kind: stack.enter_context(finished(path)) for kind, path in files.items()}
        write_safetensors(network.net, parts["safetensors"])
        write_onnx(network.net, parts["onnx"])
        record = describe(network, files, parts, older)
        write_others(network, record, parts, options, photos)
        record = write_records(record, files, parts)
    return Release(record, files)


def read_older(path: Path) -> Weights:
    """Read the record that lies where a new one will; WeightsUnavailable when it is none."""
    try:
        return read_record(path)
    except WeightsUnavailable as error:
        raise WeightsUnavailable(
            f"in the way of the export: {error}; remove {path}, or give another --name"
        ) from error


def files_of(name: str, folder: Path, options: ExportOptions) -> dict[str, Path]:
    """Return the files to write, by kind; InvalidInput when they can't be called so."""
    require_stem(name)
    files = {"safetensors": f"{name}.safetensors", "onnx": f"{name}.onnx", "record": f"{name}.json"}
    if options.fixed_size:
        files["fixed"] = f"{name}-{options.fixed_size}.onnx"
    if "tflite" in options.formats:
        files["tflite"] = f"{name}.tflite"
    if "int8" in options.formats:
        files |= {"int8": f"{name}-int8.onnx", "int8_record": f"{name}-int8.json"}
    return {kind: folder / file for kind, file in files.items()}


def write_safetensors(net: nn.Module, path: Path) -> None:
    """Write the state dict; tensors are made contiguous, since the format knows no strides."""
    from safetensors.torch import save

    # `save_file` would write a file that nobody else may read.
    path.write_bytes(save({key: value.contiguous() for key, value in net.state_dict().items()}))


def describe(
    source: Source, files: dict[str, Path], parts: dict[str, Path], older: Weights | None
) -> Weights:
    """Return the record of safetensors and ONNX, which lie in `parts` until they are in `files`.

    Fields of an older record are kept, since somebody may have written them by hand, except for
    those that the run knows better, and the metrics, which are other weights'. The log tells what
    was kept.
    """
    of_these: dict[str, Any] = {
        "name": files["record"].stem,
        "architecture": source.architecture,
        "safetensors": files["safetensors"].name,
        "onnx": files["onnx"].name,
        "sha256": hashes_of(files, parts, ("safetensors", "onnx")),
        "classes": source.classes,
        # The commit of an older record does not hold these files.
        "repository": None,
        "revision": None,
    }
    if source.record:
        return replace(source.record, **of_these)
    new = Weights(**of_these, **ASSUMED | source.facts, stride_multiple=STRIDE_MULTIPLE)
    if older is None:
        return new
    normalisation = {key: source.facts[key] for key in ("mean", "std") if key in source.facts}
    of_these |= {"stride_multiple": STRIDE_MULTIPLE, "person_class": None, "metrics": {}}
    record = replace(older, **of_these, **normalisation)
    tell_kept(record, new, files["record"])
    return record


def tell_kept(record: Weights, new: Weights, path: Path) -> None:
    """Say what comes from an older record, and what stood there without it."""
    theirs = asdict(new)
    kept = [
        f"{name} {value!r} (else {theirs[name]!r})"
        for name, value in asdict(record).items()
        if value != theirs[name]
    ]
    if kept:
        log.warning(
            "%s keeps of the record that was there: %s; correct what is not true of these weights, "
            "or export with another --name",
            path,
            ", ".join(kept),
        )


def hashes_of(
    files: dict[str, Path], parts: dict[str, Path], kinds: Iterable[str]
) -> dict[str, str]:
    """Return the sha256 of each part, by the name it will have."""
    return {
        files[kind].name: hashlib.sha256(parts[kind].read_bytes()).hexdigest() for kind in kinds
    }


def write_others(
    source: Source,
    record: Weights,
    parts: dict[str, Path],
    options: ExportOptions,
    photos: list[Path],
) -> None:
    """Write the fixed-size ONNX, TFLite and int8 files that have a part."""
    if "fixed" in parts:
        write_onnx(source.net, parts["fixed"], options.fixed_size)
    if "tflite" in parts:
        size = options.fixed_size or square_side(record)
        write_tflite(
            parts["safetensors"], source.architecture, source.classes, size, parts["tflite"]
        )
    if "int8" in parts:
        write_int8(parts["onnx"], parts["int8"], batches_of(photos, record))


def square_side(record: Weights) -> int:
    """Return the side of a square that holds what the network sees of a frame, in pixels."""
    return padded_shape(record.live_size, record.live_size, record.stride_multiple)[0]


def batches_of(photos: list[Path], record: Weights) -> Iterator[Batch]:
    """Prepare photos as the network will see them: in turn at a photo's and at a camera's size."""
    sizes = cycle((record.photo_size, record.live_size))
    for path, size in zip(photos, sizes, strict=False):
        frame = read_image(path)
        yield to_batch(frame, size, record.stride_multiple, record.mean, record.std)[0]


def write_records(record: Weights, files: dict[str, Path], parts: dict[str, Path]) -> Weights:
    """Write the record with the hashes of all files, and one by which the int8 file can be used."""
    kinds = [kind for kind in files if not kind.endswith("record")]
    record = replace(record, sha256=hashes_of(files, parts, kinds))
    parts["record"].write_text(record.to_json(), encoding="utf-8")
    if "int8" in files:
        quantised = replace(
            record,
            name=files["int8_record"].stem,
            onnx=files["int8"].name,
            safetensors=None,
            sha256=hashes_of(files, parts, ["int8"]),
            metrics={},
        )
        parts["int8_record"].write_text(quantised.to_json(), encoding="utf-8")
    return record
