"""Sheets to look at before and after training: pairs, augmented samples, replaced backgrounds."""

from collections.abc import Mapping, Sequence

import numpy as np

from segmenter.arrays import Frame, to_uint8
from segmenter.composite import over
from segmenter.inference import Segmenter
from segmenter.pipeline import ReplaceOptions, read_background, replace_in_image
from segmenter.training.data import PersonDataset
from segmenter.training.marks import BEHIND, coloured
from segmenter.training.pairs import Pair, evenly_spaced
from segmenter.training.sheets import Row, Tile, draw_sheet, fit_tile

IGNORED = (200, 60, 200)  # where a sample goes on beyond its photo and nothing is learned


def show_pairs(pairs: Sequence[Pair], count: int = 6) -> Frame:
    """Draw up to `count` pairs, from first to last: photo, mask, and the person it marks.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        InvalidDataset: a picture can't be read.
    """
    rows = []
    for pair in evenly_spaced(pairs, count):
        image, mask = (fit_tile(picture, 3) for picture in pair.read())
        tiles = (image, coloured(mask), marked(image, mask))
        rows.append(Row(pair.image.name, [Tile(tile) for tile in tiles]))
    return draw_sheet(f"{len(rows)} of {len(pairs)} pairs", ("photo", "mask", "marked"), rows)


def show_samples(dataset: PersonDataset, count: int = 8, columns: int = 4) -> Frame:
    """Draw the first samples a network would learn from, augmented, each above what it marks.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    rows = []
    for start in range(0, count, columns):
        above, below = [], []
        for index in range(start, min(count, start + columns)):
            image, mask, counts = dataset[index]
            picture = image.permute(1, 2, 0).numpy()
            answer = marked(picture, mask[0].numpy())
            answer[counts[0].numpy() == 0] = IGNORED
            above.append(Tile(fit_tile(picture, columns)))
            below.append(Tile(fit_tile(answer, columns)))
        rows += [Row("", above), Row("", below)]
    heads = [""] * columns
    keys = [(BEHIND, "background"), (IGNORED, "beyond the photo: not learned from")]
    return draw_sheet(f"{count} training samples and what they mark", heads, rows, keys)


def show_choices(
    frame: Frame,
    segmenter: Segmenter,
    backgrounds: Mapping[str, str],
    choices: Mapping[str, ReplaceOptions],
) -> Frame:
    """Draw one photo before several backgrounds, a row for each choice of options.

    Args:
        frame: (H, W, 3) uint8 RGB.
        segmenter: finds the people.
        backgrounds: what `read_background` takes, by the name to show.
        choices: options, by the name to show.

    Returns:
        (H, W, 3) uint8 RGB; a cut-out lies on its neutral colour.
    """
    rows = []
    for words, options in choices.items():
        tiles = []
        for text in backgrounds.values():
            found = replace_in_image(
                frame, read_background(text), segmenter=segmenter, options=options
            )
            picture = found.picture
            if picture.shape[2] == 4:
                picture = marked(picture[..., :3], to_uint8(found.alpha))
            tiles.append(Tile(fit_tile(picture, len(backgrounds))))
        rows.append(Row(words, tiles))
    return draw_sheet("The background replaced", list(backgrounds), rows)


def marked(image: Frame, mask: np.ndarray) -> Frame:
    """Show the people of a picture, (H, W, 3), where its mask, (H, W) uint8, is bright."""
    return over(image, mask / np.float32(255), np.full_like(image, BEHIND))
