"""Colours against the numbers that the standards name, and files against the formulas."""

import numpy as np
import pytest
from clips import ffmpeg

from segmenter.video import probe, read_frames
from segmenter.video.colours import (
    LIGHT_OF,
    TABLE,
    between_primaries,
    darkened,
    folder_of_table,
    needs_table,
    to_bt709,
)

HLG, PQ = "arib-std-b67", "smpte2084"


@pytest.mark.parametrize(
    ("transfer", "signal", "light"),
    [
        # ITU-R BT.2408, table 1: grey of 18 %, a white paper; and the screen's brightest.
        (HLG, 0.38, 26),
        (HLG, 0.75, 203),
        (HLG, 1, 1000),
        (PQ, 0.38, 26),
        (PQ, 0.58, 203),
        # SMPTE ST 2084.
        (PQ, 0.508078, 100),
        (PQ, 0.751827, 1000),
        (PQ, 1, 10_000),
        (PQ, 0, 0),
        (HLG, 0, 0),
    ],
)
def test_the_standards_levels(transfer, signal, light):
    assert LIGHT_OF[transfer](np.full(3, float(signal))) == pytest.approx(
        light, rel=0.015, abs=1e-9
    )


def test_hlg_is_continuous_where_its_two_parts_meet():
    below, above = (LIGHT_OF[HLG](np.full(3, 0.5 + step)) for step in (-1e-7, 1e-7))
    assert below == pytest.approx(above, rel=1e-5)


def test_dark_and_middle_tones_stay_and_bright_ones_are_bent():
    light = np.linspace(0, 1000, 2001)
    bent = darkened(light)
    assert np.allclose(bent[light < 80], light[light < 80])
    assert (np.diff(bent) > 0).all()
    assert (np.diff(bent) <= np.diff(light) + 1e-6).all()  # nowhere steeper than before
    assert bent[-1] == pytest.approx(203)
    assert darkened(np.array(4000.0)) == pytest.approx(203)


@pytest.mark.parametrize("transfer", [HLG, PQ])
def test_greys_stay_grey_and_rise(transfer):
    grey = to_bt709(np.linspace(0, 1, 100)[:, None].repeat(3, axis=1), "bt2020", transfer)
    assert np.ptp(grey, axis=1).max() < 1e-3
    assert (np.diff(grey[:, 0]) >= 0).all()
    assert grey[0].max() == 0
    assert grey[-1].min() > 0.999


def test_a_colour_of_both_kinds_of_screen_keeps_its_hue():
    """Red, green and blue of an SDR screen, as HLG would film them, are those again."""
    bt709_in_bt2020 = np.array(  # ITU-R BT.2087
        [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
    )
    for channel in range(3):
        linear = 0.05 * bt709_in_bt2020[:, channel]
        signal = np.sqrt(3 * linear)  # BT.2100: HLG's lower half
        sdr = to_bt709(signal, None, HLG)
        assert sdr[channel] > 0.3
        assert abs(np.delete(sdr, channel)).max() < 0.06


def coded(path, colours, transfer, primaries="bt2020"):
    """Save 10-bit HEVC, a colour (N, 3) in [0, 1] to each column of 16 pixels."""
    kr, kb = 0.2627, 0.0593  # ITU-R BT.2020
    bright = colours @ (kr, 1 - kr - kb, kb)
    blue, red = (colours[:, 2] - bright) / (2 - 2 * kb), (colours[:, 0] - bright) / (2 - 2 * kr)
    planes = [64 + 876 * bright, 512 + 896 * blue, 512 + 896 * red]
    rows = [np.rint(plane).astype("<u2").repeat(16)[None].repeat(64, axis=0) for plane in planes]
    raw = path.with_suffix(".yuv")
    raw.write_bytes(b"".join(row.tobytes() for row in rows) * 3)
    named = f"setparams=range=tv:color_primaries={primaries}:color_trc={transfer}"
    named += ":colorspace=bt2020nc"
    size = f"{16 * len(colours)}x64"
    ffmpeg(
        f"-f rawvideo -pix_fmt yuv444p10le -video_size {size} -framerate 25 -i", raw,
        "-vf", named, "-c:v libx265 -crf 4 -x265-params log-level=error", path,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("transfer", [HLG, PQ])
def test_frames_of_an_hdr_video_are_sdr(tmp_path, transfer):
    ramp = np.linspace(0, 1, 11)[:, None].repeat(3, axis=1)
    skin, leaf, sky = (0.56, 0.52, 0.49), (0.42, 0.45, 0.39), (0.52, 0.55, 0.59)
    colours = np.concatenate([ramp, [skin, leaf, sky]])
    clip = coded(tmp_path / "phone.mp4", colours, transfer)
    assert probe(clip).transfer == transfer
    frames = list(read_frames(clip))
    assert len(frames) == 3
    middles = frames[1][32, 8::16].astype(float)
    expected = np.clip(255 * to_bt709(colours, "bt2020", transfer), 0, 255)
    assert np.abs(middles - expected).max() < 4


@pytest.mark.parametrize(
    ("primaries", "expected"),
    [
        # ITU-R BT.2087; and Display P3 to sRGB as CSS has it.
        ("bt2020", (1.6605, -0.5876, -0.0728, -0.1246, 1.1329, -0.0083, -0.0182, -0.1006, 1.1187)),
        ("smpte432", (1.2249, -0.2249, 0, -0.0421, 1.0421, 0, -0.0196, -0.0786, 1.0983)),
        ("bt709", np.eye(3)),
        ("smpte170m", np.eye(3)),
    ],
)
def test_the_primaries_matrices(primaries, expected):
    matrix = np.reshape(expected, (3, 3))
    np.testing.assert_allclose(between_primaries(primaries, "bt709"), matrix, atol=1e-4)


@pytest.mark.parametrize("primaries", ["bt2020", "smpte432"])
def test_colours_of_a_wide_screen_are_those_again(tmp_path, primaries):
    """Painted by its definition: linear, in the wide primaries, with the screen's own curve."""
    wanted = np.array([(200, 40, 40), (40, 180, 60), (90, 90, 200), (220, 180, 150)]) / 255
    wide = (wanted**2.4 @ between_primaries("bt709", primaries).T) ** (1 / 2.4)
    clip = coded(tmp_path / "screen.mp4", wide, "bt709", primaries)
    assert needs_table(probe(clip).primaries, probe(clip).transfer)
    middles = next(read_frames(clip))[32, 8::16]
    assert abs(middles / 255 - wanted).max() < 4 / 255


def test_an_ordinary_video_is_read_without_a_table(tmp_path):
    tags = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    ffmpeg(f"-f lavfi -i testsrc2=size=64x64:duration=0.1,{tags}", tmp_path / "clip.mp4")
    info = probe(tmp_path / "clip.mp4")
    assert (info.colour_matrix, info.primaries, info.transfer) == ("bt709",) * 3
    assert not needs_table(info.primaries, info.transfer)
    assert not needs_table(None, None)
    with folder_of_table("bt709", "bt709") as folder:
        assert folder is None


def test_the_table_is_gone_afterwards():
    with folder_of_table(None, HLG) as folder:
        assert (folder / TABLE).read_text().startswith("LUT_3D_SIZE 49\n0.000000")
    assert not folder.exists()
