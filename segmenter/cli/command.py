"""What commands share: exit codes, the options that choose a model, loading it."""

import argparse

DONE, SOME_FAILED, WRONG_USAGE = 0, 1, 2


class DefaultsWhereTheyTell(argparse.ArgumentDefaultsHelpFormatter):
    """Shows an option's default unless it is nothing, or the option is a switch."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False, [], ()):
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
        choices=("auto", "onnx", "openvino", "torch"),
        default="auto",
        help="auto is $BACKDROP_BACKEND, else torch where CUDA is, and where not openvino, or onnx "
        "if that is not installed",
    )
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")


def make_segmenter(chosen: argparse.Namespace):
    """Load what --model, --backend and --device say."""
    from segmenter.inference import Segmenter

    return Segmenter(chosen.model, backend=chosen.backend, device=chosen.device)
