"""The graphics card: frames a second, and how far that is from what its memory and cores allow.

Both ceilings are measured: bytes a second by a large copy, read and written, and operations a
second by a large float16 matrix product. What a frame needs at least of each is counted, and the
slower of the two is the floor of its time.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, pairwise

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from segmenter.arrays import Frame
from segmenter.background import Picture
from segmenter.benchmark.scenes import FRAME_RATE, room
from segmenter.benchmark.timing import WARM_UPS, Row, summarise
from segmenter.gpu.graph import Graphed
from segmenter.gpu.look import looker_of
from segmenter.gpu.replacer import DeviceReplacer, batch_for
from segmenter.gpu.transfer import new_stream, on_stream
from segmenter.inference import Segmenter
from segmenter.pipeline import ReplaceOptions
from segmenter.preprocess import padded_shape, seen_shape

COPIED_BYTES, PRODUCT_SIDE = 2**30, 8192
CEILING_RUNS = 10
# Of a pixel: the frame and what is behind are read once, the composite is written once.
PIXEL_BYTES = 3 * 3
# Of these a pixel crosses the bus twice, up and down; both ways work at the same time.
BUS_BYTES = 3


@dataclass(frozen=True)
class Ceiling:
    """What a device can do in a second."""

    moved_bytes: float  # read and written, in its memory
    operations: float  # multiplications and additions, in float16
    bus_bytes: float  # to it or from it, whichever is slower


@dataclass(frozen=True)
class Work:
    """What has to be done at least."""

    moved_bytes: float
    operations: float = 0

    def __add__(self, other: "Work") -> "Work":
        """Do both."""
        return Work(self.moved_bytes + other.moved_bytes, self.operations + other.operations)

    def floor_ms(self, ceiling: Ceiling) -> float:
        """Return the least milliseconds: those of the bytes or of the operations."""
        seconds = (
            self.moved_bytes / ceiling.moved_bytes,
            self.operations / ceiling.operations,
        )
        return 1000 * max(seconds)


def measure_card(
    segmenter: Segmenter, frames: list[Frame], repeats: int, ceiling: Ceiling | None = None
) -> tuple[list[Row], str]:
    """Measure frames of one size, at least one batch; decoding and encoding are no part of it.

    Args:
        segmenter: one whose backend is PyTorch.
        frames: that follow each other.
        repeats: measurements of each.
        ceiling: what the device can do; None to measure it.

    Returns:
        The rows, each of one frame, and how the floors were found.
    """
    device = segmenter.backend.device
    ceiling = ceiling or measure_ceiling(device)
    height, width = frames[0].shape[:2]
    batch = min(batch_for(height, width), len(frames))
    with torch.inference_mode(), on_stream(new_stream(device)):
        seen = network_batch(segmenter, height, width, batch)
        network = work_of(segmenter.backend.run_there, seen)
        pixels = Work(PIXEL_BYTES * height * width * batch)
        where = f"{width}x{height}, {batch} at a time"
        alone = measure_network(segmenter, seen, repeats)
        stages = measure_stages(segmenter, frames[:batch], repeats)
    rows = [
        row_of("network alone", where, alone, batch, network.floor_ms(ceiling)),
        row_of(
            "network, refine, composite", where, stages, batch, (network + pixels).floor_ms(ceiling)
        ),
    ]
    bus_ms = 1000 * BUS_BYTES * height * width * batch / ceiling.bus_bytes
    whole = measure_pictures(segmenter, frames, batch, repeats)
    floor = max(bus_ms, (network + pixels).floor_ms(ceiling))
    rows.append(row_of("the same, from memory to memory", where, whole, batch, floor))
    return rows, describe_floors(ceiling, network, batch)


def row_of(what: str, where: str, batch_ms: list[float], batch: int, floor_ms: float) -> Row:
    """Turn the milliseconds of batches into those of a frame."""
    row = summarise("cuda", what, where, [taken / batch for taken in batch_ms])
    exact = sorted(batch_ms)[len(batch_ms) // 2] / batch
    return replace(row, per_s=round(1000 / exact, 1), floor_ms=round(floor_ms / batch, 4))


def network_batch(segmenter: Segmenter, height: int, width: int, batch: int) -> Tensor:
    """Return noise of the shape in which the network sees frames of a height and width."""
    record = segmenter.weights
    padded = padded_shape(*seen_shape(height, width, record.photo_size), record.stride_multiple)
    return torch.randn((batch, 3, *padded), device=segmenter.backend.device)


def measure_network(segmenter: Segmenter, seen: Tensor, repeats: int) -> list[float]:
    """Return the milliseconds of batches that the network alone takes."""
    network = Graphed(lambda batch: (segmenter.backend.run_there(batch),))
    return measure_on(seen.device, lambda: network(seen), repeats)


def measure_stages(segmenter: Segmenter, frames: list[Frame], repeats: int) -> list[float]:
    """Return the milliseconds of batches that lie on the device and stay there.

    What the CPU finds on small pictures is found before; its way to the device counts.
    """
    replacer = DeviceReplacer(segmenter, len(frames))
    see = Graphed(partial(looker_of(segmenter).see, size=segmenter.photo_size))
    replacer.study(replacer.look(frames), ReplaceOptions())  # the second time there is motion
    studied = replacer.study(replacer.look(frames), ReplaceOptions())
    behind, times = Picture(room(*frames[0].shape[:2], seed=1)), [0.0] * len(frames)

    def work() -> None:
        see(studied.seen.pixels)
        replacer.on_device(studied, behind, times)

    return measure_on(segmenter.backend.device, work, repeats)


def measure_pictures(
    segmenter: Segmenter, frames: list[Frame], batch: int, repeats: int
) -> list[float]:
    """Return the milliseconds between batches, as a video's frames are made; all is counted."""
    replacer, behind = DeviceReplacer(segmenter, batch), Picture(room(*frames[0].shape[:2], seed=1))
    number = batch * (WARM_UPS + repeats)
    shown = (frames[place % len(frames)] for place in range(number))
    times = (place / FRAME_RATE for place in count())
    taken, last = [], time.perf_counter()
    pictures = replacer.pictures(shown, behind, ReplaceOptions(), times)
    for place, _ in enumerate(pictures, start=1):
        if place % batch == 0:
            now = time.perf_counter()
            taken.append(1000 * (now - last))
            last = now
    # Batches wait for each other, so single times say little: their mean is the pace.
    pace = sum(taken[WARM_UPS:]) / repeats
    return [pace] * repeats


