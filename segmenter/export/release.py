"""The files of a release: safetensors, ONNX, what else was asked for, and the Weights record."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from torch import nn

from segmenter.errors import InvalidInput
from segmenter.export.int8 import write_int8
from segmenter.export.mean import read_mean
from segmenter.export.onnx import LARGEST_MULTIPLE, STRIDE_MULTIPLE, require_exporter, write_onnx
from segmenter.export.photos import calibration_photos
from segmenter.export.records import describe, read_older, write_records
from segmenter.export.source import Source
from segmenter.export.tflite import require_converter, write_tflite
from segmenter.files import finished
from segmenter.preprocess import Batch, padded_shape, to_batch
from segmenter.training.pictures import read_image
from segmenter.weights import Weights

log = logging.getLogger(__name__)

FORMATS = ("onnx", "tflite", "int8")
# A record names files by their plain names; these need no quoting on any system.
STEM = re.compile(r"[\w-][\w.-]*", re.ASCII)
CALIBRATION_PHOTOS = 100


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What to write."""

    name: str | None = None  # the files' stem; None: the record's name, or ARCHITECTURE-portrait
    architecture: str | None = None  # of a checkpoint that does not say it
    formats: tuple[str, ...] = ("onnx",)  # of FORMATS; ONNX is always written
    fixed_size: int | None = None  # pixels; adds an ONNX file whose sides are this and no other
    calibration: tuple[Path, ...] = ()  # folders of photos, for int8
    shares: tuple[float, ...] = ()  # how much each of several runs counts; (): all alike

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


def export(
    source: Path | Sequence[Path], folder: Path, options: ExportOptions | None = None
) -> Release:
    """Write NAME.safetensors, NAME.onnx, NAME.json, and what else the options ask for.

    All files appear, or none.

    Args:
        source: a checkpoint of a run, or the .json record of released weights; of several the mean
            of their weights.
        folder: where to write.
        options: what to write.

    Raises:
        InvalidInput: the source is no checkpoint, or one of another architecture, or several that
            can't be averaged.
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
    sources = [source] if isinstance(source, Path) else source
    network = read_mean(sources, options.shares, options.architecture)
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
