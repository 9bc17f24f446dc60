"""Arrays to the device and back, through memory that the device can read while the CPU works."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def upload(arrays: Sequence[NDArray], device: torch.device, count: int | None = None) -> Tensor:
    """Stack arrays of one shape on a device; it may still be on its way.

    Args:
        arrays: at least one.
        device: where to.
        count: so many are made room for; what is in those beyond the arrays does not matter.
    """
    first = torch.from_numpy(np.empty(0, arrays[0].dtype))
    staged = torch.empty(
        (count or len(arrays), *arrays[0].shape),
        dtype=first.dtype,
        pin_memory=device.type == "cuda",
    )
    for place, array in zip(staged.numpy(), arrays, strict=False):
        place[...] = array
    # PyTorch's pinned memory is not given out again before the copy is done.
    return staged.to(device, non_blocking=True)


def download(*tensors: Tensor) -> list[NDArray]:
    """Return arrays of tensors, when all work of the present stream on them is done."""
    staged = [
        torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=tensor.is_cuda).copy_(
            tensor, non_blocking=True
        )
        for tensor in tensors
    ]
    if tensors[0].is_cuda:
        torch.cuda.current_stream(tensors[0].device).synchronize()
    return [tensor.numpy() for tensor in staged]


def new_stream(device: torch.device, *, captures: bool = False) -> "torch.cuda.Stream | None":
    """Return a queue of work beside others; None where there are no such things.

    PyTorch hands out the same few streams again and again, urgent ones apart from others. Graphs
    are captured on urgent ones, where no other work of ours can come between.

    Args:
        device: where.
        captures: whether graphs will be captured on it.
    """
    return torch.cuda.Stream(device, priority=-captures) if device.type == "cuda" else None


def on_stream(stream: "torch.cuda.Stream | None") -> AbstractContextManager:
    """Send work to a stream inside a `with` block."""
    return torch.cuda.stream(stream)
