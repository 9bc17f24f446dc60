"""The first step: frames to the device, and what the network says of them back."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.nn import functional

from segmenter.arrays import Frame, Probability
from segmenter.backends import TorchBackend
from segmenter.gpu.graph import Graphed
from segmenter.gpu.resize import enlarge, halve_towards, shrink, shrink_to
from segmenter.gpu.transfer import download, new_stream, on_stream, upload
from segmenter.inference import Segmenter
from segmenter.motion import MOTION_SIDE
from segmenter.preprocess import seen_shape
from segmenter.refine import VIDEO
from segmenter.resample import halved_size, shrunk_size
from segmenter.weights import Weights


@dataclass(frozen=True)
class Glance:
    """One frame's small pictures, on the CPU."""

    probability: Probability  # (h, w), long side at most VIDEO.long_side
    guide: Frame  # the frame, as small
    moving: Frame  # the frame, long side at most MOTION_SIDE


@dataclass(frozen=True)
class Seen:
    """Frames that follow each other, and what the network says of them."""

    frames: Sequence[Frame]
    pixels: Tensor  # the same, (N, 3, H, W) uint8 on the device
    guide: Tensor  # (N, 3, h, w) uint8 on the device
    glances: list[Glance]


class Looker:
    """Sees frames for everybody who shares a network, in one thread and on one stream."""

    def __init__(self, backend: TorchBackend, record: Weights):
        self._backend, self._record, self._device = backend, record, backend.device
        mean, std = (
            torch.tensor(values, device=self._device).reshape(1, 3, 1, 1)
            for values in (record.mean, record.std)
        )
        self._scale, self._shift = 1 / (255 * std), mean / std
        self._thread = ThreadPoolExecutor(1, "look")
        self._stream = new_stream(self._device, captures=True)
        if self._stream:  # what lies on the device so far was sent there by another one
            self._stream.wait_stream(torch.cuda.current_stream(self._device))
        # For the other steps, of everybody: PyTorch keeps a workspace of 8 MB or more for good for
        # each thread and stream with matrix products, and for each stream what it once took.
        self.beside = new_stream(self._device)
        self._see: dict[int, Graphed] = {}

    def __call__(self, frames: Sequence[Frame], batch: int, size: int) -> Seen:
        """Look at frames of one size.

        Args:
            frames: (H, W, 3) uint8 RGB, up to `batch` of them.
            batch: how many are looked at together.
            size: long side, in pixels, that the network sees.
        """
        return self._thread.submit(self._look, frames, batch, size).result()

    @torch.inference_mode()
    def _look(self, frames: Sequence[Frame], batch: int, size: int) -> Seen:
        if size not in self._see:
            self._see[size] = Graphed(partial(self.see, size=size))
        with on_stream(self._stream):
            # Always as many, so that one graph does; what the last batch lacks is not looked at.
            pixels = upload(frames, self._device, batch).permute(0, 3, 1, 2)
            probability, guide, moving = self._see[size](pixels)
            downloaded = download(
                probability[:, 0], guide.permute(0, 2, 3, 1), moving.permute(0, 2, 3, 1)
            )
            # Pinned memory, let go of by whoever kept it last, marks the stream it was filled on;
            # amid a capture there the mark would spoil the graph, and can't be asked for.
            small = [part.copy() for part in downloaded]
            del downloaded
        number = len(frames)
        glances = [Glance(*one) for one in zip(*(part[:number] for part in small), strict=True)]
        return Seen(frames, pixels[:number], guide[:number], glances)

    def see(self, frames: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the probability, the guide and the picture on which motion is judged.

        Args:
            frames: (N, 3, H, W) uint8 on the device.
            size: long side, in pixels, that the network sees.

        Returns:
            (N, 1, h, w) float32 in [0, 1], and twice (N, 3, h, w) uint8.
        """
        height, width = frames.shape[-2:]
        inner = seen_shape(height, width, size)
        coarse = shrunk_size(height, width, VIDEO.long_side)
        moving = shrunk_size(height, width, MOTION_SIDE)
        # The first halvings are the same for all of them.
        base = halve_towards(frames, *map(max, zip(inner, coarse, moving, strict=True)))
        finest = 3 * max(self._record.photo_size, VIDEO.long_side) // 2
        found = enlarge(self.probability(base, *inner), *halved_size(height, width, finest))
        return shrink(found, VIDEO.long_side), shrink_to(base, *coarse), shrink_to(base, *moving)

    def probability(self, frames: Tensor, height: int, width: int) -> Tensor:
        """Return what the network says at (height, width), (N, 1, height, width) float32."""
        is_smaller = height <= frames.shape[-2] and width <= frames.shape[-1]
        small = shrink_to(frames, height, width) if is_smaller else enlarge(frames, height, width)
        missing = [-side % self._record.stride_multiple for side in (width, height)]
        padding = (0, missing[0], 0, missing[1])
        # PyTorch mirrors no more than there is: enough of all but threads.
        mode = "reflect" if min(height, width) > max(missing) else "replicate"
        padded = functional.pad(small.float(), padding, mode=mode)
        logits = self._backend.run_there(padded * self._scale - self._shift)
        return person_of(logits, self._record.person_class)[..., :height, :width]


def person_of(logits: Tensor, person_class: int | None) -> Tensor:
    """Turn (N, C, h, w) logits into probabilities (N, 1, h, w)."""
    if person_class is None:
        return logits[:, :1].sigmoid()
    return logits.softmax(dim=1)[:, person_class : person_class + 1]


_lookers: WeakKeyDictionary[Segmenter, Looker] = WeakKeyDictionary()
_opening = threading.Lock()


def looker_of(segmenter: Segmenter) -> Looker:
    """Return the one looker of a segmenter, whose backend is PyTorch."""
    with _opening:
        if segmenter not in _lookers:
            _lookers[segmenter] = Looker(segmenter.backend, segmenter.weights)
        return _lookers[segmenter]
