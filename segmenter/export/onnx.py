"""Release files of a trained network: safetensors, ONNX of any size, and the Weights record."""

import hashlib
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from segmenter.errors import InvalidInput
from segmenter.files import finished
from segmenter.nets import build
from segmenter.record import Weights

STRIDE_MULTIPLE = 32
# What ONNX Runtime, OpenCV's dnn and onnxruntime-web all load.
OPSET = 18
LARGEST_MULTIPLE = 128
# What a first record says; sizes are best chosen by measurement, then written into the record.
TRAINED_WITH = {
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "video_size": 256,
    "photo_size": 384,
}


def export_checkpoint(checkpoint: Path, folder: Path, name: str, architecture: str) -> list[Path]:
    """Write NAME.safetensors, NAME.onnx and NAME.json from a run's averaged weights.

    What a record that is there already says is kept, but for its hashes, which are renewed, and its
    metrics, which were those of other weights.

    Returns:
        The three paths.

    Raises:
        InvalidInput: the checkpoint is missing or of another architecture.
    """
    net = build(architecture)
    try:
        net.load_state_dict(
            torch.load(checkpoint, map_location="cpu", weights_only=True)["average"]
        )
    except (OSError, KeyError, RuntimeError) as error:
        raise InvalidInput(f"{checkpoint} is no checkpoint of {architecture}: {error}") from error
    net.eval()
    tensors, graph, record = (folder / f"{name}{end}" for end in (".safetensors", ".onnx", ".json"))
    with finished(tensors) as part:
        write_safetensors(net, part)
    with finished(graph) as part:
        write_onnx(net, part)
    with finished(record) as part:
        part.write_text(describe(record, architecture, [tensors, graph]).to_json())
    return [tensors, graph, record]


def write_safetensors(net: nn.Module, path: Path) -> None:
    """Write the state dict; tensors are made contiguous, since the format knows no strides."""
    from safetensors.torch import save_file

    save_file({key: value.contiguous() for key, value in net.state_dict().items()}, path)


def write_onnx(net: nn.Module, path: Path) -> None:
    """Write one file with input `batch` and output `logits`, height and width multiples of 32."""
    net = net.to(memory_format=torch.contiguous_format)
    side = torch.export.Dim("height", min=1, max=LARGEST_MULTIPLE)
    other = torch.export.Dim("width", min=1, max=LARGEST_MULTIPLE)
    shape = {2: STRIDE_MULTIPLE * side, 3: STRIDE_MULTIPLE * other}
    torch.onnx.export(
        net,
        (torch.zeros(1, 3, 256, 192),),
        str(path),
        dynamo=True,
        external_data=False,
        opset_version=OPSET,
        dynamic_shapes=(shape,),
        input_names=["batch"],
        output_names=["logits"],
        verbose=False,
    )


def describe(record: Path, architecture: str, files: list[Path]) -> Weights:
    """Return the record's new content: what an older one says, with the hashes of `files`."""
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    if record.exists():
        return replace(Weights.from_json(record.read_text()), sha256=hashes, metrics={})
    return Weights(
        name=record.stem,
        architecture=architecture,
        safetensors=files[0].name,
        onnx=files[1].name,
        sha256=hashes,
        stride_multiple=STRIDE_MULTIPLE,
        licence="unstated",
        **TRAINED_WITH,
    )
