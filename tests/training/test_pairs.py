import os
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from segmenter.errors import InvalidDataset, InvalidInput
from segmenter.training.evaluate import check_scored, find_sets
from segmenter.training.pairs import Pair, check_pairs, evenly_spaced, find_pairs, split
from segmenter.training.pictures import find_pictures, read_grey, read_image

SIDEWAYS = 6  # EXIF: a viewer turns the stored rows and columns by a quarter
SIDEWAYS_TIFF = Image.Exif()
SIDEWAYS_TIFF[0x0112] = SIDEWAYS


def draw_pair(source, stem: str, images="images", masks="masks", ending=".png"):
    """Write a noisy photo and a mask whose lower half is a person, 40 wide and 30 high."""
    for folder in (images, masks):
        (source / folder).mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(stem)).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    mask = np.zeros((30, 40), np.uint8)
    mask[15:] = 255
    cv2.imwrite(str(source / images / f"{stem}.jpg"), noise)
    cv2.imwrite(str(source / masks / f"{stem}{ending}"), mask)
    return source


@pytest.fixture
def source(tmp_path):
    """Three pairs: a, b and c."""
    for stem in "abc":
        draw_pair(tmp_path, stem)
    return tmp_path


def test_a_good_source_passes(source):
    pairs = find_pairs(source)
    assert [pair.image.name for pair in pairs] == ["a.jpg", "b.jpg", "c.jpg"]
    check_pairs(pairs, backgrounds=find_pictures(source / "images"))
    image, mask = pairs[0].read()
    assert image.shape == (30, 40, 3) and mask.shape == (30, 40)


@pytest.mark.parametrize(("images", "masks"), [("Images", "Masks"), ("IMAGES", "masks")])
def test_folders_and_names_are_found_in_any_case(tmp_path, images, masks):
    draw_pair(tmp_path, "Anna", images, masks)
    (tmp_path / masks / "Anna.png").rename(tmp_path / masks / "ANNA.PNG")
    assert find_pairs(tmp_path) == [
        Pair(tmp_path / images / "Anna.jpg", tmp_path / masks / "ANNA.PNG")
    ]


@pytest.mark.parametrize("ending", [".bmp", ".tif", ".webp", ".jpg"])
def test_a_mask_may_have_any_ending(tmp_path, ending):
    pairs = find_pairs(draw_pair(tmp_path, "a", ending=ending))
    check_pairs(pairs)
    assert pairs[0].read()[1][-1, 20] == 255


def test_a_mask_without_photo_and_hidden_files_are_left_alone(source):
    (source / "images" / "b.jpg").unlink()
    (source / "images" / "._a.jpg").write_bytes(b"what a Mac leaves on a memory stick")
    check_pairs(pairs := find_pairs(source))
    assert len(pairs) == 2


def refusal_of(source) -> str:
    """Return what finding and checking say."""
    with pytest.raises(InvalidDataset) as refusal:
        check_pairs(find_pairs(source))
    return str(refusal.value)


def write_mask(source, mask) -> str:
    path = source / "masks" / "b.png"
    cv2.imwrite(str(path), mask)
    return str(path)


def test_a_missing_mask_is_named(source):
    (source / "masks" / "b.png").unlink()
    assert refusal_of(source) == (
        f"{source / 'images' / 'b.jpg'} has no mask; "
        f"add {source / 'masks' / 'b.png'} or remove the photo"
    )


def test_two_photos_of_one_stem_are_named(source):
    (source / "images" / "B.png").write_bytes((source / "images" / "b.jpg").read_bytes())
    assert f"{source / 'images' / 'B.png'} and b.jpg share a stem; rename one" in refusal_of(source)


def test_two_masks_of_one_photo_are_named(source):
    cv2.imwrite(str(source / "masks" / "b.bmp"), np.zeros((30, 40), np.uint8))
    assert f"{source / 'masks' / 'b.bmp'} and b.png belong to one photo" in refusal_of(source)


