"""A Segmenter: weights and the backend that runs them."""

import os
from dataclasses import replace
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import Frame, Probability, require_frame
from segmenter.backends import Backend, OnnxBackend, OpenVinoBackend, TorchBackend, has_openvino
from segmenter.closeup import WHOLE as WHOLE_FRAME
from segmenter.closeup import crops_around
from segmenter.device import Device, choose_device
from segmenter.errors import InvalidInput, WeightsUnavailable
from segmenter.graph_cut import decide_doubt
from segmenter.photo_views import (
    FAINT,
    FIRST,
    SCAN,
    is_believed,
    is_small,
    is_sparse,
    join_views,
    next_shares,
    with_gaps_of,
)
from segmenter.preprocess import (
    Batch,
    Geometry,
    padded_shape,
    restore,
    seen_shape,
    seen_side,
    to_batch,
)
from segmenter.resample import enlarge
from segmenter.weights import Weights, fetch

BACKENDS = ("auto", "onnx", "openvino", "torch")


class Segmenter:
    """Finds people in frames. Make one and share it: `probability` is safe from any thread."""

    def __init__(self, model: str | None = None, *, backend: str = "auto", device: str = "auto"):
        """Load weights and make them ready.

        Args:
            model: what `weights.fetch` takes; None for the bundled weights.
            backend: `onnx`, `openvino`, `torch`, or `auto`: $BACKDROP_BACKEND if that is set, else
                PyTorch where CUDA is, and where not OpenVINO, or ONNX Runtime if that is missing.
            device: `auto`, `cpu` or `cuda`.

        Raises:
            InvalidInput: an unknown backend or device.
            MissingExtra: the backend is not installed.
            WeightsUnavailable: the weights can't be found, fetched or trusted.
        """
        if backend == "auto":
            backend = os.environ.get("BACKDROP_BACKEND") or backend
        if backend not in BACKENDS:
            raise InvalidInput(f"no backend {backend!r}; choose {', '.join(BACKENDS)}")
        self.device: Device = choose_device(device)
        if backend == "auto":
            backend = best_backend(self.device)
        fetched = fetch(model, file="safetensors" if backend == "torch" else "onnx")
        self.weights: Weights = fetched.record
        if backend == "torch":
            architecture, classes = self.weights.architecture, self.weights.classes
            self.backend: Backend = TorchBackend(fetched.path, architecture, self.device, classes)
        else:
            kind = OpenVinoBackend if backend == "openvino" else OnnxBackend
            if self.device.kind == "cuda" and not kind.knows_cuda():
                reason = f"{kind.name} knows no CUDA here"
                self.device = replace(self.device, kind="cpu", reason=reason)
            self.backend = kind(fetched.path, self.device)

    @property
    def photo_size(self) -> int:
        """Long side, in pixels, at which the network sees a photo, or a frame of a video."""
        return self.weights.photo_size

    @property
    def live_size(self) -> int:
        """Long side, in pixels, at which the network sees a frame of a webcam."""
        return self.weights.live_size

    def probability(self, frame: Frame, size: int | None = None) -> Probability:
        """Return for every pixel the probability that it is a person.

        Args:
            frame: (H, W, 3) uint8 RGB of any size; its aspect is kept.
            size: long side, in pixels, that the network sees, once, and more of panoramas (see
                `seen_side`); None for a photo's best answer, from three views, each also mirrored:
                five times the work for one at `photo_size`, ten times where people are small, and
                up to some 60 times where several small people are looked at one by one.

        Returns:
            (H, W) float32 in [0, 1].

        Raises:
            InvalidInput: the frame is none, or the size is not a number of pixels.
            WeightsUnavailable: the network can't be used in the way its record says.
        """
        require_frame(frame)
        if size is None:
            return self._look_closely(frame)
        if not isinstance(size, Integral) or size < 1:
            raise InvalidInput(
                f"the network sees a long side of 1 or more whole pixels, got {size!r}; give None "
                "for a photo's best answer"
            )
        batch, geometry = self._to_batch(frame, size)
        return restore(self._run(batch, comes_again=True), geometry)

    def expect(self, height: int, width: int, size: int, *, wait: bool = False) -> bool:
        """Make ready for many frames of one shape.

        Without it that happens when some of them have come, and frames meanwhile take longer.

        Args:
            height: of the frames, in pixels.
            width: of the frames, in pixels.
            size: long side, in pixels, that the network will see.
            wait: until it is done, so that all frames are calculated in the same way; else it
                happens beside what goes on.

        Returns:
            Whether it is done.
        """
        if not isinstance(self.backend, OnnxBackend):
            return True
        padded = padded_shape(*seen_shape(height, width, size), self.weights.stride_multiple)
        is_ready = self.backend.sessions.expect((1, 3, *padded))
        if wait:
            self.backend.sessions.settle()
        return is_ready or wait

    def _look_closely(self, frame: Frame) -> Probability:
        """Return a photo's best probability, (H, W): where people are small, of those parts."""
        first = self._view(frame, FIRST)
        seen = self._scan(frame) if is_sparse(first) else first
        crops = crops_around(seen > FAINT)
        if not crops and first.max() > 0.5:
            return enlarge(self._join_views(frame, first), *frame.shape[:2])
        found = np.zeros(frame.shape[:2], np.float32)
        for crop in crops or [WHOLE_FRAME]:
            part = crop.of(frame)
            joined = self._join_views(part, self._view(part, FIRST) if crops else first)
            if crop.of(first).max() > 0.5 or is_believed(joined):
                crop.of(found)[:] = enlarge(joined, *part.shape[:2])
        return found

    def _join_views(self, frame: Frame, first: Probability) -> Probability:
        """Return the answer of three views, as large as the largest; `first` is of the first."""
        whole, near = (self._view(frame, share) for share in next_shares(first))
        if is_small(first):
            first = whole
        joined = with_gaps_of(near, join_views(first, whole, near), frame)
        return decide_doubt(joined, frame)

    def _view(self, frame: Frame, share: float) -> Probability:
        """Return the mean of a view, at a share of `photo_size`, and its mirror image."""
        plain, mirrored = self._both_ways(frame, share)
        return (plain + mirrored) / 2

    def _scan(self, frame: Frame) -> Probability:
        """Return all that a fine view or its mirror image tells of small people."""
        return np.maximum(*self._both_ways(frame, SCAN))

    def _both_ways(self, frame: Frame, share: float) -> tuple[Probability, Probability]:
        """Look at a share of `photo_size`, plain and mirrored, and return both as it was seen."""
        batch, geometry = self._to_batch(frame, round(share * self.photo_size))
        mirrored = self._run(np.ascontiguousarray(batch[..., ::-1]))[:, ::-1]
        return geometry.inner_part(self._run(batch)), geometry.inner_part(mirrored)

    def _to_batch(self, frame: Frame, size: int) -> tuple[Batch, Geometry]:
        """Prepare a frame as these weights want it."""
        record, side = self.weights, seen_side(*frame.shape[:2], size)
        return to_batch(frame, side, record.stride_multiple, record.mean, record.std)

    def _run(self, batch: Batch, *, comes_again: bool = False) -> Probability:
        """Return the probability (h, w) of a batch of one."""
        (logits,) = self.backend.run(batch, comes_again=comes_again)
        require_logits(logits, batch, self.weights)
        return person_of(logits, self.weights.person_class)

    def describe(self) -> str:
        """Return where it runs, for instance `CPU, 2 threads (no CUDA device), ONNX Runtime`."""
        return f"{self.device.describe()}, {self.backend.what_runs}"


