"""Workers on a Ray cluster; what a lost one was doing is done again by another."""

import io
import logging
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from segmenter.batch import Outcome, Replacer
from segmenter.cluster.tasks import Task, Worker
from segmenter.errors import ClusterFailed, InvalidInput, MissingExtra, SegmenterError, first_line

TRIES = 3  # of a task whose workers die
RESTARTS = 10  # of a worker; then its machine is given up
STORE_BYTES = 100_000_000  # of shared memory: holds the background, results are files

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Assignment:
    """A task, and for whom it is done."""

    task: Task
    owner: Any
    target: Path  # each try writes to a folder of its own beside it,
    path: Path | None = field(default=None, init=False)  # the last one to this path
    lost: int = field(default=0, init=False)  # workers that died while they did it


class Crew:
    """Workers, each with a model, from `with` to the end of the block.

    Ray starts a lost worker anew, on another machine where its own is gone.
    """

    def __init__(
        self, make_replacer: Callable[[], Replacer], *, address: str | None = None,
        workers: int | None = None, device: str = "auto",
    ):  # fmt: skip
        """Check what is asked; nothing is started yet.

        Args:
            make_replacer: called in every worker.
            address: of a running cluster, `auto` for the one on this machine; None starts one
                here for this crew alone.
            workers: how many; None for one to each CPU of the cluster, or to each GPU.
            device: `cpu`, `cuda`, or `auto`: GPUs where the cluster has any.

        Raises:
            InvalidInput: fewer than one worker is asked for.
            MissingExtra: Ray is not installed.
        """
        if workers is not None and workers < 1:
            raise InvalidInput(f"{workers} workers can do nothing; ask for 1 or more")
        self._ray = require_ray()
        self._make, self._address, self._wanted = make_replacer, address, workers
        self._device = device
        self._stack = ExitStack()
        self._doing: dict[Any, tuple[Any, Assignment | None]] = {}  # by Ray's reference
        self._idle: list[Any] = []
        self._busy = 0  # workers that do an assignment
        self._numbers = count()
        self._where = ""  # where a worker runs
        self._failure: Exception | None = None  # why the last worker was given up

    def __enter__(self) -> "Crew":
        """Connect, and wait until the first worker is ready.

        Raises:
            ClusterFailed: there is no cluster at the address, or no worker could start.
            SegmenterError: why the model could not be loaded.
        """
        with ExitStack() as stack:
            # Ray writes to standard output, which is for the report.
            stack.enter_context(redirect_stdout(io.StringIO()))
            stack.callback(self._dismiss)
            self._connect(stack)
            self._hire()
            while self._doing and not self._idle:
                list(self._take())
            if not self._idle:
                raise self._reason()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        """End the workers, and the cluster when it is this crew's own."""
        self._stack.__exit__(*error)

    def describe(self) -> str:
        """Return for instance `Ray, 2 workers, CPU, 1 thread (asked for), ONNX Runtime`."""
        return f"Ray, {self.size} worker{'s' if self.size > 1 else ''}, {self._where}"

    def run(self, assignments: deque[Assignment]) -> Iterator[tuple[Assignment, Outcome]]:
        """Yield each assignment when it is done; more may be added meanwhile."""
        while assignments or self._busy:
            while assignments and self._idle:
                self._give(self._idle.pop(), assignments.popleft())
            if not self._doing:
                yield assignments.popleft(), Outcome(error=str(self._reason()))
                continue
            for assignment, outcome in self._take():
                if outcome:
                    yield assignment, outcome
                else:
                    assignments.appendleft(assignment)

    def _connect(self, stack: ExitStack) -> None:
        if self._ray.is_initialized():
            return
        where: dict[str, Any] = {"address": self._address}
        if self._address is None:
            where = {"address": "local", "include_dashboard": False, "num_cpus": self._wanted}
            where["object_store_memory"] = STORE_BYTES
        require_answer(self._address)
        try:
            self._ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise ClusterFailed(
                f"no Ray cluster answers at {self._address or 'this machine'}: "
                f"{first_line(error).rstrip('.')}; check --address"
            ) from error
        stack.callback(self._ray.shutdown)

    def _hire(self) -> None:
        found = self._ray.cluster_resources()
        gpus = int(found.get("GPU", 0)) if self._device != "cpu" else 0
        self.size = self._wanted or gpus or max(1, int(found.get("CPU", 1)))
        hired = self._ray.remote(Worker).options(
            num_cpus=1, num_gpus=1 if gpus else 0, max_restarts=RESTARTS
        )
        # Kept, so that workers that start anew find it.
        self._stored = self._ray.put(self._make)
        for _ in range(self.size):
            self._begin(hired.remote())

    def _dismiss(self) -> None:
        workers = [worker for worker, _ in self._doing.values()] + self._idle
        for worker in workers if self._ray.is_initialized() else []:
            self._ray.kill(worker)

    def _begin(self, worker: Any) -> None:
        """Have the model loaded; the worker is idle when it is."""
        self._doing[worker.start.remote(self._stored)] = worker, None

    def _give(self, worker: Any, assignment: Assignment) -> None:
        target = assignment.target
        assignment.path = target.parent / str(next(self._numbers)) / target.name
        doing = worker.do.remote(assignment.task, assignment.path)
        self._doing[doing] = worker, assignment
        self._busy += 1

    def _take(self) -> Iterator[tuple[Assignment, Outcome | None]]:
        """Wait for workers; yield what they did, and without outcome what is to be done again."""
        references = list(self._doing)
        ready, _ = self._ray.wait(references, num_returns=len(references), timeout=0)
        for reference in ready or self._ray.wait(references)[0]:
            worker, assignment = self._doing.pop(reference)
            self._busy -= assignment is not None
            try:
                answer = self._ray.get(reference)
            except Exception as error:  # of many kinds, and all mean that there is no answer
                yield from self._lose(worker, assignment, error)
                continue
            self._idle.append(worker)
            if assignment:
                yield assignment, answer
            else:
                self._where = answer

    def _lose(
        self, worker: Any, assignment: Assignment | None, error: Exception
    ) -> Iterator[tuple[Assignment, Outcome | None]]:
        """Have a lost worker start anew, or give it up; its task is done again, within reason."""
        is_away = isinstance(error, self._ray.exceptions.ActorUnavailableError)
        if assignment is None and not is_away:
            self._failure = error
            log.warning("a worker is given up: %s", self._reason())
            return
        self._begin(worker)
        if assignment:
            assignment.lost += 1
            log.warning("a worker died over %s", assignment.target.name)
            gone = f"{TRIES} workers died over it, perhaps for want of memory; try it alone"
            yield assignment, Outcome(error=gone) if assignment.lost == TRIES else None

    def _reason(self) -> SegmenterError:
        """Return why there is no worker."""
        cause = getattr(self._failure, "cause", self._failure)
        if isinstance(cause, SegmenterError):
            return cause
        return ClusterFailed(f"no worker is left: {first_line(cause)}; see what Ray logged")


def require_answer(address: str | None) -> None:
    """Raise ClusterFailed when nothing is at `host:port`, where Ray would try for minutes."""
    host, _, port = (address or "").rpartition(":")
    if not port.isdigit() or "/" in host:
        return
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except OSError as error:
        raise ClusterFailed(
            f"no Ray cluster answers at {address}: {error.strerror or error}; check --address"
        ) from error


def require_ray() -> Any:
    """Import Ray.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtra("the ray engine needs ray: pip install ray") from error
    return ray
