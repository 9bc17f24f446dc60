"""`evaluate`: scores on photos with masks."""

import argparse
import sys
from pathlib import Path

from segmenter.cli.command import DONE, add_command, add_model_options

EXPLANATION = """\
Means over a set's photos: person_iou; miou, the mean of the person's and the background's IoU;
boundary_f and boundary_iou, within 0.5 % of the picture's diagonal (at least 2 pixels); mae, the
mean absolute error of the soft alpha. Alpha and mask are cut at one half, all but for mae.
Medians on this machine in milliseconds: photo_ms, from a decoded photo to its alpha; onnx_ms and
torch_ms, the network alone on a square of the size it sees in videos. `-` (null in JSON): the
model has no such file, or what runs it is not installed.
"""


def add_evaluate(commands) -> None:
    """Describe `evaluate`."""
    parser = add_command(
        commands,
        "evaluate",
        run_evaluate,
        "Score models on folders of photos with masks.",
        epilog=EXPLANATION,
    )
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET", help="with images/ and masks/")
    parser.add_argument("--raw", action="store_true", help="the probability, before refinement")
    parser.add_argument("--json", action="store_true", help="JSON rather than Markdown")
    parser.add_argument(
        "--plots",
        type=Path,
        metavar="FOLDER",
        help="write there: precision-recall curves, sheets of the worst photos, models side by "
        "side, scores.json (needs matplotlib)",
    )
    parser.add_argument(
        "--worst", type=count, default=8, metavar="N", help="photos on a sheet of the worst ones"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no remarks")
    add_model_options(parser, several=True)


def count(text: str) -> int:
    """Read a whole number from 1 to 100, above which a sheet no longer fits into a JPEG."""
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100")
    return int(text)


def run_evaluate(chosen: argparse.Namespace) -> int:
    """Score every model on every set, print, and write the plots."""
    from segmenter.training.evaluate import evaluate, find_sets, to_json, to_markdown

    if chosen.plots:
        prepare(chosen.plots)
    sets = find_sets(chosen.sets, quiet=chosen.quiet)
    models = load_models(chosen)
    evaluations = [
        evaluate(model, photos, raw=chosen.raw, quiet=chosen.quiet)
        for model in models
        for photos in sets
    ]
    rows = [evaluation.row() for evaluation in evaluations]
    print(to_json(rows) if chosen.json else to_markdown(rows), flush=True)
    if chosen.plots:
        from segmenter.training.report import write_report

        paths = write_report(chosen.plots, evaluations, worst=chosen.worst, raw=chosen.raw)
        if not chosen.quiet:
            print(f"{len(paths)} files in {chosen.plots}", file=sys.stderr)
    return DONE


def prepare(folder: Path) -> None:
    """Find out before hours are spent whether plots can be drawn and written."""
    from segmenter.errors import OutputFailed
    from segmenter.training.plots import require_matplotlib

    require_matplotlib()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputFailed(
            f"can't make the folder {folder}: {error.strerror}; choose another"
        ) from error


def load_models(chosen: argparse.Namespace) -> list:
    """Load every model that is named, and measure its network."""
    from segmenter.inference import Segmenter
    from segmenter.training.evaluate import Model, told_apart
    from segmenter.training.speed import measure_network

    addresses = list(dict.fromkeys(chosen.model or [None]))
    segmenters = [
        Segmenter(address, backend=chosen.backend, device=chosen.device) for address in addresses
    ]
    names = told_apart([one.weights.name for one in segmenters], [str(one) for one in addresses])
    if not chosen.quiet:
        print(f"{', '.join(names)}: {segmenters[0].describe()}", file=sys.stderr)
    return [
        Model(name, segmenter, measure_network(address, segmenter.weights, segmenter.device))
        for name, address, segmenter in zip(names, addresses, segmenters, strict=True)
    ]
