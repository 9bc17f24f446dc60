"""`replace`: a new background."""

import argparse
import os
from functools import partial
from pathlib import Path
from typing import NamedTuple

from segmenter.background import FITS, Background
from segmenter.batch import Replacer, is_cutout, replace_all
from segmenter.cli.command import (
    DONE,
    SOME_FAILED,
    add_command,
    add_model_options,
    add_quiet,
    make_segmenter,
    named_path,
    print_outcome,
    print_report,
)
from segmenter.cluster.batch import replace_all as replace_all_on_ray
from segmenter.cluster.crew import Crew
from segmenter.errors import InvalidInput
from segmenter.people import CHOICES
from segmenter.pipeline import ReplaceOptions, read_background, read_point
from segmenter.refine import RefineOptions
from segmenter.strokes import Stroke
from segmenter.targets import MEDIA_ENDINGS, plan, require_exists, require_kept

WORDS = ("transparent", "blur")  # for backgrounds, even where a file is called so


def add_replace(commands) -> None:
    """Describe `replace`."""
    parser = add_command(
        commands, "replace", run_replace, "Replace or remove the background of photos and videos."
    )
    parser.add_argument("input", type=named_path, help="a photo, a video, or a folder of either")
    parser.add_argument(
        "-b",
        "--background",
        default="transparent",
        help="a picture's or clip's path, '#rrggbb', blur, blur:RADIUS (pixels) or transparent",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=named_path,
        help="a file whose ending chooses the format: .png .jpg .webp; .mp4 (sound kept), .webm "
        "(VP9, can be transparent), .mov (ProRes 4444); or a folder, as for a folder's results "
        "(default: beside the input, with -backdrop added to its name)",
    )
    parser.add_argument("--fit", choices=FITS, default="cover", help="how a picture fills")
    add_people(parser.add_argument_group("people"))
    add_strokes(parser.add_argument_group("corrections by hand"))
    add_edges(parser.add_argument_group("edges"))
    parser.add_argument(
        "--no-smoothing", action="store_true", help="videos: every frame on its own"
    )
    add_quiet(parser)
    parser.add_argument("--json", action="store_true", help="a report on standard output")
    add_cluster(parser.add_argument_group("cluster"))
    add_model_options(parser)


def add_people(people) -> None:
    """Describe who stays."""
    people.add_argument(
        "--people",
        choices=CHOICES,
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


def add_strokes(strokes) -> None:
    """Describe corrections by hand."""
    for name, keeps, does in (("--keep", True, "keeps"), ("--remove", False, "removes")):
        strokes.add_argument(
            name,
            dest="strokes",
            action="append",
            default=[],
            type=partial(Drawn, keeps),
            metavar="'X,Y X,Y ...'",
            help=f"{does} what lies under a stroke through these places, each as for --at, and "
            "what looks like it beside it (photos only); may be given several times, and where "
            "strokes cross the last counts",
        )
    strokes.add_argument(
        "--brush", type=float, default=0.04, help="width of strokes, as a share of the long side"
    )


class Drawn(NamedTuple):
    """A stroke before its places are read."""

    keeps: bool
    places: str

    def to_stroke(self, width: float) -> Stroke:
        """Return the stroke.

        Raises:
            InvalidInput: its places or width can't be used.
        """
        return Stroke(tuple(map(read_point, self.places.split())), width, self.keeps)


def add_edges(edges) -> None:
    """Describe how edges are treated."""
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


def add_cluster(cluster) -> None:
    """Describe what shares the work out."""
    cluster.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="ray shares the work out among processes and machines (pip install ray)",
    )
    cluster.add_argument(
        "--address",
        help="of a running Ray cluster, host:port, or auto for the one on this machine; the paths "
        "given must mean the same on all of it (default: a cluster of this machine alone, for as "
        "long as this takes)",
    )
    cluster.add_argument(
        "--workers", type=int, help="how many, each with a model (default: one to a CPU or GPU)"
    )


def run_replace(chosen: argparse.Namespace) -> int:
    """Replace the background of everything in the input."""
    edges = RefineOptions(
        edge_strength=chosen.edge_strength, feather_px=chosen.feather, shift_px=chosen.shift
    )
    options = ReplaceOptions(
        people=chosen.people,
        point=read_point(chosen.at),
        strokes=tuple(drawn.to_stroke(chosen.brush) for drawn in chosen.strokes),
        refine=edges,
        smoothing=not chosen.no_smoothing,
    )
    require_used(chosen)
    name = chosen.background if chosen.background in WORDS else absolute(chosen.background)
    if Path(name).suffix.lower() in MEDIA_ENDINGS:
        require_exists(Path(name))
    background = read_background(name, chosen.fit)
    cutout = is_cutout(background, chosen.view == "edges")
    if os.path.isfile(name):
        require_background_kept(Path(name), chosen, cutout)
    chosen.model = absolute(chosen.model or os.environ.get("BACKDROP_MODEL", "")) or None
    make = partial(make_replacer, chosen, background, options)
    if chosen.engine == "ray":
        crew = Crew(make, address=chosen.address, workers=chosen.workers, device=chosen.device)
        report = replace_all_on_ray(
            chosen.input, chosen.output, crew, is_cutout=cutout, quiet=chosen.quiet
        )
    else:
        report = replace_all(chosen.input, chosen.output, make(), quiet=chosen.quiet)
    if chosen.json:
        print_report(report.to_json(), "the files are done, but not the report")
    else:
        print_outcome(report, chosen.quiet)
    return SOME_FAILED if report.failures else DONE


def make_replacer(
    chosen: argparse.Namespace, background: Background, options: ReplaceOptions
) -> Replacer:
    """Load the model and return what replaces backgrounds with it."""
    return Replacer(make_segmenter(chosen), background, options, edges=chosen.view == "edges")


def require_background_kept(path: Path, chosen: argparse.Namespace, cutout: bool) -> None:
    """Raise InvalidInput when a result would overwrite the background's file."""
    outputs = [output for _, output in plan(chosen.input, chosen.output, cutout)]
    require_kept([path], outputs, "the background")


def require_used(chosen: argparse.Namespace) -> None:
    """Raise InvalidInput when an option would change nothing."""
    for name in ("address", "workers"):
        if chosen.engine != "ray" and getattr(chosen, name) is not None:
            raise InvalidInput(
                f"--{name} has no effect without --engine ray; add that, or leave --{name} out"
            )


def absolute(name: str) -> str:
    """Return a file's name as other folders and machines understand it; else the name itself."""
    return str(Path(name).absolute()) if os.path.isfile(name) else name
