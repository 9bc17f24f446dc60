"""Max pooling that remembers where each maximum was, and its way back.

As in SegNet (Badrinarayanan, Kendall and Cipolla 2017, arXiv:1511.00561, section 3). PyTorch's own
pair can't be exported; this one is made of operations that every run-time has.
"""

import torch
from torch import Tensor
from torch.nn import functional

WINDOW = 2


def pool(features: Tensor) -> tuple[Tensor, Tensor]:
    """Halve (N,C,h,w), both even.

    Returns:
        The maxima (N,C,h/2,w/2), and (N,C,4,h/2,w/2) marks, 1 where in its window each one was.
    """
    batch, channels, height, width = features.shape
    windows = functional.pixel_unshuffle(features, WINDOW)
    windows = windows.reshape(batch, channels, WINDOW**2, height // WINDOW, width // WINDOW)
    maxima, places = windows.max(dim=2)
    numbers = torch.arange(WINDOW**2, device=features.device).reshape(1, 1, -1, 1, 1)
    return maxima, (places.unsqueeze(2) == numbers).to(features.dtype)


def unpool(features: Tensor, marks: Tensor) -> Tensor:
    """Double (N,C,h,w): each value goes where its maximum was, zeros elsewhere."""
    batch, channels, _, height, width = marks.shape
    windows = (features.unsqueeze(2) * marks).reshape(batch, channels * WINDOW**2, height, width)
    return functional.pixel_shuffle(windows, WINDOW)
