"""`label`: masks for photos that have none."""

import argparse
import sys
from pathlib import Path

from segmenter.cli.command import DONE, add_command, add_model_options, make_segmenter, named_path


def add_label(commands) -> None:
    """Describe `label`."""
    parser = add_command(
        commands,
        "label",
        run_label,
        "Make a training source of photos without masks, of those the model has no doubt about.",
    )
    parser.add_argument("photos", type=named_path, help="a folder of photos")
    parser.add_argument("-o", "--output", type=named_path, required=True, metavar="SOURCE")
    parser.add_argument(
        "--others",
        type=Path,
        metavar="ALPHAS",
        help="another model's alphas, <stem>.png: where both agree, a little doubt is allowed",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    add_model_options(parser)


def run_label(chosen: argparse.Namespace) -> int:
    """Label photos."""
    from segmenter.training.pseudo_labels import label_photos

    taken, count = label_photos(
        chosen.photos,
        chosen.output,
        make_segmenter(chosen),
        others=chosen.others,
        quiet=chosen.quiet,
    )
    if not taken:
        print(
            f"none of {count} photos labelled, nothing written into {chosen.output}: the model is "
            "in doubt, or people fill next to nothing or nearly all of each",
            file=sys.stderr,
        )
    elif not chosen.quiet:
        print(f"{taken} of {count} photos labelled in {chosen.output}", file=sys.stderr)
    return DONE
