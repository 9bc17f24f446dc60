"""`train`: a network from photos with masks."""

import argparse
import shlex
from dataclasses import fields
from pathlib import Path

from segmenter.cli.command import DONE, add_command, named_path, print_report


def add_train(commands) -> None:
    """Describe `train`."""
    parser = add_command(
        commands, "train", run_train, "Train a network, or go on from where a run stopped."
    )
    parser.add_argument(
        "data",
        type=named_path,
        help="a folder with images/ and masks/ (grey, 255 where a person is, named as the photos), "
        "or of such folders; cutouts/ and backgrounds/ in it are composited",
    )
    parser.add_argument(
        "-o",
        "--run",
        type=named_path,
        required=True,
        help="folder of the checkpoint, log and pictures",
    )
    parser.add_argument(
        "--architecture",
        default="deeplabv3",
        help="deeplabv3, unet, segnet, segresnet, hrnet, deeplabv3_resnet50, "
        "deeplabv3_resnet101 or deeplabv3_mobilenet_v3_large",
    )
    add_schedule_options(parser)
    add_data_options(parser)
    add_start_options(parser)


def add_schedule_options(parser: argparse.ArgumentParser) -> None:
    """Add how long and how fast to learn, and from what loss."""
    group = parser.add_argument_group("learning")
    group.add_argument("--samples", type=int, default=60_000, help="pictures seen in all")
    group.add_argument("--epoch", type=int, default=2_000, help="samples between two log lines")
    group.add_argument("--batch-size", type=int, default=16, help="pictures in a step")
    group.add_argument(
        "--size", type=int, default=256, help="pixels; side of a square of equal area"
    )
    group.add_argument(
        "--loss",
        default="boundary+dice",
        help="a sum of bce, boundary, dice, lovasz, such as boundary+0.5*dice",
    )
    group.add_argument("--learning-rate", type=float, default=1e-3, help="the peak")
    group.add_argument("--warm-up", type=int, default=2_400, help="samples until the peak")
    group.add_argument("--weight-decay", type=float, default=0.02, help="AdamW's")
    group.add_argument(
        "--averaging", type=float, default=0.998, help="memory of the weights' moving average"
    )
    group.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16", "float16"),
        default="auto",
        help="auto is bfloat16 where that is fast, else float16 with CUDA and float32 without",
    )
    group.add_argument("--seed", type=int, default=1, help="of all that is random")
    group.add_argument("--tensorboard", action="store_true", help="write events into RUN too")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add what is learned from and what is held out."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--without",
        action="extend",
        nargs="*",
        default=[],
        metavar="NAME",
        help="folders of DATA to leave out",
    )
    group.add_argument(
        "--validation-share",
        type=float,
        default=0.0,
        help="of every source's pairs, scored after each epoch, never learned from",
    )
    group.add_argument(
        "--patience",
        type=int,
        default=0,
        help="stop after so many epochs without a better validation score; 0: never",
    )
    group.add_argument(
        "--workers",
        type=int,
        help="processes that make samples (default: one less than cores, at most 12)",
    )


def add_start_options(parser: argparse.ArgumentParser) -> None:
    """Add what the network knows at first."""
    group = parser.add_argument_group("start")
    group.add_argument(
        "--encoder-weights",
        type=Path,
        metavar="FILE",
        help="EfficientNet-Lite0's ImageNet state dict, for deeplabv3",
    )
    group.add_argument(
        "--start-from",
        type=Path,
        metavar="FILE",
        help="the .safetensors that `export` wrote of an earlier run of the same architecture",
    )


def run_train(chosen: argparse.Namespace) -> int:
    """Train."""
    from segmenter.training.loop import train
    from segmenter.training.options import TrainOptions

    given = {
        field.name: getattr(chosen, field.name)
        for field in fields(TrainOptions)
        if hasattr(chosen, field.name)
    }
    options = TrainOptions(**given | {"without": tuple(chosen.without)})
    train(options)
    checkpoint = options.run / "checkpoint.pt"
    words = ("python", "-m", "segmenter", "export", str(checkpoint), "-o", str(options.run))
    print_report(f"{checkpoint}\nnext: {shlex.join(words)}")
    return DONE
