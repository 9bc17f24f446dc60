"""How much memory this process, and the programs it runs, held at most."""

import os
import sys
from pathlib import Path

try:
    import resource
except ImportError:  # on Windows
    resource = None

PROCESSES = Path("/proc")


def peak_mb() -> int:
    """Return the most that this process held, in MB; 0 where nothing tells.

    From Linux itself, for `getrusage` would count what the parent held when it started this one.
    """
    found = peak_of(os.getpid())
    if found is None and resource is None:
        return 0
    if found is None:
        unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
        found = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 1024
    return round(found / 1024)


def peak_of(process: int, folder: Path = PROCESSES) -> int | None:
    """Return the most that a process held, in KB; None when it is gone, and on no Linux."""
    try:
        for line in (folder / str(process) / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return None


class ChildWatch:
    """Remembers the most that each program started by this process held; look now and then."""

    def __init__(self):
        self._peaks: dict[int, int] = {}

    def look(self) -> None:
        """Read the peaks of those that run now."""
        for tasks in PROCESSES.glob("self/task/*/children"):
            try:
                processes = tasks.read_text().split()
            except OSError:  # the thread has ended meanwhile
                continue
            for process in processes:
                self._peaks[int(process)] = peak_of(int(process)) or self._peaks.get(
                    int(process), 0
                )

    def total_mb(self) -> int | None:
        """Return the sum of all, in MB; None when none was seen."""
        return round(sum(self._peaks.values()) / 1024) if self._peaks else None
