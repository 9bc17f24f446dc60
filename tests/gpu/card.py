"""A graphics card that is played, for where there is none: it calculates with the CPU.

It refuses what a real one does not bear: tensors of both devices in one operation; to copy between
them, or to wait for a value, while a graph is captured; to read what another stream may not have
done yet. What is copied to the CPU without waiting is there when its stream has been waited for.
"""

import threading
from contextlib import contextmanager, nullcontext

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
COPIES = ("to", "_to_copy", "copy_")
# What the values decide: the CPU waits for them.
WAITS = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape}


class OnCard(torch.Tensor):
    """A tensor that says it is on the card; `held` has its values."""

    @staticmethod
    def __new__(cls, held):
        layout = {"strides": held.stride(), "dtype": held.dtype, "device": CUDA}
        made = torch.Tensor._make_wrapper_subclass(cls, held.shape, **layout)
        made.held = held
        return made

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        assert function.is_view, f"{function} on no stream of its own"
        return OnCard(function(*tree_map(as_held, args), **(kwargs or {})))

    def record_stream(self, stream):
        """Take no notice: no memory here is given out again too early."""


class Stream:
    """A queue of work: `late` are its copies to the CPU, `undone` where it writes."""

    def __init__(self, device=None, priority=0):
        self.late, self.undone = [], set()

    def synchronize(self):
        for target, values in self.late:
            target.copy_(values)
        self.late, self.undone = [], set()

    wait_stream = staticmethod(lambda other: other.synchronize())


class Graph:
    """What was done while it was captured, and is done again in the same places."""

    def __init__(self):
        self.steps = []

    def replay(self):
        for function, args, kwargs, result in self.steps:
            again = function(*args, **kwargs)
            for old, new in zip(tree_leaves(result), tree_leaves(again), strict=True):
                if place(old) != place(new):  # neither a view nor done in place
                    old.copy_(new)


class Card(TorchDispatchMode):
    """Does what is asked on tensors of either device; each thread has a stream, as in PyTorch."""

    def __init__(self):
        super().__init__()
        self.streams, self.here, self.captures = [Stream()], threading.local(), 0

    def current(self, device=None):
        return getattr(self.here, "stream", None) or self.streams[0]

    def new_stream(self, device=None, priority=0):
        self.streams.append(Stream())
        return self.streams[-1]

    @contextmanager
    def on(self, stream):
        self.here.stream = stream
        try:
            with self if stream else nullcontext():
                yield
        finally:
            self.here.stream = None

    @contextmanager
    def capture(self, graph, stream, capture_error_mode):
        assert stream is self.here.stream and capture_error_mode == "thread_local"
        self.captures += 1
        self.here.graph = graph
        try:
            yield
        finally:
            self.here.graph = None

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = tree_leaves((args, kwargs))
        tensors = [one for one in given if isinstance(one, torch.Tensor)]
        ours = [one for one in tensors if isinstance(one, OnCard)]
        wanted = [one.type == "cuda" for one in given if isinstance(one, torch.device)]
        is_ours = wanted[0] if wanted else bool(ours)
        name, graph = function.overloadpacket.__name__, getattr(self.here, "graph", None)
        if name == "copy_":
            is_ours = isinstance(args[0], OnCard)
        crosses = name in COPIES and any(isinstance(one, OnCard) != is_ours for one in tensors)
        if not crosses and ours:
            others = [one for one in tensors if one.dim() and not isinstance(one, OnCard)]
            assert not others, f"{function} mixes tensors of both devices"
        if graph:
            assert not crosses, f"{function} copies while a graph is captured"
            assert not WAITS & set(function.tags), f"{function} waits while a graph is captured"
        stream = self.current()
        for other in self.streams:
            undone = other.undone & {place(one.held) for one in ours}
            assert other is stream or not undone, f"{function} reads what another stream does"
        args, kwargs = tree_map(as_held, (args, kwargs or {}))
        kwargs.pop("pin_memory", None)
        if crosses and not is_ours and name == "copy_":  # to memory that is pinned
            stream.late.append((args[0], args[1].clone()))
            return args[0].view(torch.uint8).fill_(170).view(args[0].dtype)
        result = function(*args, **kwargs)
        if not is_ours or not isinstance(tree_leaves(result)[0], torch.Tensor):
            return result
        if graph:
            graph.steps.append((function, args, kwargs, result))
        stream.undone |= {place(one) for one in tree_leaves(result)}
        same = {id(one.held): one for one in ours}
        return tree_map(lambda one: same[id(one)] if id(one) in same else OnCard(one), result)


def as_held(given):
    """Return what the CPU can calculate with."""
    if isinstance(given, torch.device):
        return CPU
    return given.held if isinstance(given, OnCard) else given


def place(tensor):
    """Return where a tensor's memory begins."""
    return tensor.untyped_storage().data_ptr()


def play(monkeypatch):
    """Return a card in place of PyTorch's, until the test's end."""
    card = Card()
    played = {
        "Stream": card.new_stream,
        "current_stream": card.current,
        "stream": card.on,
        "graph": card.capture,
        "CUDAGraph": Graph,
        "empty_cache": lambda: None,
        "_lazy_init": lambda: None,
    }
    for name, stand_in in played.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    tensor = torch.tensor  # looks for the driver before it asks anybody
    monkeypatch.setattr(
        torch, "tensor", lambda values, device=None, **more: tensor(values, **more).to(device)
    )
    # As for PyTorch's own fake tensors: no driver is looked for.
    torch._C._ensureCUDADeviceGuardSet()
    return card


def put_on(net):
    """Move a network's weights to the card."""
    for module in net.modules():
        for kept in (module._parameters, module._buffers):
            there = {name: one for name, one in kept.items() if one is not None}
            kept.update({name: OnCard(one.detach()) for name, one in there.items()})
