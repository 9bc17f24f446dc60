"""How fast a network is by itself, and how many parameters it has."""

import logging
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segmenter.backends import Backend, OnnxBackend, TorchBackend
from segmenter.device import Device
from segmenter.errors import SegmenterError
from segmenter.preprocess import padded_shape
from segmenter.weights import Weights, fetch

SEED = 7
WARM_UPS = 2
FEWEST, MOST = 5, 30
PATIENCE_S = 3.0  # large networks on a CPU are measured less often

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Network:
    """A network alone: median milliseconds for a square of its live size, and its parameters."""

    onnx_ms: float | None  # None: no such file, or the package that runs it is not installed
    torch_ms: float | None
    parameters: int | None


def measure_network(model: str | None, record: Weights, device: Device) -> Network:
    """Time a model's network with ONNX Runtime and with PyTorch, on the same input.

    Args:
        model: what `weights.fetch` takes.
        record: its record.
        device: where it runs.
    """
    size = padded_shape(record.live_size, record.live_size, record.stride_multiple)
    batch = np.random.default_rng(SEED).standard_normal((1, 3, *size), np.float32)

    def onnx() -> Backend:
        return OnnxBackend(fetch(model, file="onnx").path, device)

    def torch() -> Backend:
        path = fetch(model, file="safetensors").path
        return TorchBackend(path, record.architecture, device, record.classes)

    return Network(
        time_backend(onnx, batch, record.name) if record.onnx else None,
        time_backend(torch, batch, record.name) if record.safetensors else None,
        count_parameters(record),
    )


def time_backend(load: Callable[[], Backend], batch: np.ndarray, name: str) -> float | None:
    """Return the median milliseconds of one run; None, and a warning, when it can't be loaded."""
    try:
        backend = load()
    except (SegmenterError, ImportError) as error:
        log.warning("%s is not timed with %s: %s", name, load.__name__, error)
        return None
    return median_ms(lambda: backend.run(batch))


def median_ms(call: Callable[[], object]) -> float:
    """Return the median milliseconds of a call, after two that are not measured."""
    for _ in range(WARM_UPS):
        call()
    times: list[float] = []
    while len(times) < FEWEST or (len(times) < MOST and sum(times) < 1000 * PATIENCE_S):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def count_parameters(record: Weights) -> int | None:
    """Return how many numbers training may change; None when its network can't be built here."""
    try:
        from segmenter.nets import build

        net = build(record.architecture, record.classes)
    except (SegmenterError, ImportError) as error:
        log.warning("the parameters of %s are not counted: %s", record.name, error)
        return None
    return sum(parameter.numel() for parameter in net.parameters())
