"""`train`: a network from photos with masks."""

import argparse
from pathlib import Path

from segmenter.cli.command import DONE, add_command


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
