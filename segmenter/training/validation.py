"""How good a network is during training: a score on held-out pairs, pictures of its answers."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import nn

from segmenter.arrays import Frame, Mask, Probability
from segmenter.metrics import miou
from segmenter.preprocess import restore, to_batch
from segmenter.training.options import TrainOptions
from segmenter.training.pairs import Pair

LARGEST_SET = 64  # pairs scored after an epoch, spread over all
STRIDE_MULTIPLE = 32
SHOWN = 6
TILE_HEIGHT_PX = 192
# What is missed and what is added, apart also for those who can't tell red from green.
MISSED, ADDED = (255, 140, 0), (0, 114, 255)


def spread(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Choose up to `count` pairs, evenly from first to last."""
    chosen = np.linspace(0, len(pairs) - 1, min(count, len(pairs))).round().astype(int)
    return [pairs[index] for index in chosen]


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
    for pair in spread(pairs, LARGEST_SET):
        frame, mask = pair.read()
        scores.append(miou(predict(net, frame, options) >= 0.5, mask >= 128))
    return float(np.mean(scores))


def predictions_sheet(net: nn.Module, pairs: Sequence[Pair], options: TrainOptions) -> Frame:
    """Draw a few pairs, one below another: photo, person kept, person missed and ground added."""
    return np.vstack([row_of(net, pair, options) for pair in spread(pairs, SHOWN)])


def row_of(net: nn.Module, pair: Pair, options: TrainOptions) -> Frame:
    """Draw one pair as a row three squares wide."""
    frame, mask = pair.read()
    probability = predict(net, frame, options)
    kept = (probability[..., None] * frame).astype(np.uint8)
    faults = mark_faults(frame, probability >= 0.5, mask >= 128)
    return np.hstack([tile(picture) for picture in (frame, kept, faults)])


def mark_faults(frame: Frame, predicted: Mask, truth: Mask) -> Frame:
    """Colour what a mask misses and what it adds, on a grey picture."""
    grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    grey[truth & ~predicted] = MISSED
    grey[predicted & ~truth] = ADDED
    return grey


def tile(picture: Frame) -> Frame:
    """Fit a picture into the middle of a black square."""
    scale = TILE_HEIGHT_PX / max(picture.shape[:2])
    size = [max(1, round(side * scale)) for side in picture.shape[1::-1]]
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    square = np.zeros((TILE_HEIGHT_PX, TILE_HEIGHT_PX, 3), np.uint8)
    top, left = (TILE_HEIGHT_PX - size[1]) // 2, (TILE_HEIGHT_PX - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square
