"""`replace`: a new background."""

import argparse
import sys
from pathlib import Path

from segmenter.cli.command import DONE, SOME_FAILED, add_command, add_model_options, make_segmenter


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
    people = parser.add_argument_group("people")
    people.add_argument(
        "--people",
        choices=("everyone", "largest", "centre", "clicked"),
        default="everyone",
        help="who stays; clicked is the person at --at (photos only)",
    )
    people.add_argument(
        "--at",
        metavar="X,Y",
        default="",
        help="a place on that person as shares of the photo's width and height, whatever its size: "
        "0.25,0.6 is a quarter from the left and six tenths down",
    )
    edges = parser.add_argument_group("edges")
    edges.add_argument(
        "--edge-strength",
        type=float,
        default=1.0,
        help="0 to 1: 0 keeps the network's soft outline, 1 moves it to the picture's edges",
    )
    edges.add_argument(
        "--feather", type=float, default=0.0, help="pixels, 0 to 50: blurs the outline further"
    )
    edges.add_argument(
        "--shift",
        type=float,
        default=0.0,
        help="pixels, -50 to 50: moves the outline outwards, or inwards where a rim of the old "
        "background shows (-1 or -2)",
    )
    edges.add_argument(
        "--view",
        choices=("result", "edges"),
        default="result",
        help="edges draws why the outline lies where it lies (photos only): blue is where it was "
        "still open, white the picture's edges, orange those that moved it",
    )
    parser.add_argument(
        "--no-smoothing", action="store_true", help="videos: every frame on its own"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    parser.add_argument("--json", action="store_true", help="a report on standard output")
    add_model_options(parser)


def run_replace(chosen: argparse.Namespace) -> int:
    """Replace the background of everything in the input."""
    from segmenter.batch import Replacer, replace_all
    from segmenter.pipeline import ReplaceOptions, read_background, read_point
    from segmenter.refine import RefineOptions

    edges = RefineOptions(
        edge_strength=chosen.edge_strength, feather_px=chosen.feather, shift_px=chosen.shift
    )
    options = ReplaceOptions(
        people=chosen.people,
        point=read_point(chosen.at),
        refine=edges,
        smoothing=not chosen.no_smoothing,
    )
    background = read_background(chosen.background, chosen.fit)
    segmenter = make_segmenter(chosen)
    replacer = Replacer(segmenter, background, options, edges=chosen.view == "edges")
    report = replace_all(chosen.input, chosen.output, replacer, quiet=chosen.quiet)
    if chosen.json:
        print(report.to_json())
    elif not chosen.quiet:
        print(report.summary(), file=sys.stderr)
    return SOME_FAILED if report.failures else DONE
