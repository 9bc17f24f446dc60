"""The command line: `python -m segmenter COMMAND --help` explains each command."""

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from segmenter.errors import InvalidInput, SegmenterError

DONE, SOME_FAILED, WRONG_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code: 0 done, 1 some item failed, 2 wrong usage."""
    parser = make_parser()
    chosen = parser.parse_args(arguments)
    try:
        return chosen.run(chosen)
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
    add_train(commands)
    add_evaluate(commands)
    add_export(commands)
    return parser


def add_command(commands, name: str, run, summary: str, **details) -> argparse.ArgumentParser:
    """Add a command whose help shows defaults."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        **details,
    )
    parser.set_defaults(run=run)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add what chooses weights and the machine they run on."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        metavar="NAME",
        help="a record's path, a name in weights/, or owner/name[@revision] on the Hub "
        "(default: $BACKDROP_MODEL, else the bundled weights)",
    )
    group.add_argument("--backend", choices=("auto", "onnx", "torch"), default="auto")
    group.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")


def add_replace(commands) -> None:
    """Describe `replace`."""
    parser = add_command(
        commands, "replace", run_replace, "Replace or remove the background of photos and videos."
    )
    parser.add_argument("input", type=Path, help="a photo, a video, or a folder of either")
    parser.add_argument(
        "-b",
        "--background",
        default="transparent",
        help="a picture's or clip's path, '#rrggbb', blur, blur:RADIUS (pixels) or transparent",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        help="a file whose ending chooses the format: .png .jpg .webp; .mp4 (sound kept), .webm "
        "(VP9, can be transparent), .mov (ProRes 4444). For a folder, a folder "
        "(default: beside the input, with -backdrop added to its name)",
    )
    parser.add_argument(
        "--fit", choices=("cover", "contain", "tile"), default="cover", help="how a picture fills"
    )
    parser.add_argument(
        "--people", choices=("everyone", "largest", "centre"), default="everyone", help="who stays"
    )
    edges = parser.add_argument_group("edges")
    edges.add_argument(
        "--edge-strength", type=float, default=1.0, help="0 the network's outline, 1 the picture's"
    )
    edges.add_argument("--feather", type=float, default=0.0, help="softness in pixels")
    edges.add_argument(
        "--shift", type=float, default=0.0, help="pixels to grow (or, negative, shrink) the person"
    )
    parser.add_argument(
        "--no-smoothing", action="store_true", help="videos: every frame on its own"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    parser.add_argument("--json", action="store_true", help="a report on standard output")
    add_model_options(parser)


def add_matte(commands) -> None:
    """Describe `matte`."""
    parser = add_command(
        commands, "matte", run_matte, "Write the alpha of photos or videos as 8-bit grey PNG."
    )
    parser.add_argument(
        "input",
        type=Path,
        help="a folder of photos (each of its folders is a clip, frame by frame), or a video",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write to")
    parser.add_argument(
        "--raw", action="store_true", help="the network's probability, before refinement"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    add_model_options(parser)


def add_benchmark(commands) -> None:
    """Describe `benchmark`."""
    parser = add_command(
        commands, "benchmark", run_benchmark, "Measure each stage and end to end on this machine."
    )
    parser.add_argument("--json", action="store_true", help="JSON rather than Markdown")
    parser.add_argument("--repeats", type=int, default=15, help="measurements of each stage")
    add_model_options(parser)


def add_train(commands) -> None:
    """Describe `train`."""
    parser = add_command(
        commands, "train", run_train, "Train a network, or go on from where a run stopped."
    )
    parser.add_argument("data", type=Path, help="a folder of sources: NAME/images + NAME/masks")
    parser.add_argument("-o", "--run", type=Path, dest="folder", required=True, help="its folder")
    parser.add_argument("--architecture", default="deeplabv3")
    parser.add_argument("--samples", type=int, default=60_000, help="pictures seen in all")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument(
        "--size", type=int, default=256, help="pixels; side of a square of equal area"
    )
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME", help="sources held out")
    parser.add_argument("--encoder-weights", type=Path, help="ImageNet state dict of the encoder")
    parser.add_argument("--start-from", type=Path, help=".safetensors of an earlier run")


def add_evaluate(commands) -> None:
    """Describe `evaluate`."""
    parser = add_command(
        commands, "evaluate", run_evaluate, "Score the model on folders of photos with masks."
    )
    parser.add_argument("sets", type=Path, nargs="+", metavar="SET", help="with images/ and masks/")
    parser.add_argument("--raw", action="store_true", help="the probability, before refinement")
    parser.add_argument("--json", action="store_true", help="JSON rather than Markdown")
    add_model_options(parser)


def add_export(commands) -> None:
    """Describe `export`."""
    parser = add_command(
        commands, "export", run_export, "Turn a run's averaged weights into safetensors and ONNX."
    )
    parser.add_argument("checkpoint", type=Path, help="checkpoint.pt of a run")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--name", default="deeplabv3-portrait", help="the files' stem")
    parser.add_argument("--architecture", default="deeplabv3")


def make_segmenter(chosen: argparse.Namespace):
    """Load what --model, --backend and --device say."""
    from segmenter.inference import Segmenter

    return Segmenter(chosen.model, backend=chosen.backend, device=chosen.device)


def run_replace(chosen: argparse.Namespace) -> int:
    """Replace the background of everything in the input."""
    from segmenter.batch import Report, replace_all
    from segmenter.pipeline import ReplaceOptions, read_background
    from segmenter.refine import RefineOptions

    edges = RefineOptions(
        edge_strength=chosen.edge_strength, feather_px=chosen.feather, shift_px=chosen.shift
    )
    options = ReplaceOptions(people=chosen.people, refine=edges, smoothing=not chosen.no_smoothing)
    background = read_background(chosen.background, chosen.fit)
    segmenter = make_segmenter(chosen)
    report: Report = replace_all(
        chosen.input, chosen.output, background, segmenter, options, quiet=chosen.quiet
    )
    if chosen.json:
        print(report.to_json())
    elif not chosen.quiet:
        print(report.summary(), file=sys.stderr)
    return SOME_FAILED if report.failures else DONE


def run_matte(chosen: argparse.Namespace) -> int:
    """Write mattes."""
    from segmenter.batch import matte_all

    report = matte_all(
        chosen.input, chosen.output, make_segmenter(chosen), raw=chosen.raw, quiet=chosen.quiet
    )
    if not chosen.quiet:
        print(report.summary(), file=sys.stderr)
    return SOME_FAILED if report.failures else DONE


def run_benchmark(chosen: argparse.Namespace) -> int:
    """Measure and print."""
    from segmenter.benchmark import benchmark, to_json, to_markdown

    segmenter = make_segmenter(chosen)
    rows, device = benchmark(segmenter, chosen.repeats), segmenter.describe()
    print(to_json(rows, device) if chosen.json else to_markdown(rows, device))
    return DONE


def run_train(chosen: argparse.Namespace) -> int:
    """Train."""
    from segmenter.training.loop import TrainOptions, train

    train(
        TrainOptions(
            data=chosen.data,
            run=chosen.folder,
            architecture=chosen.architecture,
            samples=chosen.samples,
            batch_size=chosen.batch_size,
            size=chosen.size,
            learning_rate=chosen.learning_rate,
            seed=chosen.seed,
            without=tuple(chosen.without),
            encoder_weights=chosen.encoder_weights,
            start_from=chosen.start_from,
        )
    )
    return DONE


def run_evaluate(chosen: argparse.Namespace) -> int:
    """Score and print."""
    from segmenter.training.evaluate import evaluate, to_json, to_markdown

    segmenter = make_segmenter(chosen)
    rows = [evaluate(folder, segmenter, raw=chosen.raw) for folder in chosen.sets]
    print(to_json(rows) if chosen.json else to_markdown(rows))
    return DONE


def run_export(chosen: argparse.Namespace) -> int:
    """Write safetensors, ONNX and the record."""
    from segmenter.export.onnx import export_checkpoint

    for path in export_checkpoint(
        chosen.checkpoint, chosen.output, chosen.name, chosen.architecture
    ):
        print(path)
    return DONE
