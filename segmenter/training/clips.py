"""Scores of models on clips, frame by frame and steadied: whether the matte flickers or lags."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segmenter.arrays import Alpha
from segmenter.batch import progress
from segmenter.errors import InvalidDataset
from segmenter.matting import prepare_for_camera
from segmenter.metrics import boundary_f, flicker, iou, lag
from segmenter.pipeline import ReplaceOptions
from segmenter.stream import alphas_of
from segmenter.training.evaluate import Model, check_scored, read_pair
from segmenter.training.pairs import find_pairs
from segmenter.training.pictures import find_folder
from segmenter.training.staged import Clip, Stage

CLIP_COLUMNS = ("model", "clip", "way", "frames", "person_iou", "boundary_f", "flicker", "lag")


@dataclass(frozen=True)
class Way:
    """How frames get their alphas."""

    smoothing: bool = True
    closely: bool = True  # as a video's, else as a camera's
    has_time: bool = False  # to look more finely at a camera's

    def alphas(self, clip: Clip, model: Model) -> Iterator[Alpha]:
        """Yield the frames' alphas, (H, W) float32 in [0, 1]."""
        options = ReplaceOptions(smoothing=self.smoothing)
        if not self.closely:
            height, width = clip.truths[0].shape
            prepare_for_camera(model.segmenter, height, width, has_time=self.has_time)
        looks = {"closely": self.closely, "has_time": self.has_time}
        with closing(alphas_of(clip.frames, model.segmenter, options, **looks)) as found:
            yield from (alpha for _, alpha in found)


WAYS = {
    "video, frame by frame": Way(smoothing=False),
    "video": Way(),
    "camera": Way(closely=False, has_time=True),
    "camera, busy machine": Way(closely=False),
}


def evaluate_clips(
    model: Model, folders: Sequence[Path], *, quiet: bool = True
) -> list[dict[str, str | int | float | None]]:
    """Score one model on clips, each in every way that a user's frames get their mattes.

    Args:
        model: the model.
        folders: each a clip, with images/ and masks/ in the order of the frames' names; or a
            training folder, with cutouts/ and backgrounds/, of which staged clips are made.
        quiet: no progress bar.

    Returns:
        A row a clip and way, as CLIP_COLUMNS: mean person IoU and boundary F of alpha and truth cut
        at one half; flicker, mean change of alpha where the truth does not change; lag in frames,
        None for a clip in which nobody appears from one frame to the next.

    Raises:
        InvalidDataset: a folder is neither, or a file in it can't be used.
    """
    clips = (clip for folder in folders for clip in clips_of(folder))
    told = progress(clips, quiet, "clip", what=model.name)
    return [score_clip(model, clip, way) for clip in told for way in WAYS]


def check_clips(folders: Sequence[Path], *, quiet: bool = True) -> None:
    """Look into every clip before hours are spent; InvalidDataset when one can't be used."""
    for folder in folders:
        if find_folder(folder, "images"):
            check_scored(find_pairs(folder), quiet=quiet)
        next(clips_of(folder))


def clips_of(folder: Path) -> Iterator[Clip]:
    """Yield the clip of a folder, or the clips staged with its cut-outs."""
    if find_folder(folder, "images"):
        yield read_clip(folder)
    elif find_folder(folder, "cutouts"):
        yield from Stage(folder).clips()
    else:
        raise InvalidDataset(
            f"{folder} is no clip; give a folder with images/ and masks/ of one clip, or one with "
            "cutouts/ and backgrounds/ to make clips of"
        )


def read_clip(folder: Path) -> Clip:
    """Read a clip of two frames or more, all of one size."""
    frames, masks = zip(*(read_pair(pair) for pair in find_pairs(folder)), strict=True)
    if len(frames) < 2 or len({mask.shape for mask in masks}) > 1:
        raise InvalidDataset(
            f"{folder} is no clip: it needs two frames or more, all of one size; for single photos "
            "give the folder as a SET"
        )
    return Clip(folder.resolve().name, list(frames), [np.float32(mask / 255) for mask in masks])


def score_clip(model: Model, clip: Clip, way: str) -> dict[str, str | int | float | None]:
    """Score one clip in one of WAYS."""
    alphas = np.stack(list(WAYS[way].alphas(clip, model)))
    truths = np.stack(clip.truths)
    masks = list(zip(alphas >= 0.5, truths >= 0.5, strict=True))
    before = None if clip.step is None else clip.step - 1
    late = None if before is None else lag(alphas[before:], truths[before:])
    return {
        "model": model.name,
        "clip": clip.name,
        "way": way,
        "frames": len(alphas),
        "person_iou": float(np.mean([iou(*pair) for pair in masks])),
        "boundary_f": float(np.mean([boundary_f(*pair) for pair in masks])),
        "flicker": round(flicker(alphas, truths), 6),
        "lag": late if late != float("inf") else None,  # JSON has no word for it
    }
