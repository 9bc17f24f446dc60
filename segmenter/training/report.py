"""The files of an evaluation: scores, curves, and pictures of where models fail."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from segmenter.arrays import Frame, to_uint8
from segmenter.errors import OutputFailed
from segmenter.files import finished
from segmenter.images import save_image
from segmenter.pipeline import matte_of_image
from segmenter.training.evaluate import Evaluation, read_pair, to_json
from segmenter.training.marks import (
    FAULTS,
    before_one_colour,
    coloured,
    difference,
    mark_difference,
)
from segmenter.training.pairs import evenly_spaced
from segmenter.training.plots import draw_precision_recall
from segmenter.training.sheets import Row, Tile, draw_sheet, fit_tile, free_path

WORST_HEADS = ("photo", "truth", "alpha", "difference")
COMPARED_PHOTOS = 4


def write_report(
    folder: Path,
    evaluations: Sequence[Evaluation],
    *,
    worst: int,
    raw: bool = False,
    more: Sequence[dict] = (),
) -> list[Path]:
    """Write scores.json, and of each set the curves, the worst photos, and models side by side.

    Args:
        folder: where they go.
        evaluations: every model on every set.
        worst: how many photos a sheet of the worst ones has.
        raw: as in `evaluate`.
        more: rows for scores.json, of what else was scored.

    Returns:
        The files.

    Raises:
        OutputFailed: a file can't be written.
        MissingExtra: matplotlib is not installed.
    """
    paths = [folder / "scores.json"]
    write_text(paths[0], to_json([*(evaluation.row() for evaluation in evaluations), *more]))
    by_set: dict[str, list[Evaluation]] = {}
    for evaluation in evaluations:
        by_set.setdefault(evaluation.photos.name, []).append(evaluation)

    def save(name: str, picture: Frame) -> None:
        paths.append(free_path(folder, name, paths))
        save_image(paths[-1], picture)

    for name, group in by_set.items():
        histograms = {evaluation.model.name: evaluation.histogram for evaluation in group}
        save(f"precision-recall-{name}.png", draw_precision_recall(histograms, name))
        for evaluation in group:
            save(f"worst-{evaluation.model.name}-{name}.jpg", draw_worst(evaluation, worst, raw))
        if len(group) > 1:
            save(f"side-by-side-{name}.jpg", draw_side_by_side(group, raw))
    return paths


def write_text(path: Path, text: str) -> None:
    """Write a small file whole or not at all.

    Raises:
        OutputFailed: it can't be written.
    """
    try:
        with finished(path) as part:
            part.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputFailed(f"can't write {path}: {error.strerror}; check its free space") from error


def draw_worst(evaluation: Evaluation, count: int, raw: bool) -> Frame:
    """Draw the photos with the lowest mIoU, lowest first: photo, truth, alpha, difference."""
    order = sorted(
        range(len(evaluation.scores)), key=lambda index: evaluation.scores[index]["miou"]
    )[:count]
    rows = [worst_row(evaluation, index, raw) for index in order]
    title = f"{evaluation.model.name}: the {len(rows)} worst of {len(evaluation.scores)} photos"
    return draw_sheet(f"{title} in {evaluation.photos.name}", WORST_HEADS, rows, FAULTS)


def worst_row(evaluation: Evaluation, index: int, raw: bool) -> Row:
    """Show what became of one photo."""
    pair, score = evaluation.photos.pairs[index], evaluation.scores[index]
    frame, truth = read_pair(pair)
    alpha = matte_of_image(frame, evaluation.model.segmenter, raw)
    missed, added = difference(alpha, truth)
    shares = f"{missed.mean():.1%} missed, {added.mean():.1%} added"
    pictures = (frame, truth, to_uint8(alpha), mark_difference(frame, missed, added))
    captions = ("", "", "", shares)
    tiles = [
        Tile(coloured(fit_tile(picture, len(WORST_HEADS))), caption)
        for picture, caption in zip(pictures, captions, strict=True)
    ]
    words = (
        f"{pair.image.name}    mIoU {score['miou']:.3f}, person's IoU {score['person_iou']:.3f}, "
        f"boundary F {score['boundary_f']:.3f}"
    )
    return Row(words, tiles)


def draw_side_by_side(group: Sequence[Evaluation], raw: bool) -> Frame:
    """Draw every model's cut-out of the same photos, from the hardest to the easiest."""
    photos = group[0].photos
    means = np.mean([[score["miou"] for score in one.scores] for one in group], axis=0)
    chosen = evenly_spaced(np.argsort(means, kind="stable"), COMPARED_PHOTOS)
    heads = ("photo", "truth", *(one.model.name for one in group))
    rows = []
    for index in chosen:
        frame, truth = read_pair(photos.pairs[index])
        alphas = [matte_of_image(frame, one.model.segmenter, raw) for one in group]
        small = fit_tile(frame, len(heads))
        cut_outs = [
            before_one_colour(small, fit_tile(alpha, len(heads)))
            for alpha in (truth / np.float32(255), *alphas)
        ]
        scores = [f"mIoU {one.scores[index]['miou']:.3f}" for one in group]
        tiles = [
            Tile(picture, caption)
            for picture, caption in zip((small, *cut_outs), ("", "", *scores), strict=True)
        ]
        rows.append(Row(photos.pairs[index].image.name, tiles))
    title = f"{photos.name}: {len(rows)} of {len(means)} photos, from the hardest to the easiest"
    return draw_sheet(title, heads, rows)
