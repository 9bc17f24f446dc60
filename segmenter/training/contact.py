"""Contact sheets: what a user sees of each photo, and its worst edge from near, to judge by eye."""

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from segmenter.arrays import Alpha, Frame, to_uint8
from segmenter.composite import over
from segmenter.errors import InvalidDataset, UnreadableImage
from segmenter.images import IMAGE_ENDINGS, open_image, save_image
from segmenter.inference import Segmenter
from segmenter.metrics import contour
from segmenter.training.composites import Composites
from segmenter.training.evaluate import Model, PhotoSet, distinct_names, read_pair, score
from segmenter.training.marks import coloured
from segmenter.training.pairs import evenly_spaced
from segmenter.training.pictures import find_pictures
from segmenter.training.sheets import Row, Tile, draw_sheet, fit_tile, free_path
from segmenter.training.ways import GROUNDS, whole

HEADS = ("photo", "matte", *(f"on {name}" for name in GROUNDS), "zoomed edge")
TILES_WIDE = 4  # a tile is as wide as on a sheet of so many: six would be too small to judge
ROWS = 5
MOST_PHOTOS = 30  # of a set, from its first to its last
PATCH_SHARE = 0.12  # of a photo's long side, the zoomed patch's height
SMALLEST_PATCH_PX = 24
MARK = (255, 0, 200)  # around the patch, on the photo

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Picture:
    """A frame under a name, and its true mask or alpha (H, W) uint8 where known."""

    name: str
    frame: Frame
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class Album:
    """Pictures under a common name; each is opened when it is drawn."""

    name: str
    pictures: Iterator[Picture]


def find_albums(
    sets: Sequence[PhotoSet], folders: Sequence[Path] = (), composites: Composites | None = None
) -> list[Album]:
    """Choose up to `MOST_PHOTOS` pictures of each set of photos and of the composites.

    Args:
        sets: photos with masks.
        folders: of photos without masks.
        composites: None for none.

    Raises:
        InvalidDataset: a folder holds no picture.
    """
    folders = [folder.resolve() for folder in folders]
    known = [photos.name for photos in sets]
    names = distinct_names(
        [*known, *(folder.name for folder in folders)], [*known, *map(str, folders)]
    )
    albums = [album_of_set(photos) for photos in sets]
    for name, folder in zip(names[len(sets) :], folders, strict=True):
        albums.append(album_of_folder(name, folder))
    return [*albums, album_of_composites(composites)] if composites else albums


def album_of_set(photos: PhotoSet) -> Album:
    """Choose photos with masks."""
    pairs = evenly_spaced(photos.pairs, MOST_PHOTOS)
    pictures = (Picture(pair.image.name, *read_pair(pair)) for pair in pairs)
    return Album(photos.name, pictures)


def album_of_folder(name: str, folder: Path) -> Album:
    """Choose pictures without masks; InvalidDataset when there is none."""
    paths = evenly_spaced(find_pictures(folder, IMAGE_ENDINGS), MOST_PHOTOS)
    if not paths:
        raise InvalidDataset(f"{folder} holds neither images/ and masks/ nor pictures")
    return Album(name, open_pictures(paths))


def album_of_composites(composites: Composites) -> Album:
    """Choose composites."""
    chosen = evenly_spaced(range(len(composites)), MOST_PHOTOS)
    made = ((index, composites[index]) for index in chosen)
    pictures = (
        Picture(f"composite {index}", one.frame, to_uint8(one.alpha)) for index, one in made
    )
    return Album("composites", pictures)


def open_pictures(paths: Sequence[Path]) -> Iterator[Picture]:
    """Open one after the other; one that can't be opened is told and left out."""
    for path in paths:
        try:
            yield Picture(path.name, open_image(path))
        except UnreadableImage as error:
            log.warning("left out: %s", error)


def write_sheets(
    folder: Path, model: Model, album: Album, taken: Collection[Path] = ()
) -> list[Path]:
    """Draw an album's pictures, five a sheet, into `<model>-<album>-<number>.jpg`.

    Args:
        folder: where they go.
        model: cuts out.
        album: is drawn to its end, since only then is known how many of it can be opened.
        taken: sheets of other albums and models, which stay as they are.

    Returns:
        The files.

    Raises:
        InvalidDataset: a picture of a set can't be read.
        OutputFailed: a file can't be written.
    """
    paths: list[Path] = []
    rows = [draw_picture(one, model.segmenter) for one in album.pictures]
    for first in range(0, len(rows), ROWS):
        shown = rows[first : first + ROWS]
        places = f"{first + 1} to {first + len(shown)} of {len(rows)}"
        title = f"{model.name} on {album.name}: {places}"
        name = f"{model.name}-{album.name}-{len(paths) + 1:02d}.jpg"
        paths.append(free_path(folder, name, taken))
        save_image(paths[-1], draw_sheet(title, HEADS, shown))
    return paths


def draw_picture(picture: Picture, segmenter: Segmenter) -> Row:
    """Cut a picture out, and show it before each ground and from near."""
    frame, truth = picture.frame, picture.truth
    alpha, foreground = whole(frame, segmenter)
    box = find_spot(alpha, truth)
    marked = frame.copy()
    corner, opposite = (box[1].start, box[0].start), (box[1].stop, box[0].stop)
    cv2.rectangle(marked, corner, opposite, MARK, max(1, max(alpha.shape) // 250))
    before = [over(foreground, alpha, np.full_like(frame, one)) for one in GROUNDS.values()]
    zoomed = zoom(frame[box], foreground[box], alpha[box])
    pictures = (marked, coloured(to_uint8(alpha)), *before, zoomed)
    words = picture.name
    if truth is not None:
        scores = score(alpha, truth)
        words += f"    boundary F {scores['boundary_f']:.3f}, MSE {scores['mse']:.4f}"
    return Row(words, [Tile(fit_tile(one, TILES_WIDE)) for one in pictures])


def find_spot(alpha: Alpha, truth: np.ndarray | None) -> tuple[slice, slice]:
    """Return the patch where alpha is most wrong, or without a truth its outline is longest."""
    if truth is None:
        interest = contour(alpha >= 0.5).astype(np.float32)
    else:
        interest = np.abs(alpha - truth / np.float32(255))
    tall = max(SMALLEST_PATCH_PX, round(PATCH_SHARE * max(alpha.shape)))
    height, width = min(tall, alpha.shape[0]), min(round(1.5 * tall), alpha.shape[1])
    # Sums of all patches at once (Crow 1984).
    area = cv2.integral(interest)
    sums = area[height:, width:] - area[:-height, width:] - area[height:, :-width]
    top, left = np.unravel_index((sums + area[:-height, :-width]).argmax(), sums.shape)
    return slice(int(top), int(top) + height), slice(int(left), int(left) + width)


def zoom(frame: Frame, foreground: Frame, alpha: Alpha) -> Frame:
    """Stack a patch of the photo and the person before white or black.

    The one that differs more from the old background, whose remains then show.
    """
    behind = frame[alpha < 0.5]
    ground = "white" if behind.size and behind.mean() < 128 else "black"
    cut = over(foreground, np.ascontiguousarray(alpha), np.full_like(frame, GROUNDS[ground]))
    return np.concatenate([frame, cut])
