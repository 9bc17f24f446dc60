"""`evaluate`: scores on photos with masks."""

import argparse
import sys
from pathlib import Path

from segmenter.cli.command import DONE, add_command, add_model_options, named_path, print_report
from segmenter.errors import InvalidInput
from segmenter.files import make_folder
from segmenter.inference import Segmenter

EXPLANATION = """\
Means over a set's photos: person_iou; miou, the mean of the person's and the background's IoU;
boundary_f and boundary_iou, within 0.5 % of the picture's diagonal (at least 2 pixels); and of the
soft alpha mae and mse, mean absolute and squared error, sad, the sum of absolute errors, and
gradient, the gradient error, both in thousands. Alpha and mask are cut at one half for the first
four. spill: how far, in CIELAB, composites on white, black and green are from the true ones along
the outline. Medians on this machine in milliseconds: photo_ms, from a decoded photo to its alpha;
onnx_ms and torch_ms, the network alone on a square of the size at which it sees a camera's frames.
`-` (null in JSON): the model has no such file, or what runs it is not installed. JSON holds more
than the table.
Of clips, as a video frame by frame and steadied, and as a camera, seen finely and as a busy machine
sees it: person_iou; boundary_f; flicker, mean change of alpha from frame to frame where the truth
stays; lag, frames until 90 % of somebody who appears at once is there (null: never, or nobody
appears so).
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
    parser.add_argument(
        "sets",
        type=named_path,
        nargs="*",
        metavar="SET",
        help="a folder with images/ and masks/; for --sheet alone also one of pictures",
    )
    parser.add_argument("--raw", action="store_true", help="the network's one look, unrefined")
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
    add_comparisons(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no remarks")
    add_model_options(parser, several=True)


def add_comparisons(parser: argparse.ArgumentParser) -> None:
    """Describe what is scored or drawn besides photos with masks."""
    parser.add_argument(
        "--composites",
        type=Path,
        metavar="DATA",
        help="score 200 composites too, made of DATA/cutouts and DATA/backgrounds, whose true "
        "alpha and colours are known: ours, and the raw probability (needs torchvision)",
    )
    parser.add_argument(
        "--ablation",
        action="store_true",
        help="score the sets and composites with each step left out, too",
    )
    parser.add_argument(
        "--sheet",
        type=Path,
        metavar="FOLDER",
        help="write contact sheets there, of up to 30 photos of each set: photo, matte, on white, "
        "on black, on green, and the worst spot of the edge from near",
    )
    parser.add_argument(
        "--clips",
        type=Path,
        action="extend",
        nargs="+",
        default=[],
        metavar="CLIP",
        help="score videos too: a folder with images/ and masks/ of one clip, in order, or one "
        "with cutouts/ and backgrounds/, of which clips are staged",
    )


def count(text: str) -> int:
    """Read a whole number from 1 to 100, above which a sheet no longer fits into a JPEG."""
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 100")
    return int(text)


def run_evaluate(chosen: argparse.Namespace) -> int:
    """Score every model on every set, print, and write the plots and sheets."""
    from segmenter.training.clips import check_clips
    from segmenter.training.evaluate import COLUMNS, evaluate, find_sets, to_json, to_markdown

    prepare(chosen)
    pictures = [folder for folder in chosen.sets if chosen.sheet and is_bare(folder)]
    sets = find_sets([one for one in chosen.sets if one not in pictures], quiet=chosen.quiet)
    composites = find_composites(chosen)
    check_clips(chosen.clips, quiet=chosen.quiet)
    models = load_models(chosen)
    evaluations = [
        evaluate(model, photos, raw=chosen.raw, quiet=chosen.quiet)
        for model in models
        for photos in sets
    ]
    rows = [evaluation.row() for evaluation in evaluations]
    way_columns, way_rows = compare_ways(chosen, models, sets, composites)
    clip_columns, clip_rows = score_clips(chosen, models)
    if chosen.json:
        report = to_json(rows + way_rows + clip_rows)
    else:
        tables = ((COLUMNS, rows), (way_columns, way_rows), (clip_columns, clip_rows))
        report = "\n\n".join(to_markdown(found, heads) for heads, found in tables if found)
    if report:  # nothing is scored for sheets of pictures alone
        print_report(report, "can't write the scores")
    if chosen.plots:
        write_plots(chosen, evaluations, way_rows + clip_rows)
    if chosen.sheet:
        draw_sheets(chosen, models, sets, composites, pictures)
    return DONE


def prepare(chosen: argparse.Namespace) -> None:
    """Find out before hours are spent whether there is work, and whether it can be written."""
    if not (chosen.sets or chosen.composites or chosen.clips):
        raise InvalidInput("nothing to score; give a SET, --composites DATA or --clips CLIP")
    if chosen.plots:
        from segmenter.training.plots import require_matplotlib

        require_matplotlib()
    for folder in filter(None, (chosen.plots, chosen.sheet)):
        make_folder(folder)


def is_bare(folder: Path) -> bool:
    """Tell whether a folder holds pictures, and neither images/ nor masks/."""
    from segmenter.images import IMAGE_ENDINGS
    from segmenter.training.pictures import find_folder, find_pictures

    is_set = find_folder(folder, "images") or find_folder(folder, "masks")
    return not is_set and bool(find_pictures(folder, IMAGE_ENDINGS))


def find_composites(chosen: argparse.Namespace):
    """Return the composites to score, None when none are wanted."""
    if not chosen.composites:
        return None
    from segmenter.training.composites import Composites

    return Composites(chosen.composites)


def compare_ways(chosen: argparse.Namespace, models: list, sets: list, composites) -> tuple:
    """Return columns and rows of ours, raw and, for an ablation, ours without each step."""
    if not (composites or chosen.ablation):
        return (), []
    from segmenter.training.ways import ABLATION, COMPARED, WAY_COLUMNS, evaluate_ways

    ways = ABLATION if chosen.ablation else COMPARED
    compared = [*(sets if chosen.ablation else ()), *([composites] if composites else ())]
    return WAY_COLUMNS, [
        row
        for model in models
        for pictures in compared
        for row in evaluate_ways(model, pictures, ways, quiet=chosen.quiet)
    ]


def score_clips(chosen: argparse.Namespace, models: list) -> tuple:
    """Return columns and rows of the clips."""
    if not chosen.clips:
        return (), []
    from segmenter.training.clips import CLIP_COLUMNS, evaluate_clips

    return CLIP_COLUMNS, [
        row for model in models for row in evaluate_clips(model, chosen.clips, quiet=chosen.quiet)
    ]


def write_plots(chosen: argparse.Namespace, evaluations: list, more: list[dict]) -> None:
    """Write the plots, and all scores, `more` rows of other kinds too; tell where."""
    from segmenter.training.report import write_report

    paths = write_report(chosen.plots, evaluations, worst=chosen.worst, raw=chosen.raw, more=more)
    tell(chosen, f"{len(paths)} files in {chosen.plots}")


def draw_sheets(
    chosen: argparse.Namespace, models: list, sets: list, composites, folders: list
) -> None:
    """Write every model's contact sheets, and tell how many."""
    from segmenter.training.contact import find_albums, write_sheets

    paths: list[Path] = []
    for model in models:
        for album in find_albums(sets, folders, composites):
            paths += write_sheets(chosen.sheet, model, album, paths)
    tell(chosen, f"{len(paths)} sheets in {chosen.sheet}")


def tell(chosen: argparse.Namespace, words: str) -> None:
    """Say on standard error what was done, unless nobody wants to know."""
    if not chosen.quiet:
        print(words, file=sys.stderr)


def load_models(chosen: argparse.Namespace) -> list:
    """Load every model that is named, and measure its network."""
    from segmenter.training.evaluate import Model, distinct_names
    from segmenter.training.speed import measure_network

    addresses = list(dict.fromkeys(chosen.model or [None]))
    segmenters = [
        Segmenter(address, backend=chosen.backend, device=chosen.device) for address in addresses
    ]
    names = distinct_names(
        [one.weights.name for one in segmenters], [str(one) for one in addresses]
    )
    tell(chosen, f"{', '.join(names)}: {segmenters[0].describe()}")
    return [
        Model(name, segmenter, measure_network(address, segmenter.weights, segmenter.device))
        for name, address, segmenter in zip(names, addresses, segmenters, strict=True)
    ]