def require_logits(logits: NDArray[np.float32], batch: Batch, record: Weights) -> None:
    """Check what a network answered, (C, h, w), of which an .onnx says nothing before.

    Raises:
        WeightsUnavailable: other classes than the record says, not one answer to each pixel, or
            answers that are no numbers.
    """
    if len(logits) != record.classes:
        raise WeightsUnavailable(
            f"{record.name} tells {len(logits)} classes apart, but its record says "
            f"{record.classes}; correct the record's classes and person_class"
        )
    if logits.shape[1:] != batch.shape[2:]:
        raise WeightsUnavailable(
            f"{record.name} answers {batch.shape[2:]} pixels with {logits.shape[1:]} (height and "
            "width); choose a network that answers for every pixel"
        )
    if np.isnan(logits.sum()):
        raise WeightsUnavailable(
            f"{record.name} answers with what is no number; correct the record's mean and std, or "
            "choose other weights"
        )


def best_backend(device: Device) -> str:
    """Return the name of the fastest backend there is for a device."""
    if device.kind == "cuda":
        return "torch"
    return "openvino" if has_openvino() else "onnx"


def person_of(logits: NDArray[np.float32], person_class: int | None) -> NDArray[np.float32]:
    """Turn (C, h, w) logits into (h, w) probabilities: one logit's sigmoid, a class's softmax."""
    if person_class is None:
        return 1 / (1 + np.exp(-logits[0].clip(-30, 30)))
    powers = np.exp(logits - logits.max(axis=0))
    return powers[person_class] / powers.sum(axis=0)