def measure_on(device: torch.device, call: Callable[[], object], repeats: int) -> list[float]:
    """Return the milliseconds of calls, on the device's own clock where it has one."""
    for _ in range(WARM_UPS):
        call()
    if device.type != "cuda":
        starts = [time.perf_counter()]
        for _ in range(repeats):
            call()
            starts.append(time.perf_counter())
        return [1000 * (after - before) for before, after in pairwise(starts)]
    torch.cuda.current_stream(device).synchronize()
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(repeats + 1)]
    marks[0].record()
    for mark in marks[1:]:
        call()
        mark.record()
    marks[-1].synchronize()
    return [before.elapsed_time(after) for before, after in pairwise(marks)]


def measure_ceiling(
    device: torch.device, copied_bytes: int = COPIED_BYTES, side: int = PRODUCT_SIDE
) -> Ceiling:
    """Measure what a device can do, on random numbers."""
    source = torch.randint(0, 256, (copied_bytes,), dtype=torch.uint8, device=device)
    target, factor = torch.empty_like(source), torch.randn((side, side), device=device).half()

    def best_s(call: Callable[[], object]) -> float:
        return min(measure_on(device, call, CEILING_RUNS)) / 1000

    pinned = torch.empty(copied_bytes, dtype=torch.uint8, pin_memory=device.type == "cuda")
    ways = (
        lambda: target.copy_(pinned, non_blocking=True),
        lambda: pinned.copy_(source, non_blocking=True),
    )
    return Ceiling(
        moved_bytes=2 * copied_bytes / best_s(lambda: target.copy_(source)),
        operations=2 * side**3 / best_s(lambda: factor @ factor),
        bus_bytes=copied_bytes / max(best_s(way) for way in ways),
    )


class Traffic(TorchDispatchMode):
    """Counts the bytes that convolutions read and write; what comes between could be fused."""

    def __init__(self):
        super().__init__()
        self.moved_bytes = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Count one operation."""
        result = function(*args, **(kwargs or {}))
        if "convolution" in function.__name__ or "conv2d" in function.__name__:
            tensors = (args[0], args[1], result)
            self.moved_bytes += sum(each.numel() * each.element_size() for each in tensors)
        return result


def work_of(network: Callable[[Tensor], Tensor], batch: Tensor) -> Work:
    """Count what a network needs at least for a batch.

    Each convolution reads its input and its weights once and writes its output once; its
    normalisation and activation, and the resizing between, are taken as done on the way.
    """
    with Traffic() as traffic:
        network(batch)
    with FlopCounterMode(display=False) as operations:
        network(batch)
    return Work(traffic.moved_bytes, operations.get_total_flops())


def describe_floors(ceiling: Ceiling, network: Work, batch: int) -> str:
    """Say how the floors were found."""
    return (
        f"Floors of the graphics card: a copy moves {ceiling.moved_bytes / 1e9:.0f} GB/s, a "
        f"float16 matrix product does {ceiling.operations / 1e12:.1f} TFLOP/s, the bus carries "
        f"{ceiling.bus_bytes / 1e9:.1f} GB/s. A frame's network does "
        f"{network.operations / batch / 1e9:.2f} GFLOP and moves "
        f"{network.moved_bytes / batch / 1e6:.1f} MB, each convolution's input, weights and output "
        f"once; a pixel moves {PIXEL_BYTES} bytes."
    )
