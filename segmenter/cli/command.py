"""What commands share: exit codes, the options that choose a model, loading it, reporting."""

import argparse
import os
import sys
from pathlib import Path

from segmenter.batch import Report
from segmenter.device import DEVICES
from segmenter.errors import OutputFailed
from segmenter.inference import BACKENDS, Segmenter

DONE, SOME_FAILED, WRONG_USAGE = 0, 1, 2


class DefaultsWhereTheyTell(argparse.ArgumentDefaultsHelpFormatter):
    """Shows an option's default unless it is nothing, or the option is a switch."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is False or action.default in (None, "", [], ()):
            return action.help
        return super()._get_help_string(action)


def add_command(commands, name: str, run, summary: str, **details) -> argparse.ArgumentParser:
    """Add a command whose help shows defaults."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        formatter_class=DefaultsWhereTheyTell,
        **details,
    )
    parser.set_defaults(handler=run)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def add_model_options(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    """Add what chooses weights (with `several`, a list of them) and the machine they run on."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        metavar="NAME",
        action="append" if several else "store",
        help="a record's path, a name in weights/, or owner/name[@revision] on the Hub "
        "(default: $BACKDROP_MODEL, else the bundled weights)"
        + ("; give it several times to compare models" if several else ""),
    )
    group.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="auto is $BACKDROP_BACKEND, else torch where CUDA is, and where not openvino, or onnx "
        "if that is not installed",
    )
    group.add_argument("--device", choices=DEVICES, default="auto")


def add_quiet(parser: argparse.ArgumentParser) -> None:
    """Add --quiet."""
    parser.add_argument(
        "--quiet", action="store_true", help="no progress bar, no summary; only what fails is told"
    )


def named_path(text: str) -> Path:
    """Return the path that an argument names; an empty one would mean the present folder."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty; name a file or a folder")
    return Path(text)


def print_report(text: str, failure: str = "can't write the report") -> None:
    """Write a report to standard output.

    Args:
        text: the report.
        failure: what is said when it can't be written, before why.

    Raises:
        OutputFailed: nobody reads it any more, or it does not fit.
    """
    try:
        print(text, flush=True)
    except OSError as error:
        # Python tries once more when it ends, and would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise OutputFailed(f"{failure}: {error.strerror}") from error


def print_outcome(report: Report, quiet: bool) -> None:
    """Say how it went; when asked to be quiet, only what went wrong."""
    words = report.complaints() if quiet else report.summary()
    if words:
        print(words, file=sys.stderr)


def make_segmenter(chosen: argparse.Namespace) -> Segmenter:
    """Load what --model, --backend and --device say."""
    return Segmenter(chosen.model, backend=chosen.backend, device=chosen.device)
