"""Many small kernels as one launch: CUDA graphs.

Chosen over `torch.compile(mode="reduce-overhead")`, which records the same graphs but wants Triton,
a C compiler and a minute at the first frame of every new size.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

WARM_UPS = 3  # libraries choose their kernels and take their memory, which no capture may
MOST_GRAPHS = 4  # each holds the memory of its own shapes
# A graph gives way to that of another shape after so many calls without it. Were it at once, more
# shapes in use than graphs would capture anew at every frame: these go without one.
CALLS_UNUSED = 200
_capturing = threading.Lock()  # what begins one capture would disturb another


def exclusive() -> AbstractContextManager:
    """Keep captures away inside a `with` block that does what they don't bear."""
    return _capturing


class Graphed:
    """A function of one tensor, captured once for each shape and replayed; as it is on a CPU.

    Call it in one thread and on one stream that is not the default one: what it reads and writes
    lies always at the same place.
    """

    def __init__(self, function: Callable[[Tensor], tuple[Tensor, ...]]):
        """Remember the function.

        It must not branch on values nor wait for the device, and must return new tensors.
        """
        self._function = function
        self._captured: OrderedDict[torch.Size, tuple] = OrderedDict()
        self._called = 0
        self._used_at: dict[torch.Size, int] = {}

    def __call__(self, tensor: Tensor) -> tuple[Tensor, ...]:
        """Return what the function returns."""
        if not tensor.is_cuda:
            return self._function(tensor)
        self._called += 1
        if tensor.shape not in self._captured:
            if len(self._captured) >= MOST_GRAPHS and not self._drop_unused(tensor.device):
                return self._function(tensor)
            self._captured[tensor.shape] = self._capture(tensor)
        self._captured.move_to_end(tensor.shape)
        self._used_at[tensor.shape] = self._called
        held, graph, results = self._captured[tensor.shape]
        held.copy_(tensor)
        graph.replay()
        return tuple(result.clone() for result in results)

    def _drop_unused(self, device: torch.device) -> bool:
        """Drop the graph that was used longest ago, if that is long enough."""
        oldest = next(iter(self._captured))
        if self._called - self._used_at[oldest] < CALLS_UNUSED:
            return False
        torch.cuda.current_stream(device).synchronize()  # it may still be running
        del self._captured[oldest], self._used_at[oldest]
        return True

    def _capture(self, tensor: Tensor) -> tuple[Tensor, torch.cuda.CUDAGraph, tuple[Tensor, ...]]:
        held = tensor.clone()
        for _ in range(WARM_UPS):
            self._function(held)
        graph = torch.cuda.CUDAGraph()
        # Other threads use the device meanwhile, which "global" would forbid them.
        stream = torch.cuda.current_stream(tensor.device)
        with (
            exclusive(),
            torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"),
        ):
            results = self._function(held)
        return held, graph, results
