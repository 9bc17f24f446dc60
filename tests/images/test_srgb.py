"""Depths, inks, transparency and colour profiles, all as 8-bit sRGB."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from pictures import gradient
from PIL import Image

from segmenter.images import open_image


def test_grey_of_sixteen_bits_is_scaled_not_clipped(tmp_path):
    values = np.linspace(0, 65_535, 64 * 64).astype(np.uint16).reshape(64, 64)
    cv2.imwrite(str(tmp_path / "deep.png"), values)
    frame = open_image(tmp_path / "deep.png")
    expected = np.rint(values / 65_535 * 255)
    assert np.abs(frame - expected[..., None]).max() < 1
    assert (frame[0, 0, 0], frame[-1, -1, 0]) == (0, 255)


@pytest.mark.parametrize("ending", ["png", "tiff"])
def test_colour_of_sixteen_bits_is_scaled(tmp_path, ending):
    values = gradient().astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / f"deep.{ending}"), values[..., ::-1])
    error = np.abs(open_image(tmp_path / f"deep.{ending}").astype(int) - gradient())
    assert error.max() <= 1


def test_cmyk_jpeg_as_adobe_writes_it(tmp_path):
    """Adobe stores ink inverted and says so in a marker; OpenCV is the independent reader."""
    path = tmp_path / "print.jpg"
    cyan_yellow_half_black = np.zeros((32, 32, 4), np.uint8)
    cyan_yellow_half_black[:, :16, 0] = 255
    cyan_yellow_half_black[:, 16:, 2] = 200
    cyan_yellow_half_black[16:, :, 3] = 100
    Image.fromarray(cyan_yellow_half_black, "CMYK").save(path, quality=95)
    assert b"Adobe" in path.read_bytes()[:32]
    frame = open_image(path)
    assert np.abs(frame.astype(int) - cv2.imread(str(path))[..., ::-1]).max() <= 4
    assert np.abs(frame[4, 4].astype(int) - (0, 255, 255)).max() <= 4


def test_cmyk_jpeg_without_the_adobe_marker(tmp_path):
    """By convention unmarked ink is inverted too; OpenCV and ffmpeg read it so."""
    path = tmp_path / "print.jpg"
    Image.new("CMYK", (16, 16), (255, 0, 0, 40)).save(path, quality=95)
    data = path.read_bytes()
    start = data.index(b"\xff\xee")
    path.write_bytes(data[:start] + data[start + 16 :])
    assert b"Adobe" not in path.read_bytes()
    assert np.abs(open_image(path).astype(int) - cv2.imread(str(path))[..., ::-1]).max() <= 4


def test_rgba_is_shown_over_white(tmp_path):
    pixels = np.array([[[200, 0, 0, 255], [0, 0, 0, 0], [0, 0, 0, 128]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "cut.png")
    opaque, clear, half = open_image(tmp_path / "cut.png")[0].tolist()
    assert opaque == [200, 0, 0]
    assert clear == [255, 255, 255]
    assert half == [127, 127, 127]  # 255 x (1 - 128/255)


def test_grey_with_alpha_is_shown_over_white(tmp_path):
    Image.fromarray(np.array([[[80, 255], [80, 0]]], np.uint8), "LA").save(tmp_path / "a.png")
    assert open_image(tmp_path / "a.png")[0].tolist() == [[80] * 3, [255] * 3]


@pytest.mark.parametrize("transparency", [1, b"\xff\x00\xff"], ids=["one index", "an alpha each"])
def test_palette_with_transparency_is_shown_over_white(tmp_path, transparency):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "P")
    image.putpalette([10, 20, 30, 0, 0, 0, 40, 50, 60])
    image.save(tmp_path / "p.png", transparency=transparency)
    assert open_image(tmp_path / "p.png")[0].tolist() == [
        [10, 20, 30],
        [255, 255, 255],
        [40, 50, 60],
    ]


def test_a_transparent_colour_is_shown_over_white(tmp_path):
    pixels = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "key.png", transparency=(1, 2, 3))
    assert open_image(tmp_path / "key.png")[0].tolist() == [[255] * 3, [4, 5, 6]]


def linear_profile(space):
    """A minimal profile by the ICC.1 layout: sRGB's primaries, or grey, with a linear curve."""

    def xyz(*values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65_536) for value in values))

    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)  # no entries: the identity
    name = b"linear\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * 78
    tags = {
        b"desc": description,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": xyz(0.9642, 1, 0.8249),
    }
    if space == b"RGB ":
        tags |= {b"rXYZ": xyz(0.4361, 0.2225, 0.0139), b"gXYZ": xyz(0.3851, 0.7169, 0.0971)}
        tags |= {b"bXYZ": xyz(0.1431, 0.0606, 0.7141)}
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    else:
        tags |= {b"kTRC": curve}
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += tag + struct.pack(">II", start + len(body), len(data))
        body += data
    header = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"none", 0x02100000, b"mntr", space, b"XYZ "
    )
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += struct.pack(">3i", 63_190, 65_536, 54_061)
    return header.ljust(128, b"\0") + table + body


