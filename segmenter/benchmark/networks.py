"""The network alone, by every backend that is at hand, taking turns."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from segmenter.backends import Backend, OnnxBackend, OpenVinoBackend, TorchBackend
from segmenter.benchmark.scenes import SCENE_SIZES, scene
from segmenter.benchmark.timing import Row, measure_in_turns, summarise
from segmenter.device import Device
from segmenter.errors import SegmenterError
from segmenter.preprocess import Batch, padded_shape, to_batch
from segmenter.resample import fit
from segmenter.weights import Weights, fetch, read_record

SEED = 7
WIDE = (720, 1280)  # the shape of most videos


def open_backends(
    model: str | None, device: Device, int8: Path | None = None
) -> tuple[dict[str, Backend], list[str]]:
    """Load a model's network into every backend.

    Args:
        model: what `weights.fetch` takes.
        device: where they run; ONNX Runtime takes the CPU where it knows no CUDA, OpenVINO always.
        int8: an ONNX file of the same network in 8-bit numbers.

    Returns:
        The backends by name, and a remark for each that could not be loaded.
    """
    record = read_record(model)

    def torch() -> Backend:
        path = fetch(model, file="safetensors").path
        return TorchBackend(path, record.architecture, device, record.classes)

    loaders = {"ONNX Runtime": lambda: OnnxBackend(fetch(model, file="onnx").path, device)}
    if int8:
        loaders["ONNX Runtime, int8"] = lambda: OnnxBackend(int8, device)
    # As it is for videos and cameras: compiled for each of the four shapes.
    loaders["OpenVINO"] = lambda: OpenVinoBackend(
        fetch(model, file="onnx").path, device, often=1, most=4
    )
    loaders["PyTorch"] = torch
    backends, remarks = {}, []
    for name, load in loaders.items():
        try:
            backends[name] = load()
        except (SegmenterError, ImportError) as error:
            remarks.append(f"{name} is not measured: {error}")
    return backends, remarks


def measure_networks(backends: dict[str, Backend], record: Weights, repeats: int) -> list[Row]:
    """Time every backend on noise of the sizes that the network meets."""
    rows = []
    for height, width in batch_sizes(record):
        batch = np.random.default_rng(SEED).standard_normal((1, 3, height, width), np.float32)
        calls = {
            name: partial(backend.run, batch, comes_again=True)
            for name, backend in backends.items()
        }
        for name, backend in backends.items():
            calls[name]()
            if isinstance(backend, OnnxBackend):
                backend.sessions.settle()
        times = measure_in_turns(calls, repeats)
        where = f"{width}x{height}"
        rows += [summarise("network", name, where, taken) for name, taken in times.items()]
    return rows


def batch_sizes(record: Weights) -> list[tuple[int, int]]:
    """Return heights and widths: of wide live and video frames, and squares."""
    shapes = [
        fit(*WIDE, record.live_size),
        fit(*WIDE, record.photo_size),
        (record.live_size, record.live_size),
        (record.photo_size, record.photo_size),
    ]
    return [padded_shape(*shape, record.stride_multiple) for shape in shapes]


def drawn_batches(record: Weights) -> Iterator[Batch]:
    """Give drawn pictures as the network sees a camera's frames."""
    for size in SCENE_SIZES:
        yield to_batch(
            scene(*size), record.live_size, record.stride_multiple, record.mean, record.std
        )[0]
