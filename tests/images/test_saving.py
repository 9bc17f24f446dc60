"""Pictures as they are written; OpenCV is the independent reader."""

import cv2
import numpy as np
import pytest
from pictures import gradient, quadrants
from PIL import Image

from segmenter.errors import InvalidInput, OutputFailed
from segmenter.images import open_image, save_image


def read_back(path):
    """Read with OpenCV, in RGB order."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    order = {2: slice(None), 3: [2, 1, 0], 4: [2, 1, 0, 3]}[
        pixels.shape[2] if pixels.ndim == 3 else 2
    ]
    return pixels if pixels.ndim == 2 else pixels[..., order]


def cutout():
    alpha = np.linspace(0, 255, 48 * 64).astype(np.uint8).reshape(48, 64, 1)
    return np.concatenate([gradient(), alpha], axis=2)


@pytest.mark.parametrize("ending", [".png", ".PNG", ".webp"])
def test_a_cutout_keeps_its_colours_even_where_transparent(tmp_path, ending):
    path = tmp_path / f"cut{ending}"
    save_image(path, cutout())
    assert cutout()[0, 0, 3] == 0
    assert np.array_equal(read_back(path), cutout())


@pytest.mark.parametrize("ending", [".jpg", ".jpeg", ".webp"])
def test_photos_are_saved_with_little_loss(tmp_path, ending):
    path = tmp_path / f"photo{ending}"
    save_image(path, gradient())
    assert np.abs(read_back(path).astype(int) - gradient()).mean() < 2


def test_jpeg_keeps_the_sharpness_of_colour(tmp_path):
    """Red beside blue: with halved colour the column at the edge would turn purple."""
    save_image(
        tmp_path / "edge.jpg", np.array([[[255, 0, 0]] * 9 + [[0, 0, 255]] * 7] * 16, np.uint8)
    )
    edge = open_image(tmp_path / "edge.jpg")
    assert edge[8, 8, 0] > 200 > 60 > edge[8, 8, 2]


@pytest.mark.parametrize("ending", [".png", ".webp"])
def test_a_grey_matte_is_saved_exactly(tmp_path, ending):
    matte = np.arange(256, dtype=np.uint8).reshape(16, 16)
    save_image(tmp_path / f"matte{ending}", matte)
    pixels = read_back(tmp_path / f"matte{ending}")
    assert np.array_equal(pixels if pixels.ndim == 2 else pixels[..., 0], matte)
    assert ending == ".webp" or pixels.ndim == 2


def test_a_view_that_is_not_contiguous_is_saved(tmp_path):
    save_image(tmp_path / "a.png", quadrants()[::2, ::-1])
    assert np.array_equal(read_back(tmp_path / "a.png"), quadrants()[::2, ::-1])


def test_no_metadata_is_carried_over(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "MakerOfCameras"
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(gradient()).save(tmp_path / "from.jpg", exif=exif, comment=b"a secret")
    assert b"MakerOfCameras" in (tmp_path / "from.jpg").read_bytes()
    for ending in ("png", "jpg", "webp"):
        save_image(tmp_path / f"to.{ending}", open_image(tmp_path / "from.jpg"))
        with Image.open(tmp_path / f"to.{ending}") as saved:
            assert not saved.getexif()
            assert not {"exif", "icc_profile", "comment", "xmp"} & set(saved.info)


def test_transparency_in_jpeg_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(InvalidInput, match=r"JPEG.*\.png or \.webp"):
        save_image(tmp_path / "cut.jpg", cutout())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.bmp", "a", "a.png.part"])
def test_an_unknown_ending_is_refused_and_the_known_are_listed(tmp_path, name):
    with pytest.raises(InvalidInput, match=r"\.png, \.jpg, \.jpeg, \.webp"):
        save_image(tmp_path / name, gradient())


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        [[1, 2], [3, 4]],
    ],
    ids=["float", "two channels", "no rows", "a batch", "a list"],
)
def test_arrays_that_are_no_pictures_are_refused(tmp_path, picture):
    with pytest.raises(InvalidInput, match="uint8"):
        save_image(tmp_path / "a.png", picture)
    assert not list(tmp_path.iterdir())


def test_a_side_too_long_for_webp_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"16383.*choose \.png"):
        save_image(tmp_path / "a.webp", np.zeros((2, 16_384, 3), np.uint8))


def test_a_failed_save_keeps_the_old_file_and_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "kept.png"
    save_image(path, quadrants())

    def disk_full(self, part, *_, **__):
        part.write_bytes(b"half a picture")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", disk_full)
    with pytest.raises(OutputFailed, match="No space left"):
        save_image(path, gradient())
    assert np.array_equal(read_back(path), quadrants())
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_in_the_way_is_reported(tmp_path):
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OutputFailed, match=r"taken\.png"):
        save_image(tmp_path / "taken.png", quadrants())
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken.png"]


@pytest.mark.parametrize("name", ["a\0.png", "x" * 5000 + ".png"])
def test_a_name_that_no_disk_takes_is_told(tmp_path, name):
    with pytest.raises(OutputFailed, match="can't write"):
        save_image(tmp_path / name, gradient())
