"""`export`: a run's weights as files for others."""

import argparse
from pathlib import Path

from segmenter.cli.command import DONE, add_command, named_path, print_report

PARITY_PHOTOS = 100


def add_export(commands) -> None:
    """Describe `export`."""
    parser = add_command(
        commands,
        "export",
        run_export,
        "Turn a run's averaged weights, or released ones, into files for others: NAME.safetensors, "
        "NAME.onnx and the record NAME.json; and print how near each file comes to PyTorch. "
        "A run's record keeps the sizes, licence and trained_on of a NAME.json that is in the "
        "folder already, and tells what it kept. Of several checkpoints the mean of their weights "
        "is written.",
    )
    parser.add_argument(
        "source",
        type=named_path,
        nargs="+",
        metavar="CHECKPOINT",
        help="checkpoint.pt of a run, or the .json record of released weights",
    )
    parser.add_argument(
        "--shares",
        type=float,
        nargs="+",
        default=[],
        metavar="SHARE",
        help="how much each of several checkpoints counts (default: all alike)",
    )
    parser.add_argument("-o", "--output", type=named_path, required=True, help="folder to write to")
    parser.add_argument(
        "--name", help="the files' stem (default: the record's name, or ARCHITECTURE-portrait)"
    )
    parser.add_argument(
        "--architecture", help="of a checkpoint that does not say it (default: what it says)"
    )
    add_formats(parser)
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="FOLDER",
        help="photos to compare the files on, not those of --calibration; with images/ and masks/ "
        "each file's mIoU is told too (default: generated pictures)",
    )


def add_formats(parser: argparse.ArgumentParser) -> None:
    """Describe which files are written, and how."""
    parser.add_argument(
        "--formats",
        action="extend",
        nargs="+",
        choices=("onnx", "tflite", "int8"),
        default=["onnx"],
        help="tflite: NAME.tflite of one square size, through litert-torch; int8: NAME-int8.onnx "
        "and its record, 8-bit numbers",
    )
    parser.add_argument(
        "--fixed-size",
        type=int,
        metavar="PIXELS",
        help="side of the square that NAME.tflite takes (default: the record's live size); also "
        "adds NAME-PIXELS.onnx of that size, for OpenCV before version 5",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        action="extend",
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="folders of about 100 photos in all, from which int8 learns its scales",
    )


def run_export(chosen: argparse.Namespace) -> int:
    """Write the files, list them, and print the parity report."""
    from segmenter.device import choose_device
    from segmenter.export.parity import compare, to_markdown
    from segmenter.export.photos import parity_photos
    from segmenter.export.release import ExportOptions, export, square_side
    from segmenter.export.runtimes import open_all

    options = ExportOptions(
        name=chosen.name,
        architecture=chosen.architecture,
        formats=tuple(chosen.formats),
        fixed_size=chosen.fixed_size,
        calibration=tuple(chosen.calibration),
        shares=tuple(chosen.shares),
    )
    photos = parity_photos(chosen.photos, PARITY_PHOTOS)
    release = export(chosen.source, chosen.output, options)
    print_report("\n".join(map(str, release.files.values())) + "\n")
    device = choose_device("cpu")
    side = chosen.fixed_size or square_side(release.record)
    exported = open_all(release.files, release.record, device, side)
    rows = compare(exported, photos, release.record, side)
    where = f"of {chosen.photos}" if chosen.photos else "generated (--photos FOLDER for real ones)"
    print_report(
        f"{len(photos)} pictures {where}, {side}x{side}; {device.describe()}.\n"
        f"Differences are between probabilities and those of PyTorch; ms are medians.\n\n"
        f"{to_markdown(rows)}"
    )
    return DONE
