"""`matte`: alphas as pictures."""

import argparse

from segmenter.cli.command import (
    DONE,
    SOME_FAILED,
    add_command,
    add_model_options,
    add_quiet,
    make_segmenter,
    named_path,
    print_outcome,
)
from segmenter.mattes import matte_all


def add_matte(commands) -> None:
    """Describe `matte`."""
    parser = add_command(
        commands, "matte", run_matte, "Write the alpha of photos or videos as 8-bit grey PNG."
    )
    parser.add_argument(
        "input",
        type=named_path,
        help="a photo, a video, or a folder of either, whose folders are clips, frame by frame",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=named_path,
        required=True,
        help="the folder to write to; for one photo it may be a file that ends in .png",
    )
    parser.add_argument(
        "--raw", action="store_true", help="the network's probability in one look, unrefined"
    )
    add_quiet(parser)
    add_model_options(parser)


def run_matte(chosen: argparse.Namespace) -> int:
    """Write mattes."""
    report = matte_all(
        chosen.input, chosen.output, make_segmenter(chosen), raw=chosen.raw, quiet=chosen.quiet
    )
    print_outcome(report, chosen.quiet)
    return SOME_FAILED if report.failures else DONE
