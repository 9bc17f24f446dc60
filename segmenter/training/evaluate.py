"""Scores of a model on folders of photos with masks."""

import json
import time
from pathlib import Path

import cv2
import numpy as np

from segmenter.errors import InvalidDataset
from segmenter.images import open_image
from segmenter.inference import Segmenter
from segmenter.metrics import boundary_f, boundary_iou, iou, mad, miou
from segmenter.pipeline import matte_of_image
from segmenter.training.data import find_pairs

COLUMNS = ("person_iou", "miou", "boundary_f", "boundary_iou", "mae", "photo_ms")


def evaluate(folder: Path, segmenter: Segmenter, *, raw: bool = False) -> dict[str, float | str]:
    """Score one set: means over its photos, and the median milliseconds a photo took.

    Args:
        folder: holds images/ and masks/.
        segmenter: the model.
        raw: score the network's probability rather than the refined alpha.

    Raises:
        InvalidDataset: a mask is missing, unreadable or of another size.
    """
    rows, times = [], []
    for pair in find_pairs(folder):
        truth = cv2.imread(str(pair.mask), cv2.IMREAD_GRAYSCALE)
        frame = open_image(pair.image)
        if truth is None or truth.shape != frame.shape[:2]:
            raise InvalidDataset(f"{pair.mask} is no grey picture of its photo's size; replace it")
        started = time.perf_counter()
        alpha = matte_of_image(frame, segmenter, raw)
        times.append(1000 * (time.perf_counter() - started))
        rows.append(score(alpha, truth))
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    return {"set": folder.name, "photos": len(rows), **means, "photo_ms": float(np.median(times))}


def score(alpha: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Compare one alpha, float32 in [0, 1], with one mask, uint8; both cut at one half."""
    person, true_person = np.rint(alpha * 255) >= 128, truth >= 128
    return {
        "person_iou": iou(person, true_person),
        "miou": miou(person, true_person),
        "boundary_f": boundary_f(person, true_person),
        "boundary_iou": boundary_iou(person, true_person),
        "mae": mad(np.rint(alpha * 255) / 255, truth.astype(np.float32) / 255),
    }


def to_markdown(rows: list[dict]) -> str:
    """Return the scores as a table."""
    heads = ("set", "photos", *COLUMNS)
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in rows:
        figures = " | ".join(f"{row[name]:.4f}" for name in COLUMNS[:-1])
        lines.append(f"| {row['set']} | {row['photos']} | {figures} | {row['photo_ms']:.0f} |")
    return "\n".join(lines)


def to_json(rows: list[dict]) -> str:
    """Return the scores for a machine to read."""
    return json.dumps(rows, indent=1)
