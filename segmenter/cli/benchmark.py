"""`benchmark`: how fast this machine is."""

import argparse

from segmenter.cli.command import DONE, add_command, add_model_options, make_segmenter


def add_benchmark(commands) -> None:
    """Describe `benchmark`."""
    parser = add_command(
        commands, "benchmark", run_benchmark, "Measure each stage and end to end on this machine."
    )
    parser.add_argument("--json", action="store_true", help="JSON rather than Markdown")
    parser.add_argument("--repeats", type=int, default=15, help="measurements of each stage")
    add_model_options(parser)


def run_benchmark(chosen: argparse.Namespace) -> int:
    """Measure and print."""
    from segmenter.benchmark import benchmark, to_json, to_markdown

    segmenter = make_segmenter(chosen)
    rows, device = benchmark(segmenter, chosen.repeats), segmenter.describe()
    print(to_json(rows, device) if chosen.json else to_markdown(rows, device))
    return DONE
