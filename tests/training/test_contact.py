import cv2
import numpy as np
import pytest
from photo_sets import NETWORK, NamedSegmenter, put_pair
from PIL import Image
from scenes import person

from segmenter.errors import InvalidDataset
from segmenter.images import open_image
from segmenter.training.composites import Composites
from segmenter.training.contact import (
    GROUNDS,
    HEADS,
    Picture,
    draw_picture,
    find_albums,
    find_spot,
    write_sheets,
    zoom,
)
from segmenter.training.evaluate import Model, find_sets


def centre(spot) -> tuple[float, float]:
    return tuple((one.start + one.stop) / 2 for one in spot)


def test_the_spot_is_where_alpha_is_most_wrong():
    truth = np.zeros((200, 300), np.uint8)
    truth[50:150, 50:250] = 255
    alpha = truth.astype(np.float32) / 255
    alpha[52:58, 200:206] = 0
    alpha[100, 50:60] = 0  # a smaller mistake
    spot = find_spot(alpha, truth)
    assert spot[0].start <= 52 and spot[0].stop >= 58
    assert spot[1].start <= 200 and spot[1].stop >= 206
    assert (spot[0].stop - spot[0].start, spot[1].stop - spot[1].start) == (36, 54)


def test_without_a_truth_the_spot_is_where_the_outline_is_busiest():
    alpha = np.zeros((200, 300), np.float32)
    alpha[50:150, 50:250] = 1
    alpha[50:70:2, 210:250] = 0  # locks of hair
    y, x = centre(find_spot(alpha, None))
    assert 40 < y < 80 and 200 < x < 260


@pytest.mark.parametrize("shape", [(10, 12), (24, 200), (300, 8)])
def test_a_small_picture_is_its_own_spot(shape):
    spot = find_spot(np.zeros(shape, np.float32), None)
    assert 0 <= spot[0].start < spot[0].stop <= shape[0]
    assert 0 <= spot[1].start < spot[1].stop <= shape[1]


@pytest.mark.parametrize(("room", "ground"), [(20, 255), (230, 0)])
def test_the_zoomed_person_stands_before_what_the_room_was_not(room, ground):
    frame = np.full((10, 20, 3), room, np.uint8)
    alpha = np.zeros((10, 20), np.float32)
    picture = zoom(frame, frame, alpha)
    assert (picture[:10] == room).all() and (picture[10:] == ground).all()


def test_a_row_shows_the_person_before_each_ground():
    frame = person()
    truth = (frame[..., 0] == 200).astype(np.uint8) * 255
    row = draw_picture(Picture("a.png", frame, truth), NamedSegmenter())
    assert len(row.tiles) == len(HEADS) == 6
    assert row.caption.startswith("a.png") and "boundary F 1.000" in row.caption
    for tile, colour in zip(row.tiles[2:5], GROUNDS.values(), strict=True):
        assert (tile.picture[:20, :20] == colour).all()
        assert tuple(tile.picture[tile.picture.shape[0] // 2, tile.picture.shape[1] // 2]) == (
            200,
            40,
            40,
        )
    assert draw_picture(Picture("b", frame), NamedSegmenter()).caption == "b"


def test_five_photos_a_sheet(tmp_path):
    folder = tmp_path / "set"
    for index in range(6):
        put_pair(folder, f"{index}")
    (photos,) = find_sets([folder])
    model = Model("red", NamedSegmenter(), NETWORK)
    paths = write_sheets(tmp_path / "out", model, find_albums([photos])[0])
    assert [path.name for path in paths] == ["red-set-01.jpg", "red-set-02.jpg"]
    assert open_image(paths[0]).shape[0] > 3 * open_image(paths[1]).shape[0]


def test_pictures_without_masks_are_drawn_and_bad_ones_named(tmp_path, caplog):
    folder = tmp_path / "photos"
    folder.mkdir()
    with pytest.raises(InvalidDataset, match="nor pictures"):
        find_albums([], [folder])
    Image.fromarray(person()).save(folder / "a.gif")
    model = Model("red", NamedSegmenter(), NETWORK)
    assert len(write_sheets(tmp_path / "out", model, *find_albums([], [folder]))) == 1
    (folder / "b.jpg").write_bytes(b"no picture")
    assert len(write_sheets(tmp_path / "out", model, *find_albums([], [folder]))) == 1
    assert len(caplog.messages) == 1 and "left out: b.jpg is not a picture" in caplog.text


def test_albums_of_one_name_are_told_apart_and_composites_come_last(tmp_path, data):
    (photos,) = find_sets([put_pair(tmp_path / "a" / "val")])
    folder = tmp_path / "b" / "val"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "a.png"), person())
    albums = find_albums([photos], [folder], Composites(data, count=2))
    assert [album.name for album in albums] == ["val", str(folder), "composites"]
    first, _ = albums[-1].pictures
    assert first.name == "composite 0" and first.truth.max() == 255


def test_a_sheet_counts_only_what_is_on_it(tmp_path, monkeypatch):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in "abcdef":
        cv2.imwrite(str(folder / f"{name}.png"), person()[..., ::-1])
    (folder / "b.png").write_bytes(b"no picture")
    titles = []
    monkeypatch.setattr(
        "segmenter.training.contact.draw_sheet",
        lambda title, *_: titles.append(title) or person(),
    )
    model = Model("red", NamedSegmenter(), NETWORK)
    write_sheets(tmp_path / "out", model, *find_albums([], [folder]))
    assert titles == ["red on photos: 1 to 5 of 5"]


def test_sheets_of_names_that_differ_in_signs_alone_are_all_kept(tmp_path):
    sets = find_sets([put_pair(tmp_path / name) for name in ("my set", "my-set")])
    model, paths = Model("red", NamedSegmenter(), NETWORK), []
    for album in find_albums(sets):
        paths += write_sheets(tmp_path / "out", model, album, paths)
    assert [path.name for path in paths] == ["red-my-set-01.jpg", "red-my-set-01-2.jpg"]
