"""Photos as iPhones store them; made by another library than the product's, which can't write."""

import os

import numpy as np
import pillow_heif
import pytest
from pictures import quadrants
from PIL import Image
from test_srgb import linear_profile

from segmenter.errors import MissingExtra, UnreadableImage
from segmenter.images import heif, open_image
from segmenter.images.opening import ORIENTATION_TAG


@pytest.fixture
def phone_photo(tmp_path):
    """Return a function that saves a photo and returns its path."""

    def save(picture, name="phone.heic", **details):
        encoded = pillow_heif.from_pillow(Image.fromarray(picture))
        encoded.info.update(details)
        encoded.save(tmp_path / name, quality=95)
        return tmp_path / name

    return save


def refusal(path):
    with pytest.raises(UnreadableImage) as caught:
        open_image(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_opens_even_under_the_name_of_a_jpeg(phone_photo):
    frame = open_image(phone_photo(quadrants(64, 96), "phone.jpg"))
    assert frame.flags.writeable
    assert np.abs(frame.astype(int) - quadrants(64, 96)).mean() < 4


def test_it_is_turned_upright_once(phone_photo):
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6  # to be turned a quarter clockwise
    path = phone_photo(quadrants(64, 96), exif=exif.tobytes())
    assert b"irot" in path.read_bytes()  # and the picture itself says so too
    assert np.abs(open_image(path).astype(int) - np.rot90(quadrants(64, 96), -1)).mean() < 4


def test_its_colour_profile_counts(phone_photo):
    grey = np.full((64, 64, 3), 128, np.uint8)
    frame = open_image(phone_photo(grey, icc_profile=linear_profile(b"RGB ")))
    assert np.abs(frame.astype(int) - 188).max() <= 2  # half the light is 188 in sRGB


def test_transparent_parts_are_over_white(phone_photo):
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[:32, :, 3] = 255
    frame = open_image(phone_photo(picture)).astype(int)
    assert frame[:28].mean() < 4
    assert frame[36:].mean() > 251


@pytest.mark.parametrize("kept", [40, 300, -200])
def test_one_that_is_cut_short(phone_photo, kept):
    path = phone_photo(quadrants(64, 96))
    path.write_bytes(path.read_bytes()[:kept])
    assert "copy or download it again" in refusal(path)


def test_one_with_too_many_pixels_is_not_decoded(phone_photo):
    path = phone_photo(quadrants(64, 96))
    with pytest.raises(heif.TooManyPixels, match=r"^96x64$"):
        heif.as_tiff(path, 64 * 96 - 1)
    assert heif.as_tiff(path, 64 * 96).getvalue()[:2] in (b"II", b"MM")


def test_too_many_pixels_are_told(phone_photo, monkeypatch):
    monkeypatch.setattr("segmenter.images.opening.LARGEST_PIXELS", 64 * 96 - 1)
    assert "(96x64); the limit is" in refusal(phone_photo(quadrants(64, 96)))


def test_colours_that_are_multiplied_by_the_alpha(tmp_path):
    content = np.full((64, 64, 4), (60, 30, 0, 128), np.uint8)
    pillow_heif.from_bytes("RGBa", (64, 64), content.tobytes()).save(tmp_path / "a.heic")
    frame = open_image(tmp_path / "a.heic").astype(int)
    assert abs(frame - (187, 157, 127)).max() < 8  # over white


def test_without_the_decoder_it_is_told_what_to_install(phone_photo, monkeypatch):
    monkeypatch.setattr("segmenter.images.kinds.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install pi-heif"):
        open_image(phone_photo(quadrants(64, 96)))


def test_nothing_in_the_present_folder_is_run(phone_photo, tmp_path, monkeypatch):
    path = phone_photo(quadrants(64, 96))
    monkeypatch.chdir(tmp_path)
    for name in ("PIL.py", "random.py", "segmenter.py"):
        (tmp_path / name).write_text("raise SystemExit('run')")
    assert open_image(path).shape == (64, 96, 3)


@pytest.fixture
def fake_decoder(tmp_path, monkeypatch):
    """Return a function that puts a decoder that does as told in the place of the real one."""

    def put(does):
        (tmp_path / "pi_heif.py").write_text(f"import os, time\n{does}\n")
        monkeypatch.setenv(
            "PYTHONPATH", str(tmp_path) + os.pathsep + os.environ.get("PYTHONPATH", "")
        )

    return put


def test_a_decoder_that_dies_of_a_file_takes_nobody_with_it(phone_photo, fake_decoder):
    fake_decoder("os.abort()")
    assert "is damaged" in refusal(phone_photo(quadrants(64, 96)))


def test_a_decoder_that_never_ends_is_ended(phone_photo, fake_decoder, monkeypatch):
    fake_decoder("time.sleep(60)")
    monkeypatch.setattr(heif, "LONGEST_S", 1)
    assert "longer than 1 s" in refusal(phone_photo(quadrants(64, 96)))
