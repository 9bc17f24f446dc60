"""How good a network is during training: a score on held-out pairs, pictures of its answers."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from segmenter.arrays import Frame, Probability, to_uint8
from segmenter.metrics import miou
from segmenter.preprocess import restore, to_batch
from segmenter.training.marks import FAULTS, coloured, difference, mark_difference
from segmenter.training.options import TrainOptions
from segmenter.training.pairs import Pair, evenly_spaced
from segmenter.training.sheets import Row, Tile, draw_sheet, fit_tile

LARGEST_SET = 64  # pairs scored after an epoch, spread over all
STRIDE_MULTIPLE = 16
SHOWN = 6
HEADS = ("photo", "truth", "probability", "difference")


@torch.inference_mode()
def predict(net: nn.Module, frame: Frame, options: TrainOptions) -> Probability:
    """Return the probability that `net`, in evaluation mode, gives a frame of any size."""
    batch, geometry = to_batch(
        frame, options.size, STRIDE_MULTIPLE, (options.mean,) * 3, (options.std,) * 3
    )
    device = next(net.parameters()).device
    logits = net(torch.from_numpy(batch).to(device, memory_format=torch.channels_last))
    return restore(torch.sigmoid(logits.float())[0, 0].cpu().numpy(), geometry)


def validate(net: nn.Module, pairs: Sequence[Pair], options: TrainOptions) -> float:
    """Return the mean over pictures of the mean IoU of person and background."""
    scores = []
    for pair in evenly_spaced(pairs, LARGEST_SET):
        frame, mask = pair.read()
        scores.append(miou(predict(net, frame, options) >= 0.5, mask >= 128))
    return float(np.mean(scores))


def answers_sheet(net: nn.Module, pairs: Sequence[Pair], options: TrainOptions) -> Frame:
    """Draw what a net makes of a few pairs: photo, truth, probability, and where it is wrong."""
    rows = []
    for pair in evenly_spaced(pairs, SHOWN):
        frame, mask = pair.read()
        probability = predict(net, frame, options)
        faults = mark_difference(frame, *difference(probability, mask))
        pictures = (frame, mask, to_uint8(probability), faults)
        tiles = [Tile(coloured(fit_tile(picture, len(HEADS)))) for picture in pictures]
        rows.append(Row(pair.image.name, tiles))
    return draw_sheet(f"{options.architecture}, averaged weights", HEADS, rows, FAULTS)
