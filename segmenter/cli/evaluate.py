"""`evaluate`: scores on photos with masks."""

import argparse
from pathlib import Path

from segmenter.cli.command import DONE, add_command, add_model_options, make_segmenter


def add_evaluate(commands) -> None:
    """Describe `evaluate`."""
    parser = add_command(
        commands, "evaluate", run_evaluate, "Score the model on folders of photos with masks."
    )
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET", help="with images/ and masks/")
    parser.add_argument("--raw", action="store_true", help="the probability, before refinement")
    parser.add_argument("--json", action="store_true", help="JSON rather than Markdown")
    add_model_options(parser)


def run_evaluate(chosen: argparse.Namespace) -> int:
    """Score and print."""
    from segmenter.training.evaluate import evaluate, to_json, to_markdown

    segmenter = make_segmenter(chosen)
    rows = [evaluate(folder, segmenter, raw=chosen.raw) for folder in chosen.sets]
    print(to_json(rows) if chosen.json else to_markdown(rows))
    return DONE
