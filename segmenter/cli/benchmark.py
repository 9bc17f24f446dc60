"""`benchmark`: how fast this machine is."""

import argparse
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from segmenter.benchmark import PARTS
from segmenter.cli.command import DONE, add_command, add_model_options, print_report
from segmenter.errors import InvalidInput, SegmenterError
from segmenter.files import make_folder

EXPLANATION = """\
Parts: network, every backend alone on the sizes it meets; stages, one after the other, for photos,
a video's frames and live ones; photo, video and live, end to end, each in a new process, with
memory; visitors of the page's live tab, one alone and two at once (whose frames are seen as finely
as there is time; in stages and live always finely); start, of the package, of the
command line until its first photo is done, and of the page; cuda, where that is: the network alone
and the whole way on the graphics card, each with its floor.
Close other programs: what they take is missing here.
"""
MORE_MEGAPIXELS = (3, 6, 25)  # for the plot
MORE_FRAMES = 300
COMPARED_FRAMES = 30


def add_benchmark(commands) -> None:
    """Describe `benchmark`."""
    parser = add_command(
        commands,
        "benchmark",
        run_benchmark,
        "Measure each stage and end to end on this machine.",
        epilog=EXPLANATION,
    )
    parser.add_argument("--json", action="store_true", help="JSON rather than Markdown")
    parser.add_argument("--quick", action="store_true", help="little of each, in some seconds")
    parser.add_argument(
        "--parts",
        action="extend",
        nargs="+",
        choices=PARTS,
        metavar="PART",
        help=f"some of: {', '.join(PARTS)}",
    )
    parser.add_argument("--repeats", type=int, metavar="N", help="measurements of each stage")
    parser.add_argument(
        "--photo",
        type=Path,
        metavar="FILE",
        help="a portrait, whose person is in all that is measured (default: one of examples/)",
    )
    parser.add_argument(
        "--int8", type=Path, metavar="FILE", help="the network in 8-bit numbers, as ONNX, beside it"
    )
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE",
        help="draw how cost grows with pixels and frames, as PNG (needs matplotlib, measures more)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_rival(parser.add_argument_group("comparison"))
    add_model_options(parser)


def add_rival(rival) -> None:
    """Describe what this is compared with, and on what."""
    rival.add_argument(
        "--against",
        choices=("mediapipe",),
        help="time both on the same 1280x720 frames, in turns, and nothing else",
    )
    rival.add_argument(
        "--rival-python", type=Path, metavar="PATH", help="a Python that has mediapipe"
    )
    rival.add_argument(
        "--set",
        type=Path,
        action="extend",
        nargs="+",
        default=[],
        metavar="SET",
        dest="sets",
        help="folders with images/ and masks/, on which both are scored too",
    )


def run_benchmark(chosen: argparse.Namespace) -> int:
    """Measure and print."""
    if chosen.repeats is not None and chosen.repeats < 1:
        raise InvalidInput(f"--repeats is at least 1, got {chosen.repeats}")
    require_used(chosen)
    report = compare_with_rival(chosen) if chosen.against else measure(chosen)
    print_report(report.to_json() if chosen.json else report.to_markdown())
    if chosen.plot:  # last, so that what was measured is told even if it can't be drawn
        draw(chosen.plot, report)
    return DONE


def require_used(chosen: argparse.Namespace) -> None:
    """Raise InvalidInput when an option would change nothing."""
    idle = ("parts", "quick", "int8", "plot") if chosen.against else ("rival_python", "sets")
    for name in idle:
        if getattr(chosen, name):
            words = "--" + {"sets": "set"}.get(name, name).replace("_", "-")
            raise InvalidInput(
                f"{words} has no effect with --against; leave one of the two out"
                if chosen.against
                else f"{words} is for a comparison; add --against mediapipe"
            )


def measure(chosen: argparse.Namespace):
    """Measure this alone; return the report."""
    from tqdm import tqdm

    from segmenter.benchmark.suite import Suite

    if chosen.plot:
        from segmenter.benchmark.plot import require_png
        from segmenter.training.plots import require_matplotlib

        require_png(chosen.plot)
        require_matplotlib()
        make_folder(chosen.plot.parent)
    if chosen.int8 and not chosen.int8.is_file():
        raise InvalidInput(f"there is no {chosen.int8}; give --int8 the network in 8-bit numbers")
    choice, plan, photo = choice_of(chosen), plan_of(chosen), portrait(chosen)
    with TemporaryDirectory() as folder:
        int8, remarks = chosen.int8, []
        if int8 is None and "network" in plan.parts and not chosen.quick:
            int8, remarks = make_int8(chosen, Path(folder) / "int8.onnx")
        suite = Suite(choice, plan, Path(folder), photo=photo, int8=int8)
        suite.report.remarks += remarks
        for name, step in (bar := tqdm(suite.steps(), disable=chosen.quiet or None)):
            bar.set_description(name)
            step()
    return suite.report


def draw(path: Path, report) -> None:
    """Write the plot of costs."""
    from segmenter.benchmark.plot import draw_cost, save_plot

    save_plot(path, draw_cost(report.cost, report.device))


def compare_with_rival(chosen: argparse.Namespace):
    """Measure this and the rival; return the comparison."""
    from segmenter.benchmark.rival import compare
    from segmenter.benchmark.scenes import Stage

    if chosen.rival_python is None:
        raise InvalidInput(
            "--against mediapipe needs --rival-python PATH, the python of an environment that has "
            "mediapipe"
        )
    segmenter = choice_of(chosen).load()
    frames = chosen.repeats or COMPARED_FRAMES
    stage = Stage(segmenter, portrait(chosen))
    return compare(segmenter, stage, chosen.rival_python, chosen.sets, frames)


def plan_of(chosen: argparse.Namespace):
    """Return how much is to be measured."""
    from segmenter.benchmark.suite import QUICK, Plan

    plan = QUICK if chosen.quick else Plan()
    if chosen.parts:
        plan = replace(plan, parts=tuple(chosen.parts))
    if chosen.repeats:
        plan = replace(plan, repeats=chosen.repeats)
    if chosen.plot:
        sizes = tuple(sorted({*plan.megapixels, *MORE_MEGAPIXELS}))
        parts = tuple(dict.fromkeys((*plan.parts, "photo", "video")))
        plan = replace(plan, parts=parts, whole_megapixels=sizes, frames=MORE_FRAMES)
    return plan


def choice_of(chosen: argparse.Namespace):
    """Return which segmenter the options say."""
    from segmenter.benchmark.whole import Choice

    return Choice(model=chosen.model, backend=chosen.backend, device=chosen.device)


def portrait(chosen: argparse.Namespace) -> Path:
    """Return the photo whose person is drawn."""
    from segmenter.benchmark.scenes import PORTRAIT

    return chosen.photo or PORTRAIT


def make_int8(chosen: argparse.Namespace, path: Path) -> tuple[Path | None, list[str]]:
    """Write the network in 8-bit numbers, where what writes it is installed.

    Its scales come from drawn pictures, which is enough for its speed and not for its answers.

    Returns:
        The path and no remark, or nothing and why.
    """
    from segmenter.benchmark.networks import drawn_batches
    from segmenter.weights import fetch

    try:
        from segmenter.export.int8 import write_int8

        fetched = fetch(chosen.model, file="onnx")
        write_int8(fetched.path, path, drawn_batches(fetched.record))
    except (SegmenterError, ImportError) as error:
        return None, [f"8-bit numbers are not measured: {error}"]
    return path, []
