"""A network as ONNX, which ONNX Runtime, OpenCV's dnn and onnxruntime-web load."""

from copy import deepcopy
from itertools import pairwise
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from segmenter.errors import MissingExtra

STRIDE_MULTIPLE = 16
OPSET = 18
LARGEST_MULTIPLE = 256
EXAMPLE_SIZE = (256, 192)  # two sides that differ, lest the exporter takes them for one


def write_onnx(net: nn.Module, path: Path, fixed_size: int | None = None) -> None:
    """Write one file with input `batch`, normalised (1,3,h,w), and output `logits` (1,C,h,w).

    Args:
        net: in evaluation mode, float32; it is left as it is.
        path: the file.
        fixed_size: h and w in pixels; None for any multiples of 16, which OpenCV before version 5
            can't load.

    Raises:
        MissingExtra: a package of the exporter is not installed.
    """
    require_exporter()
    size = (fixed_size, fixed_size) if fixed_size else EXAMPLE_SIZE
    net = with_folded_norms(net).cpu().to(memory_format=torch.contiguous_format)
    torch.onnx.export(
        net,
        (torch.zeros(1, 3, *size),),
        str(path),
        dynamo=True,
        external_data=False,
        opset_version=OPSET,
        dynamic_shapes=None if fixed_size else ({2: multiples("height"), 3: multiples("width")},),
        input_names=["batch"],
        output_names=["logits"],
        verbose=False,
    )
    forget_sources(path)


def forget_sources(path: Path) -> None:
    """Take out what the exporter wrote of the source code's lines: paths of this machine."""
    import onnx

    model = onnx.load(path)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    onnx.save(model, path)


def require_exporter() -> None:
    """Raise MissingExtra when PyTorch's exporter lacks a package."""
    try:
        import onnx  # noqa: F401 - asks only whether it is installed
        import onnxscript  # noqa: F401 - asks only whether it is installed
    except ImportError as error:
        raise MissingExtra(
            "writing ONNX needs two packages: pip install onnx onnxscript"
        ) from error


def multiples(name: str):
    """Return a side of the picture that may be any multiple of 16 up to 4096 pixels."""
    return STRIDE_MULTIPLE * torch.export.Dim(name, min=1, max=LARGEST_MULTIPLE)


def with_folded_norms(net: nn.Module) -> nn.Module:
    """Return a copy in which each convolution does the work of the normalisation after it.

    Run-times fold them as well, but not where the convolution's size is asked for by a resize.
    """
    net = deepcopy(net)
    for layers in [module for module in net.modules() if isinstance(module, nn.Sequential)]:
        for index, (layer, follower) in enumerate(pairwise(list(layers))):
            if isinstance(layer, nn.Conv2d) and isinstance(follower, nn.BatchNorm2d):
                layers[index] = fuse_conv_bn_eval(layer, follower)
                layers[index + 1] = nn.Identity()
    return net
