"""Records of weights for tests."""

import hashlib
from pathlib import Path

from segmenter.weights import Weights


def record_of(content: dict[str, bytes], name="disc", **changes) -> Weights:
    """Return a record that describes `<name>.onnx` and `<name>.safetensors` of `content`."""
    fields = {
        "name": name,
        "architecture": "deeplabv3",
        "onnx": f"{name}.onnx",
        "safetensors": f"{name}.safetensors",
        "sha256": {file: hashlib.sha256(data).hexdigest() for file, data in content.items()},
        "live_size": 256,
        "photo_size": 512,
        "mean": (0.485, 0.456, 0.406),
        "std": (0.229, 0.224, 0.225),
        "licence": "MIT",
    }
    return Weights(**{**fields, **changes})


def write_model(folder: Path, content: dict[str, bytes], **changes) -> Path:
    """Write the files and, as disc.json, their record; return the record's path."""
    for name, data in content.items():
        (folder / name).write_bytes(data)
    path = folder / "disc.json"
    path.write_text(record_of(content, **changes).to_json())
    return path
