"""Quicker gradients of depthwise convolutions in bfloat16 on a CPU.

PyTorch's own (oneDNN's) take up to six times as long as float32's for 5x5 kernels, and twenty times
for strides of 2, more than all else in a step together. Here each gradient is computed the way that
was quickest when measured: by a convolution with the turned kernel, or in float32.
"""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Depthwise(torch.autograd.Function):
    """A depthwise convolution, square in every respect, without bias."""

    @staticmethod
    def forward(
        context: Any, batch: Tensor, kernel: Tensor, stride: int, padding: int, dilation: int
    ) -> Tensor:
        """Convolve (N,C,h,w) with (C,1,k,k)."""
        context.save_for_backward(batch, kernel)
        context.geometry = stride, padding, dilation
        return functional.conv2d(batch, kernel, None, stride, padding, dilation, len(kernel))

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of batch and kernel."""
        batch, kernel = context.saved_tensors
        geometry = context.geometry
        of_kernel = gradient_of_kernel(gradient, batch, kernel, geometry)
        return gradient_of_batch(gradient, batch, kernel, geometry), of_kernel, None, None, None


Geometry = tuple[int, int, int]  # stride, padding, dilation


def gradient_of_batch(
    gradient: Tensor, batch: Tensor, kernel: Tensor, geometry: Geometry
) -> Tensor:
    """Return the gradient with respect to the batch."""
    stride, padding, dilation = geometry
    if stride > 1:
        wide = (part.float() for part in (gradient, batch, kernel))
        return convolution_backward(*wide, geometry, [True, False, False])[0].to(batch.dtype)
    margin = dilation * (kernel.shape[-1] - 1) - padding
    return functional.conv2d(
        gradient, kernel.flip(2, 3), None, 1, margin, dilation, groups=len(kernel)
    )


def gradient_of_kernel(
    gradient: Tensor, batch: Tensor, kernel: Tensor, geometry: Geometry
) -> Tensor:
    """Return the gradient with respect to the kernel."""
    parts = (gradient, batch, kernel)
    if kernel.shape[-1] > 3:
        parts = tuple(part.float() for part in parts)
    return convolution_backward(*parts, geometry, [False, True, False])[1].to(kernel.dtype)


def convolution_backward(
    gradient: Tensor, batch: Tensor, kernel: Tensor, geometry: Geometry, wanted: list[bool]
) -> tuple[Tensor, ...]:
    """Call PyTorch's gradient of a depthwise convolution for batch, kernel, bias as wanted."""
    stride, padding, dilation = ([size, size] for size in geometry)
    return torch.ops.aten.convolution_backward(
        gradient, batch, kernel, None, stride, padding, dilation, False, [0, 0], len(kernel), wanted
    )


def hasten(net: nn.Module) -> None:
    """Let the net's depthwise convolutions compute in bfloat16 with these gradients.

    For training under autocast to bfloat16 on a CPU. Those that PyTorch is quick at stay as they
    are; the weights and their names do not change.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and is_slow(module):
            module.forward = MethodType(forward, module)


def is_slow(layer: nn.Conv2d) -> bool:
    """Tell whether a layer is one of those above whose own gradients take long."""
    is_depthwise = layer.groups == layer.in_channels == layer.out_channels > 1
    geometry = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    is_square = all(len({*sizes}) == 1 for sizes in geometry)
    has_plain_edges = layer.bias is None and layer.padding_mode == "zeros"
    is_large = layer.kernel_size[0] > 3 or layer.stride[0] > 1
    return is_depthwise and is_square and has_plain_edges and is_large


def forward(layer: nn.Conv2d, batch: Tensor) -> Tensor:
    """Run the layer, whatever autocast says, in bfloat16."""
    with torch.autocast("cpu", enabled=False):
        return Depthwise.apply(
            batch.bfloat16(),
            layer.weight.bfloat16(),
            layer.stride[0],
            layer.padding[0],
            layer.dilation[0],
        )
