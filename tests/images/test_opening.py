"""Pictures of every kind a camera or a phone makes, and every way a file can be broken."""

import struct
import warnings
import zlib

import numpy as np
import pytest
from pictures import gradient, quadrants
from PIL import Image

from segmenter.errors import UnreadableImage
from segmenter.images import open_image, save_image
from segmenter.images.opening import LARGEST_PIXELS


def png_claiming(width, height):
    """A PNG whose header is right and whose pixels are missing."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 10)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


def refusal(path):
    with pytest.raises(UnreadableImage) as caught:
        open_image(path)
    message = str(caught.value)
    assert "\n" not in message
    assert path.name in message
    return message


# What is opened


def test_a_png_opens_as_contiguous_writable_rgb(tmp_path):
    Image.fromarray(quadrants()).save(tmp_path / "a.png")
    frame = open_image(tmp_path / "a.png")
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous
    assert frame.flags.writeable
    assert np.array_equal(frame, quadrants())


@pytest.mark.parametrize("ending", ["png", "bmp", "tiff", "gif", "webp", "avif", "jpg"])
def test_formats_keep_their_colours(tmp_path, ending):
    path = tmp_path / f"picture.{ending}"
    options = {
        "webp": {"lossless": True},
        "jpg": {"quality": 95, "subsampling": 0},
        "avif": {"quality": 95, "subsampling": "4:4:4"},
    }
    Image.fromarray(quadrants()).save(path, **options.get(ending, {}))
    error = np.abs(open_image(path).astype(int) - quadrants())
    assert error.mean() < {"jpg": 3, "avif": 3}.get(ending, 1e-9)


def test_one_pixel_opens(tmp_path):
    Image.new("RGB", (1, 1), (9, 8, 7)).save(tmp_path / "dot.png")
    assert open_image(tmp_path / "dot.png").tolist() == [[[9, 8, 7]]]


def test_fifty_megapixels_open(tmp_path):
    Image.new("1", (10_000, 5_000), 1).save(tmp_path / "large.png")
    frame = open_image(tmp_path / "large.png")
    assert frame.shape == (5_000, 10_000, 3)
    assert frame.size == 3 * LARGEST_PIXELS
    assert frame.min() == 255


def test_the_content_decides_not_the_ending(tmp_path):
    Image.fromarray(quadrants()).save(tmp_path / "really.png")
    path = (tmp_path / "really.png").rename(tmp_path / "called.jpg")
    assert np.array_equal(open_image(path), quadrants())


def test_names_outside_ascii(tmp_path):
    path = tmp_path / "Fotos von Zoë" / "写真 été.png"
    save_image(path, quadrants())
    assert np.array_equal(open_image(str(path)), quadrants())


# The EXIF standard says where the stored row 0 and column 0 belong in the upright picture.
STORED = {
    1: lambda upright: upright,  # row 0 is the top, column 0 the left side
    2: lambda upright: upright[:, ::-1],  # top, right
    3: lambda upright: upright[::-1, ::-1],  # bottom, right
    4: lambda upright: upright[::-1],  # bottom, left
    5: lambda upright: upright.swapaxes(0, 1),  # left, top
    6: lambda upright: upright.swapaxes(0, 1)[::-1],  # right, top
    7: lambda upright: upright.swapaxes(0, 1)[::-1, ::-1],  # right, bottom
    8: lambda upright: upright.swapaxes(0, 1)[:, ::-1],  # left, bottom
}


@pytest.mark.parametrize("ending", ["png", "webp", "tiff", "jpg"])
@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_is_applied(tmp_path, orientation, ending):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](quadrants())))
    path = tmp_path / f"turned.{ending}"
    options = {"webp": {"lossless": True}, "jpg": {"quality": 95, "subsampling": 0}}
    stored.save(path, exif=exif, **options.get(ending, {}))
    frame = open_image(path)
    assert frame.shape == quadrants().shape
    assert np.abs(frame.astype(int) - quadrants()).mean() < (3 if ending == "jpg" else 1e-9)


def test_a_senseless_orientation_changes_nothing(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 77
    Image.fromarray(quadrants()).save(tmp_path / "odd.png", exif=exif)
    assert np.array_equal(open_image(tmp_path / "odd.png"), quadrants())


def test_a_broken_exif_block_does_not_matter(tmp_path):
    Image.fromarray(quadrants()).save(tmp_path / "a.png", exif=b"Exif\0\0II*\0\xff\xff\xff\x00ab")
    assert np.array_equal(open_image(tmp_path / "a.png"), quadrants())


@pytest.mark.parametrize("ending", ["gif", "webp", "png"])
def test_the_first_frame_of_an_animation_is_taken_and_told(tmp_path, ending, caplog):
    first, second = (Image.new("RGB", (20, 10), colour) for colour in ("red", "blue"))
    path = tmp_path / f"moving.{ending}"
    options = {"lossless": True} if ending == "webp" else {}
    first.save(path, save_all=True, append_images=[second], duration=100, **options)
    frame = open_image(path)
    assert frame.shape == (10, 20, 3)
    assert np.unique(frame.reshape(-1, 3), axis=0).tolist() == [[255, 0, 0]]
    assert caplog.messages == [f"moving.{ending} is an animation; of it the first picture is taken"]
    first.save(path, **options)
    open_image(path)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(("kind", "ending"), [("MPO", "jpg"), ("TIFF", "tif")])
def test_further_pictures_of_a_phone_or_scanner_are_no_animation(tmp_path, kind, ending, caplog):
    first, second = (Image.new("RGB", (20, 10), colour) for colour in ("red", "blue"))
    path = tmp_path / f"two.{ending}"
    first.save(path, kind, save_all=True, append_images=[second])
    with Image.open(path) as stored:
        assert stored.n_frames == 2
    assert open_image(path)[5, 5] == pytest.approx((255, 0, 0), abs=2)
    assert caplog.messages == []


# What is refused


def test_an_empty_file(tmp_path):
    (tmp_path / "nothing.jpg").touch()
    assert "empty" in refusal(tmp_path / "nothing.jpg")


def test_text_called_jpg(tmp_path):
    (tmp_path / "notes.jpg").write_text("milk, bread\n" * 20)
    message = refusal(tmp_path / "notes.jpg")
    assert "not a picture" in message and all(kind in message for kind in ("TIFF", "BMP", "GIF"))


def test_a_film_is_not_a_picture(tmp_path):
    (tmp_path / "film.jpg").write_bytes(b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0" * 100)
    refusal(tmp_path / "film.jpg")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_jpeg_is_said_to_be_cut_off(tmp_path, progressive):
    path = tmp_path / "half.jpg"
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(path, progressive=progressive)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "cut off" in refusal(path)


@pytest.mark.parametrize("ending", ["png", "webp", "gif", "tiff", "bmp", "avif"])
def test_other_truncated_pictures_are_refused(tmp_path, ending):
    path = tmp_path / f"half.{ending}"
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "copy or download it again" in refusal(path)


@pytest.mark.parametrize(
    ("width", "height", "megapixels"),
    [(30_000, 30_000, "900.0"), (10_000, 10_000, "100.0"), (10_000, 5_001, "50.0")],
)
def test_too_many_pixels_are_refused_before_decoding(tmp_path, width, height, megapixels):
    """Decoding would find the pixels missing; and Pillow's own warning must not be seen."""
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(width, height))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        message = refusal(path)
    assert not seen
    assert f"{megapixels} megapixels" in message
    assert "the limit is 50" in message


