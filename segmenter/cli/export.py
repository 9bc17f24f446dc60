"""`export`: a run's weights as files for others."""

import argparse
from pathlib import Path

from segmenter.cli.command import DONE, add_command


def add_export(commands) -> None:
    """Describe `export`."""
    parser = add_command(
        commands, "export", run_export, "Turn a run's averaged weights into safetensors and ONNX."
    )
    parser.add_argument("checkpoint", type=Path, help="checkpoint.pt of a run")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--name", default="deeplabv3-portrait", help="the files' stem")
    parser.add_argument("--architecture", default="deeplabv3")


def run_export(chosen: argparse.Namespace) -> int:
    """Write safetensors, ONNX and the record."""
    from segmenter.export.onnx import export_checkpoint

    for path in export_checkpoint(
        chosen.checkpoint, chosen.output, chosen.name, chosen.architecture
    ):
        print(path)
    return DONE
