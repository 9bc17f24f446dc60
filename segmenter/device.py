"""Chooses device, precision and thread count once, and says why in one line."""

import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path

from segmenter.errors import InvalidInput, first_line

DEVICES = ("auto", "cpu", "cuda")
CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
# What there is where a driver is: on Linux, in Windows' subsystem for it, and on Windows.
DRIVERS = ("/dev/nvidia0", "/dev/nvidiactl", "/dev/dxg", "C:/Windows/System32/nvcuda.dll")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    """Where a network runs."""

    kind: str  # "cpu" or "cuda"
    threads: int
    reason: str

    def describe(self) -> str:
        """Return for instance `CPU, 2 threads (no CUDA device)`."""
        if self.kind == "cuda":
            return f"CUDA ({self.reason})"
        return f"CPU, {self.threads} thread{'s' if self.threads > 1 else ''} ({self.reason})"


def choose_device(wanted: str = "auto") -> Device:
    """Choose CUDA when it is there and wanted, else the CPU.

    Args:
        wanted: one of `DEVICES`.

    Raises:
        InvalidInput: another word, or `cuda` where there is none.
    """
    if wanted not in DEVICES:
        raise InvalidInput(f"no device {wanted!r}; choose {', '.join(DEVICES)}")
    threads = count_threads()
    if wanted == "cpu":
        return Device("cpu", threads, "asked for")
    name = cuda_name()
    if name:
        return Device("cuda", threads, name)
    if wanted == "cuda":
        raise InvalidInput("no CUDA device found; choose auto or cpu, or check the driver")
    return Device("cpu", threads, "no CUDA device")


def cuda_name() -> str | None:
    """Return the first CUDA device's name, or None; loads torch only where a driver is."""
    if not any(Path(path).exists() for path in DRIVERS):
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    try:
        # A card that is too old for this PyTorch, full or not for us says so only when it works.
        torch.zeros(1, device="cuda").add_(1).cpu()
        return torch.cuda.get_device_name(0)
    except RuntimeError as error:
        log.warning("the graphics card can't be used: %s", first_line(error))
        return None


def count_threads() -> int:
    """Return the CPUs this process may use: CPU_CORES, else the container's quota and affinity."""
    stated = os.environ.get("CPU_CORES", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    affinity = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return max(1, min(affinity, quota_cpus(CGROUP_QUOTA)))


def quota_cpus(path: Path) -> int:
    """Read a cgroup's CPU quota, rounded up; a large number when there is none."""
    try:
        quota, period = path.read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # absent, or "max": no limit
        return 1_000_000
