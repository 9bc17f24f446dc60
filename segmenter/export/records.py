"""The Weights records of a release: what is said of its files, and what an older record said."""

import hashlib
import logging
import math
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from segmenter.errors import WeightsUnavailable
from segmenter.export.onnx import STRIDE_MULTIPLE
from segmenter.export.source import Source
from segmenter.weights import Weights, read_record

log = logging.getLogger(__name__)

# What a new record says where the run does not.
ASSUMED = {
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "live_size": 320,
    "photo_size": 384,
    "licence": "unstated",
}


def read_older(path: Path) -> Weights:
    """Read the record that lies where a new one will; WeightsUnavailable when it is none."""
    try:
        return read_record(path)
    except WeightsUnavailable as error:
        raise WeightsUnavailable(
            f"in the way of the export: {error}; remove {path}, or give another --name"
        ) from error


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
        # Its own tensors may take any size; a graph takes multiples of this one.
        multiple = math.lcm(source.record.stride_multiple, STRIDE_MULTIPLE)
        return replace(source.record, **of_these, stride_multiple=multiple)
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