def test_a_mask_of_another_size_is_named(source):
    path = write_mask(source, np.full((10, 20), 255, np.uint8))
    photo = source / "images" / "b.jpg"
    expected = f"{path} is 20x10 but its photo {photo} is 40x30; make both the same size"
    assert refusal_of(source) == expected
    with pytest.raises(InvalidDataset, match="20x10"):
        find_pairs(source)[1].read()


def test_an_empty_folder_is_named(source):
    for photo in find_pictures(source / "images"):
        photo.unlink()
    assert f"{source / 'images'} holds no pictures; put photos there" in refusal_of(source)


@pytest.mark.parametrize("missing", ["images", "masks"])
def test_a_missing_folder_is_named(source, missing):
    (source / missing).rename(source / "other")
    assert f"{source} has no folder {missing}; put photos into {source}" in refusal_of(source)


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    assert f"can't list {tmp_path / 'no'}: No such file" in refusal_of(tmp_path / "no")


def test_folders_that_differ_in_case_only_are_refused(source):
    try:
        (source / "Images").mkdir()
    except FileExistsError:
        pytest.skip("this disk takes both names for one")
    assert f"{source} holds Images and images; move the files into one" in refusal_of(source)


@pytest.mark.parametrize("content", [b"", b"not a picture"])
def test_a_photo_that_is_no_picture_is_named(source, content):
    path = source / "images" / "b.jpg"
    path.write_bytes(content)
    assert refusal_of(source) == f"{path} is no picture; remove it or save it again"
    with pytest.raises(InvalidDataset, match=r"b\.jpg can't be read"):
        find_pairs(source)[1].read()


@pytest.mark.parametrize("name", ["images/b.jpg", "masks/b.png"])
def test_a_cut_off_file_is_named(source, name):
    path = source / name
    path.write_bytes(path.read_bytes()[:-30])
    assert f"{path} is damaged" in refusal_of(source)


def test_a_damaged_background_is_named(source):
    path = source / "room.jpg"
    path.write_bytes(b"not a picture")
    with pytest.raises(InvalidDataset, match=r"room\.jpg is no picture"):
        check_pairs(find_pairs(source), [path])


@pytest.mark.parametrize(
    ("low", "high", "complaint"),
    [
        (0, 0, "marks nobody; draw the person, or move the photo into backgrounds"),
        (255, 255, "marks the whole photo as person; export its background as 0"),
        (200, 255, "marks the whole photo as person"),
        (0, 1, "holds only values up to 1; multiply by 255"),
        (1, 1, "holds only values up to 1; multiply by 255"),
        (0, 38, "marks nobody: its brightest value is 38"),
        (0, 200, "marks people with 200; export them as 255"),
    ],
)
def test_senseless_masks_are_named(source, low, high, complaint):
    mask = np.full((30, 40), low, np.uint8)
    mask[15:] = high
    path = write_mask(source, mask)
    assert f"{path} {complaint}" in refusal_of(source)


def test_a_mask_of_16_bits_is_judged_and_read_by_its_upper_8(source):
    mask = np.zeros((30, 40), np.uint16)
    mask[15:] = 65535
    write_mask(source, mask)
    check_pairs(pairs := find_pairs(source))
    assert set(np.unique(pairs[1].read()[1])) == {0, 255}


def test_colours_of_16_bits_that_hold_8_are_named(source):
    path = write_mask(source, person_of([255] * 3).astype(np.uint16))
    assert f"{path} has 16 bits but only values up to 255" in refusal_of(source)
    with pytest.raises(InvalidDataset, match="has 16 bits"):
        check_scored(find_pairs(source))


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_names_that_are_no_text(tmp_path):
    """OpenCV's own reader ends the process there."""
    name = os.fsdecode(b"mine\xff")
    folder = tmp_path / name
    mask = person_of([255])
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
        Image.fromarray(mask[..., 0]).save(folder / kind / f"{name}.png")
    check_pairs(pairs := find_pairs(folder))
    assert pairs[0].read()[1].max() == 255
    (found,) = find_sets([folder])
    assert found.name.encode("utf-8") == b"mine\\udcff"


