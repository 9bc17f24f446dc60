"""Sheets of pictures to look at: rows of tiles with words, drawn without matplotlib."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from segmenter.arrays import Frame
from segmenter.targets import first_free

MARGIN, GAP = 24, 10  # pixels
SHEET_WIDTH = 1200
NARROWEST_TILE, HIGHEST_TILE = 190, 300  # many columns make the sheet wider instead
TITLE, HEAD, CAPTION, SMALLEST = 28, 20, 18, 13  # letter sizes, pixels
INK, PAPER, FRAME = (30, 30, 30), (255, 255, 255), (150, 150, 150)
# The first that is installed; Pillow's own has no letters beyond ASCII.
FONTS = ("DejaVuSans.ttf", "Arial.ttf", "arial.ttf")


@dataclass(frozen=True)
class Tile:
    """A picture (H, W, 3) uint8 RGB, and words beneath it."""

    picture: Frame
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """Tiles side by side, and words above them."""

    caption: str
    tiles: Sequence[Tile]


def free_path(folder: Path, name: str, taken: Collection[Path]) -> Path:
    """Return a path in a folder for a file called so, other than those taken.

    Names of models and sets may hold what file names can't; without it, two may become one.
    """
    return first_free(folder / re.sub(r"[^\w.-]+", "-", name), taken)


def fit_tile(picture: np.ndarray, columns: int) -> np.ndarray:
    """Scale (H, W) or (H, W, 3) to a tile of a sheet with so many columns; its aspect stays."""
    height, width = picture.shape[:2]
    widest = max(NARROWEST_TILE, (SHEET_WIDTH - 2 * MARGIN + GAP) // columns - GAP)
    scale = min(widest / width, HIGHEST_TILE / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def draw_sheet(
    title: str,
    heads: Sequence[str],
    rows: Sequence[Row],
    keys: Sequence[tuple[tuple[int, int, int], str]] = (),
) -> Frame:
    """Draw rows of tiles under the heads of their columns.

    Args:
        title: a line above all.
        heads: a word or two above each column.
        rows: each with as many tiles as there are heads; a tile is drawn at its own size.
        keys: colours (RGB) and what they mean, under the title.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    widest = max(tile.picture.shape[1] for row in rows for tile in row.tiles)
    column = max(widest, NARROWEST_TILE)
    width = 2 * MARGIN + len(heads) * (column + GAP) - GAP
    strips = [draw_top(title, heads, keys, width, column)]
    strips += [draw_row(row, width, column) for row in rows]
    return np.concatenate([*strips, np.full((MARGIN, width, 3), 255, np.uint8)])


def draw_top(title: str, heads: Sequence[str], keys: Sequence, width: int, column: int) -> Frame:
    """Draw the title, the colours' meaning and the heads."""
    key_height = CAPTION + 3 * GAP if keys else 2 * GAP
    canvas = Image.new("RGB", (width, MARGIN + TITLE + key_height + HEAD + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(canvas)
    write(draw, (MARGIN, MARGIN), title, TITLE, width - 2 * MARGIN)
    left, top = MARGIN, MARGIN + TITLE + GAP
    for colour, words in keys:
        draw.rectangle((left, top, left + CAPTION, top + CAPTION), fill=colour)
        draw.text((left + CAPTION + GAP, top), words, INK, font(CAPTION))
        left += CAPTION + 4 * GAP + round(font(CAPTION).getlength(words))
    top = canvas.height - HEAD - 2 * GAP
    for index, head in enumerate(heads):
        write(draw, (MARGIN + index * (column + GAP), top), head, HEAD, column)
    return np.asarray(canvas)


def draw_row(row: Row, width: int, column: int) -> Frame:
    """Draw a row: its caption, its tiles and theirs."""
    tallest = max(tile.picture.shape[0] for tile in row.tiles)
    top = CAPTION + GAP if row.caption else 1
    below = CAPTION + GAP if any(tile.caption for tile in row.tiles) else 0
    canvas = Image.new("RGB", (width, top + tallest + below + 2 * GAP), PAPER)
    draw = ImageDraw.Draw(canvas)
    write(draw, (MARGIN, 0), row.caption, CAPTION, width - 2 * MARGIN)
    for index, tile in enumerate(row.tiles):
        left = MARGIN + index * (column + GAP)
        tall, wide = tile.picture.shape[:2]
        canvas.paste(Image.fromarray(tile.picture), (left, top))
        # Without an outline a white mask would end nowhere.
        draw.rectangle((left - 1, top - 1, left + wide, top + tall), outline=FRAME)
        write(draw, (left, top + tall + GAP // 2), tile.caption, CAPTION, column)
    return np.asarray(canvas)


def write(draw: ImageDraw.ImageDraw, place: tuple[int, int], words: str, size: int, room: int):
    """Write words within `room` pixels: in smaller letters, or with the middle left out."""
    while font(size).getlength(words) > room and size > SMALLEST:
        size -= 1
    kept = len(words)
    shown = words
    while font(size).getlength(shown) > room and kept > 2:
        kept -= 1
        shown = f"{words[: kept // 2]}...{words[len(words) - (kept - kept // 2) :]}"
    draw.text(place, shown, INK, font(size))


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return letters of a size in pixels."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
