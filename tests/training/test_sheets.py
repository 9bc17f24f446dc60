import numpy as np
import pytest
from pictures import quadrants
from PIL import Image, ImageDraw

from segmenter.training.sheets import (
    HIGHEST_TILE,
    PAPER,
    SHEET_WIDTH,
    Row,
    Tile,
    draw_sheet,
    fit_tile,
    font,
    write,
)

RED, BLUE = (255, 0, 0), (0, 0, 255)


def plain(colour, height=40, width=60):
    return np.full((height, width, 3), colour, np.uint8)


def columns_of(sheet, colour):
    return np.flatnonzero((sheet == colour).all(axis=2).any(axis=0))


@pytest.mark.parametrize(("height", "width"), [(600, 800), (4000, 1000), (30, 20)])
def test_a_tile_keeps_its_aspect_within_its_room(height, width):
    tile = fit_tile(np.zeros((height, width), np.uint8), 4)
    assert tile.shape[0] <= HIGHEST_TILE and tile.shape[1] <= SHEET_WIDTH // 4
    assert tile.shape[0] / tile.shape[1] == pytest.approx(height / width, rel=0.02)


def test_four_columns_of_wide_photos_fill_the_sheet():
    tile = Tile(fit_tile(plain(RED, 600, 800), 4))
    sheet = draw_sheet("title", ["photo"] * 4, [Row("one", [tile] * 4)])
    assert SHEET_WIDTH - 8 <= sheet.shape[1] <= SHEET_WIDTH


def test_tiles_stand_in_their_columns_untouched():
    picture = quadrants(100, 200)
    rows = [Row("first", [Tile(plain(RED)), Tile(picture, "beneath")])]
    sheet = draw_sheet("title", ["left", "right"], rows)
    assert columns_of(sheet, RED)[0] == 24  # the margin
    left = 24 + 200 + 10  # the widest tile and a gap further
    top = np.flatnonzero((sheet == BLUE).all(axis=2).any(axis=1))[0] - 50
    assert (sheet[top : top + 100, left : left + 200] == picture).all()


def test_keys_show_their_colours():
    sheet = draw_sheet("title", ["photo"], [Row("", [Tile(plain(RED))])], [(BLUE, "missed")])
    assert len(columns_of(sheet, BLUE)) == 19
    assert len(columns_of(draw_sheet("title", ["photo"], [Row("", [Tile(plain(RED))])]), BLUE)) == 0


@pytest.mark.parametrize("words", ["short", "a name that needs smaller letters", "deeplabv3-" * 30])
def test_words_stay_in_their_room(words):
    canvas = Image.new("RGB", (600, 40), PAPER)
    write(ImageDraw.Draw(canvas), (10, 5), words, 20, room=280)
    inked = np.flatnonzero((np.asarray(canvas) < 255).any(axis=(0, 2)))
    assert inked[0] >= 10 and inked[-1] <= 10 + 280


def test_letters_are_there_without_installed_fonts(monkeypatch):
    monkeypatch.setattr("segmenter.training.sheets.FONTS", ("no such font.ttf",))
    assert font.__wrapped__(18).getlength("mIoU") > 18
