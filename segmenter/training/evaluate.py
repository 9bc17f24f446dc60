"""Scores of models on sets of photos with masks."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from segmenter.arrays import Alpha, Frame
from segmenter.batch import progress
from segmenter.errors import InvalidDataset, UnreadableImage
from segmenter.images import open_image
from segmenter.inference import Segmenter
from segmenter.metrics import boundary_f, boundary_iou, gradient_error, iou, mad, miou, mse, sad
from segmenter.pipeline import matte_of_image
from segmenter.training.faults import decode, is_dim, refuse
from segmenter.training.pairs import Pair, find_pairs, require_same_size
from segmenter.training.pictures import printable
from segmenter.training.precision_recall import HALF, AlphaHistogram
from segmenter.training.speed import Network

SCORES = ("person_iou", "miou", "boundary_f", "boundary_iou", "mae", "mse", "sad", "gradient")
# Of the table; JSON holds all there is.
COLUMNS = (
    *("model", "set", "photos", "person_iou", "miou", "boundary_f"),
    *("mae", "mse", "sad", "gradient", "photo_ms", "onnx_ms", "parameters"),
)
FORMATS = {
    **dict.fromkeys(("person_iou", "miou", "boundary_f", "mae"), "{:.4f}"),
    "mse": "{:.5f}",
    **dict.fromkeys(("sad", "gradient", "spill"), "{:.2f}"),
    **dict.fromkeys(("photo_ms", "onnx_ms"), "{:.1f}"),
}


@dataclass(frozen=True)
class PhotoSet:
    """Photos with masks, under a name that no other set of the evaluation has."""

    name: str
    pairs: list[Pair]


@dataclass(frozen=True)
class Model:
    """A model under a name that no other one of the evaluation has, and its network's figures."""

    name: str
    segmenter: Segmenter
    network: Network


@dataclass(frozen=True)
class Evaluation:
    """What one model did on one set."""

    model: Model
    photos: PhotoSet
    scores: list[dict[str, float]]  # of each photo, in the set's order
    photo_ms: float  # median of the whole way from a decoded photo to its alpha
    histogram: AlphaHistogram

    def row(self) -> dict[str, str | int | float | None]:
        """Return the means over the photos and the speeds, as the report has them."""
        means = {name: float(np.mean([score[name] for score in self.scores])) for name in SCORES}
        names = {"model": self.model.name, "set": self.photos.name, "photos": len(self.scores)}
        return {**names, **means, "photo_ms": self.photo_ms, **asdict(self.model.network)}


def find_sets(folders: Sequence[Path], *, quiet: bool = True) -> list[PhotoSet]:
    """Find the photos and masks of every set, and look into each file before hours are spent.

    Args:
        folders: each holds images/ and masks/.
        quiet: no progress bar.

    Raises:
        InvalidDataset: a folder or mask is missing, unreadable or of another size.
    """
    folders = list(dict.fromkeys(folder.resolve() for folder in folders))
    names = distinct_names([folder.name for folder in folders], [str(folder) for folder in folders])
    sets = [PhotoSet(name, find_pairs(folder)) for name, folder in zip(names, folders, strict=True)]
    check_scored([pair for found in sets for pair in found.pairs], quiet=quiet)
    return sets


def check_scored(pairs: Sequence[Pair], *, quiet: bool = True) -> None:
    """Look into every pair before hours are spent.

    Raises:
        InvalidDataset: the bad ones, each with its path and what to do; ten, then how many more.
    """
    told = progress(pairs, quiet, "photo", what="checking")
    refuse([fault for pair in told if (fault := fault_of_scored(pair))], f"{len(pairs)} photos")


def fault_of_scored(pair: Pair) -> str | None:
    """Say what is wrong with a photo and its mask."""
    try:
        decode(pair.mask)  # sees what OpenCV hides: colours, transparency, 16 bits
        read_pair(pair)
    except InvalidDataset as error:
        return str(error)
    return None


def distinct_names(short: Sequence[str], long: Sequence[str]) -> list[str]:
    """Return the short name of each; where several share one, their long names."""
    pairs = zip(short, long, strict=True)
    return [printable(full if short.count(name) > 1 else name) for name, full in pairs]


def read_pair(pair: Pair) -> tuple[Frame, np.ndarray]:
    """Return a photo as `matte` sees it, (H, W, 3) uint8, and its mask, (H, W) uint8 to 255.

    Raises:
        InvalidDataset: one can't be read, their sizes differ, or the mask stops short of 128, or
            is hard and stops short of 255.
    """
    try:
        frame = open_image(pair.image)
    except UnreadableImage as error:
        raise InvalidDataset(f"{pair.image} can't be scored: {error}") from error
    truth = pair.read_mask()
    require_same_size(pair, frame, truth)
    # All zero is a photo of nobody, which is worth scoring too.
    if truth.any() and (truth.max() < HALF or is_dim(truth)):
        raise InvalidDataset(
            f"{pair.mask} has values up to {truth.max()} only; mark people as 255, others as 0"
        )
    return frame, truth


def evaluate(
    model: Model, photos: PhotoSet, *, raw: bool = False, quiet: bool = True
) -> Evaluation:
    """Score one model on one set.

    Args:
        model: the model.
        photos: the set.
        raw: score the network's probability rather than the refined alpha.
        quiet: no progress bar.

    Raises:
        InvalidDataset: a photo or mask can't be used.
    """
    scores, times, histogram = [], [], AlphaHistogram()
    for pair in progress(photos.pairs, quiet, "photo", what=f"{model.name} on {photos.name}"):
        frame, truth = read_pair(pair)
        started = time.perf_counter()
        alpha = matte_of_image(frame, model.segmenter, raw)
        times.append(1000 * (time.perf_counter() - started))
        scores.append(score(alpha, truth))
        histogram.add(alpha, truth)
    return Evaluation(model, photos, scores, float(np.median(times)), histogram)


def score(alpha: Alpha, truth: np.ndarray) -> dict[str, float]:
    """Compare one alpha, float32 in [0, 1], with one mask or true alpha, uint8.

    Both are cut at one half for all that is about masks.
    """
    # In the 256 steps of a matte's file, so that scores of files and of arrays agree.
    steps = np.rint(alpha * 255)
    person, true_person = steps >= HALF, truth >= HALF
    alphas = steps / np.float32(255), truth / np.float32(255)
    return {
        "person_iou": iou(person, true_person),
        "miou": miou(person, true_person),
        "boundary_f": boundary_f(person, true_person),
        "boundary_iou": boundary_iou(person, true_person),
        "mae": mad(*alphas),
        "mse": mse(*alphas),
        "sad": sad(*alphas),
        "gradient": gradient_error(*alphas),
    }


def to_markdown(rows: Sequence[dict], columns: Sequence[str] = COLUMNS) -> str:
    """Return the rows as a table; `-` where there is no figure."""
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in rows:
        lines.append(f"| {' | '.join(cell(name, row.get(name)) for name in columns)} |")
    return "\n".join(lines)


def cell(name: str, value: str | int | float | None) -> str:
    """Write one figure of a column."""
    if value is None:
        return "-"
    return f"{value / 1e6:.2f} M" if name == "parameters" else FORMATS.get(name, "{}").format(value)


def to_json(rows: Sequence[dict]) -> str:
    """Return the rows for a machine to read."""
    return json.dumps(rows, indent=1)
