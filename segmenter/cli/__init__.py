"""The command line: `python -m segmenter COMMAND --help` explains each command."""

import argparse
import sys
import traceback
from collections.abc import Sequence

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 some item failed, 2 wrong usage."""
    chosen = make_parser().parse_args(arguments)
    keep_freed_memory()
    try:
        return chosen.handler(chosen)
    except SegmenterError as error:
        if chosen.debug:
            traceback.print_exc()
        print(f"segmenter {chosen.command}: {error}", file=sys.stderr)
        return WRONG_USAGE if isinstance(error, InvalidInput) else SOME_FAILED
    except KeyboardInterrupt:
        print(f"segmenter {chosen.command}: cancelled", file=sys.stderr)
        return SOME_FAILED


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
