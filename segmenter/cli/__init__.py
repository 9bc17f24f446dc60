"""The command line: `python -m segmenter COMMAND --help` explains each command."""

import argparse
import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from types import FrameType

from segmenter.allocator import keep_freed_memory
from segmenter.cli.benchmark import add_benchmark
from segmenter.cli.command import SOME_FAILED, WRONG_USAGE
from segmenter.cli.evaluate import add_evaluate
from segmenter.cli.export import add_export
from segmenter.cli.label import add_label
from segmenter.cli.matte import add_matte
from segmenter.cli.publish import add_publish
from segmenter.cli.replace import add_replace
from segmenter.cli.train import add_train
from segmenter.errors import InvalidInput, SegmenterError

# A service that is stopped or a terminal that is closed; Windows has no SIGHUP.
_ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Ended(KeyboardInterrupt):
    """A signal asks to end: as Ctrl-C does, it closes what is open and leaves no half file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 some item failed, 2 wrong usage.

    A signal that asks to end gives 128 and its number.
    """
    if sys.stderr is None:  # it was closed; what is told there would come out elsewhere
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until Python ends
    chosen = make_parser().parse_args(arguments)
    # Warnings that a batch notes are told as all others are.
    shown = logging.StreamHandler() if chosen.debug else logging.lastResort
    logging.basicConfig(format="%(message)s", handlers=[shown])
    logging.getLogger("segmenter").setLevel(logging.DEBUG if chosen.debug else logging.NOTSET)
    keep_freed_memory()
    try:
        with ending_cleanly():
            return chosen.handler(chosen)
    except SegmenterError as error:
        if chosen.debug:
            traceback.print_exc()
        print(f"segmenter {chosen.command}: {error}", file=sys.stderr)
        return WRONG_USAGE if isinstance(error, InvalidInput) else SOME_FAILED
    except KeyboardInterrupt as interrupt:
        with contextlib.suppress(OSError):  # the terminal may be gone
            print(f"segmenter {chosen.command}: cancelled", file=sys.stderr)
        return 128 + interrupt.args[0] if isinstance(interrupt, Ended) else SOME_FAILED


@contextlib.contextmanager
def ending_cleanly() -> Iterator[None]:
    """Raise Ended in the block when a signal asks to end; only Python's main thread can."""
    process = os.getpid()

    def end(number: int, _: FrameType | None) -> None:
        if os.getpid() != process:  # a fork of ours, which has nothing to tidy up
            os._exit(128 + number)
        for each in handled:  # a second one must not break into the tidying up
            signal.signal(each, signal.SIG_IGN)
        raise Ended(number)

    # `nohup` ignores SIGHUP, and that must stay.
    is_main = threading.current_thread() is threading.main_thread()
    handled = [each for each in _ENDINGS if is_main and signal.getsignal(each) == signal.SIG_DFL]
    for each in handled:
        signal.signal(each, end)
    try:
        yield
    finally:
        for each in handled:
            signal.signal(each, signal.SIG_DFL)


def make_parser() -> argparse.ArgumentParser:
    """Describe every command and option."""
    parser = argparse.ArgumentParser(
        prog="python -m segmenter",
        description="Replace what is behind people in photos and videos.",
        epilog="Exit codes: 0 done, 1 some item failed, 2 wrong usage.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_replace(commands)
    add_matte(commands)
    add_benchmark(commands)
    add_label(commands)
    add_train(commands)
    add_evaluate(commands)
    add_export(commands)
    add_publish(commands)
    return parser