def srgb_of_linear(light):
    """IEC 61966-2-1."""
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA"])
def test_another_colour_profile_is_converted_to_srgb(tmp_path, mode):
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.fromarray(ramp).convert(mode)
    profile = linear_profile(b"RGB " if mode.startswith("RGB") else b"GRAY")
    image.save(tmp_path / "linear.png", icc_profile=profile)
    expected = srgb_of_linear(ramp / 255)
    frame = open_image(tmp_path / "linear.png")
    assert np.abs(frame.astype(float) - expected[..., None]).max() <= 2
    assert abs(int(frame[8, 0, 0]) - 188) <= 1  # half the light is 188 in sRGB


@pytest.mark.parametrize("profile", [b"nonsense", linear_profile(b"GRAY")], ids=["broken", "grey"])
def test_a_profile_that_does_not_fit_counts_as_none(tmp_path, profile):
    Image.fromarray(gradient()).save(tmp_path / "a.png", icc_profile=profile)
    assert np.array_equal(open_image(tmp_path / "a.png"), gradient())


def png(depth, kind, row, key):
    """Return a PNG of one row, as its standard has it, in which one colour is transparent."""
    header = struct.pack(
        ">IIBBBBB", len(row) * 8 // (depth * (3 if kind else 1)), 1, depth, kind, 0, 0, 0
    )
    data = b"\x89PNG\r\n\x1a\n"
    parts = {b"IHDR": header, b"tRNS": key, b"IDAT": zlib.compress(b"\0" + row), b"IEND": b""}
    for name, part in parts.items():
        data += (
            struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
        )
    return data


@pytest.mark.parametrize(
    ("depth", "row", "key", "greys"),
    [
        (2, b"\x1b", 2, [0, 85, 255, 255]),  # 0, 1, 2, 3
        (4, b"\x05\xa8", 5, [0, 255, 170, 136]),
        (8, b"\x05\x55", 5, [255, 85]),
        (16, struct.pack(">3H", 0, 1000, 60_000), 1000, [0, 255, 233]),
    ],
)
def test_one_transparent_grey_is_shown_over_white(tmp_path, depth, row, key, greys):
    (tmp_path / "key.png").write_bytes(png(depth, 0, row, struct.pack(">H", key)))
    assert open_image(tmp_path / "key.png")[0, :, 0].tolist() == greys


def test_one_transparent_colour_of_sixteen_bits_is_shown_over_white(tmp_path):
    colours = struct.pack(">6H", 0x1234, 0x5678, 0x9ABC, 0x8000, 0, 0)
    (tmp_path / "key.png").write_bytes(png(16, 2, colours, colours[6:]))
    (kept, clear), *_ = open_image(tmp_path / "key.png").tolist()
    assert clear == [255, 255, 255] and np.abs(np.subtract(kept, (0x12, 0x56, 0x9A))).max() <= 1