def test_a_soft_mask_may_stop_short_of_255(source):
    """As of hair or a veil; that this is no person at 200 nobody can tell."""
    write_mask(source, np.tile(np.linspace(0, 200, 40).astype(np.uint8), (30, 1)))
    check_pairs(find_pairs(source))


def person_of(value) -> np.ndarray:
    """A mask (30, 40, channels) that is `value` in its lower half and black above."""
    mask = np.zeros((30, 40, len(value)), np.uint8)
    mask[15:] = value
    return mask


def palette(colour) -> Image.Image:
    picture = Image.fromarray(person_of([1])[..., 0], "P")
    picture.putpalette([0, 0, 0, *colour])
    return picture


HIDDEN = {
    "16 bits": (
        Image.fromarray(person_of([255])[..., 0].astype(np.uint16)),
        "has 16 bits but only values up to 255; save it with 8 bits",
    ),
    "alpha": (
        Image.fromarray(np.insert(person_of([255]), 0, 255, axis=2).repeat([3, 1], axis=2)),
        "is transparent in parts",
    ),
    "colour": (Image.fromarray(person_of([255, 0, 0])), "has colours; save it in grey"),
    "palette": (palette((192, 128, 128)), "has colours; save it in grey"),
}


@pytest.mark.parametrize(("mask", "complaint"), HIDDEN.values(), ids=HIDDEN)
def test_a_mask_that_says_more_than_its_grey_is_named(source, mask, complaint):
    path = source / "masks" / "b.png"
    mask.save(path)
    assert f"{path} {complaint}" in refusal_of(source)
    with pytest.raises(InvalidDataset, match=complaint):
        check_scored(find_pairs(source))


@pytest.mark.parametrize("mode", ["1", "RGB", "RGBA", "LA", "P"])
def test_a_mask_may_be_stored_otherwise_than_as_8_bit_grey(source, mode):
    Image.fromarray(person_of([255])[..., 0]).convert(mode).save(source / "masks" / "b.png")
    check_pairs(pairs := find_pairs(source))
    assert set(np.unique(pairs[1].read_mask())) == {0, 255}


@pytest.mark.parametrize("mode", ["L", "P", "LA"])
def test_a_mask_may_be_transparent_where_it_is_black(source, mode):
    mask = Image.fromarray(person_of([255])[..., 0])
    if mode == "LA":
        mask = Image.merge("LA", (mask, mask))
    hidden = {} if mode == "LA" else {"transparency": 0}
    mask.convert(mode).save(source / "masks" / "b.png", **hidden)
    check_pairs(pairs := find_pairs(source))
    assert set(np.unique(pairs[1].read_mask())) == {0, 255}


@pytest.mark.parametrize("how", [{"compression": "zstd"}, {"exif": SIDEWAYS_TIFF}, "float"])
def test_a_tiff_that_only_pillow_can_read_is_named(source, how):
    (source / "images" / "b.jpg").unlink()
    path = source / "images" / "b.tif"
    if how == "float":
        Image.fromarray(np.zeros((30, 40), np.float32)).save(path)
    else:
        Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(path, **how)
    if cv2.imread(str(path)) is not None:
        pytest.skip("this OpenCV reads it")
    assert refusal_of(source) == f"{path} is of a kind of TIFF that can't be used; save it as PNG"


def test_photos_in_formats_that_can_not_be_used_are_named_once(source, caplog):
    for name in ("d.heic", "e.AVIF", "notes.txt", "._f.heic"):
        (source / "images" / name).write_bytes(b"")
    assert len(find_pairs(source)) == 3
    assert caplog.messages == [
        f"left out of {source / 'images'}: 2 photos such as d.heic, whose format can't be used; "
        "save them as JPEG"
    ]


def test_a_jpeg_by_its_other_ending_is_a_photo(source):
    (source / "images" / "b.jpg").rename(source / "images" / "b.jfif")
    check_pairs(pairs := find_pairs(source))
    assert pairs[1].image.name == "b.jfif" and pairs[1].read()[0].shape == (30, 40, 3)