def test_a_missing_file_and_a_folder(tmp_path):
    assert "does not exist" in refusal(tmp_path / "gone.png")
    (tmp_path / "holiday.jpg").mkdir()
    assert "is a folder" in refusal(tmp_path / "holiday.jpg")


def test_raw_files_are_refused_for_their_thumbnails(tmp_path):
    Image.new("RGB", (160, 120)).save(tmp_path / "raw.tiff")
    assert "raw file" in refusal((tmp_path / "raw.tiff").rename(tmp_path / "shot.NEF"))


def test_numbers_without_a_range_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "science.tiff")
    assert "32-bit" in refusal(tmp_path / "science.tiff")


@pytest.mark.parametrize("ending", ["png", "jpg", "gif", "webp", "bmp", "tiff", "avif"])
def test_damaged_bytes_give_a_picture_or_one_sentence(tmp_path, ending):
    """Nothing but a frame or UnreadableImage ever comes out, and no warning is seen."""
    path = tmp_path / f"whole.{ending}"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(gradient()).save(path, **({} if ending in ("gif", "bmp") else {"exif": exif}))
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(0, min(len(whole), 400), 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            frame = open_image(path)
        except UnreadableImage as error:
            assert "\n" not in str(error)
        else:
            assert frame.dtype == np.uint8
            assert frame.ndim == 3


@pytest.mark.parametrize("name", ["x" * 5000, "a\0.png"])
def test_a_name_that_no_disk_takes_is_told(name):
    with pytest.raises(UnreadableImage, match="can't read"):
        open_image(name)


@pytest.mark.parametrize(
    "start",
    [
        b"\0\0\0\x18ftypisom\0\0\2\0isomiso2",
        b"\x1aE\xdf\xa3\x9fB\x86\x81",
        b"RIFF\x10\0\1\0AVI LIST",
    ],
)
def test_a_video_without_a_videos_ending_is_told_apart_from_damage(tmp_path, start):
    (tmp_path / "holiday").write_bytes(start + bytes(200))
    assert "looks like a video; name it with an ending" in refusal(tmp_path / "holiday")
