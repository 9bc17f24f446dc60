"""The full-size pixel stages on tensors, for CUDA: a frame crosses the bus once each way.

Each stage is a function of the same name as its counterpart on the CPU, and gives the same pixels
within a level or two; `tests/gpu` compares them. Pictures are (N, C, H, W) and of any batch size.
What is small goes through the CPU's own functions (study.py). All of it runs on a torch device
`cpu` as well, so that it can be tested where there is no CUDA.
"""

from functools import partial
from typing import TYPE_CHECKING

from segmenter.backends import TorchBackend
from segmenter.background import Background
from segmenter.inference import Segmenter
from segmenter.pipeline import ReplaceOptions

if TYPE_CHECKING:  # all other modules here need torch
    from segmenter.gpu.replacer import DeviceReplacer


def has_card(segmenter: Segmenter) -> bool:
    """Tell whether the network is PyTorch's on a graphics card, where all else can be done too."""
    return segmenter.device.kind == "cuda" and isinstance(segmenter.backend, TorchBackend)


def card_for_live(segmenter: Segmenter) -> "DeviceReplacer | None":
    """Return what replaces single frames on the graphics card, if there is one that can."""
    if not has_card(segmenter):
        return None
    from segmenter.gpu.replacer import DeviceReplacer, or_give_up

    return or_give_up(partial(DeviceReplacer, segmenter))


def card_for_video(
    segmenter: Segmenter, size: tuple[int, int], background: Background, options: ReplaceOptions
) -> "DeviceReplacer | None":
    """Return what replaces a video's frames on the graphics card, if there is one that can.

    Args:
        segmenter: its network says what is there.
        size: height and width of all frames.
        background: what they will be put before.
        options: how.
    """
    if not has_card(segmenter):
        return None
    from segmenter.gpu.replacer import DeviceReplacer, batch_for, or_give_up

    make = partial(DeviceReplacer, segmenter, batch_for(*size))

    def make_tried() -> DeviceReplacer:
        make().try_out(size, background, options)
        return make()

    return or_give_up(make_tried)