def test_a_photo_on_its_side_is_judged_upright(source):
    """The file stores 30x40; its EXIF says that a viewer shows 40x30, which the mask has."""
    stored = Image.fromarray(np.zeros((40, 30, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = SIDEWAYS
    stored.save(source / "images" / "b.jpg", exif=exif)
    check_pairs(pairs := find_pairs(source))
    assert pairs[1].read()[0].shape == (30, 40, 3)


def test_all_faults_are_listed_up_to_ten(tmp_path):
    for number in range(13):
        draw_pair(tmp_path, f"{number:02}")
        cv2.imwrite(str(tmp_path / "masks" / f"{number:02}.png"), np.zeros((30, 40), np.uint8))
    lines = refusal_of(tmp_path).split("\n  ")
    assert lines[0] == "13 faults in 13 photos and backgrounds:"
    assert [line.split()[0] for line in lines[1:11]] == [
        str(tmp_path / "masks" / f"{number:02}.png") for number in range(10)
    ]
    assert lines[11:] == ["and 3 more"]


@pytest.fixture
def many(tmp_path):
    return [Pair(tmp_path / f"{number}.jpg", tmp_path / f"{number}.png") for number in range(500)]


def test_a_split_is_disjoint_complete_and_about_the_share(many):
    train, validation = split(many, 0.2, seed=1)
    assert sorted([*train, *validation], key=many.index) == many
    assert not set(train) & set(validation)
    assert 70 < len(validation) < 130


def test_a_split_depends_on_names_and_seed_alone(many):
    _, validation = split(many, 0.2, seed=1)
    assert set(split(many[::-1], 0.2, seed=1)[1]) == set(validation)
    assert set(split(many, 0.2, seed=2)[1]) != set(validation)


def test_added_photos_leave_the_others_where_they_are(many):
    _, before = split(many[:300], 0.2, seed=1)
    _, after = split(many, 0.2, seed=1)
    assert set(before) == set(after) & set(many[:300])


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_each_part_of_two_gets_one(many, share):
    for start in range(0, 40, 2):
        train, validation = split(many[start : start + 2], share, seed=1)
        assert len(train) == len(validation) == 1


def test_nothing_is_held_out_of_one_pair_or_for_a_share_of_0(many):
    assert split(many[:1], 0.5, seed=1) == (many[:1], [])
    assert split(many, 0.0, seed=1) == (many, [])


@pytest.mark.parametrize("share", [-0.1, 1.0, 20])
def test_a_senseless_share_is_refused(many, share):
    with pytest.raises(InvalidInput, match="validation share"):
        split(many, share, seed=1)


def test_of_many_the_first_the_last_and_some_between():
    chosen = evenly_spaced(range(1000), 30)
    assert len(chosen) == 30 and chosen[0] == 0 and chosen[-1] == 999
    assert evenly_spaced([7], 30) == [7] and evenly_spaced([], 30) == []


@pytest.mark.skipif(sys.platform != "linux", reason="such names are text elsewhere, or refused")
def test_whatever_its_name_a_picture_is_read_by_an_opencv_4_too(tmp_path, monkeypatch):
    """Before its release 5 OpenCV takes names that are text, alone; both are allowed."""
    read = cv2.imread

    def read_as_4_does(filename, *flags):
        assert isinstance(filename, str), "Can't convert object to 'str' for 'filename'"
        assert filename.encode()
        return read(filename, *flags)

    monkeypatch.setattr(cv2, "imread", read_as_4_does)
    draw_pair(tmp_path, "plain")
    for ending, read_it in (("images/plain.jpg", read_image), ("masks/plain.png", read_grey)):
        plain = tmp_path / ending
        expected = read_it(plain)
        assert expected.shape[:2] == (30, 40) and expected.any()
        odd = plain.with_name(os.fsdecode(b"caf\xe9") + plain.suffix)
        plain.rename(odd)
        np.testing.assert_array_equal(read_it(odd), expected)
        odd.write_bytes(b"")
        for unreadable in (plain, odd, tmp_path):
            with pytest.raises(InvalidDataset):
                read_it(unreadable)
