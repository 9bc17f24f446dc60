"""What ffmpeg says, as it says it."""

from fractions import Fraction

import pytest
from clips import ffmpeg, make_clip

from segmenter.video import probe, read_frames
from segmenter.video.header import read_header

CAMERA = """\
Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'camera.mp4':
  Duration: 01:02:03.50, start: -0.021333, bitrate: 1479 kb/s
  Stream group #0:0[0x3]: Track Reference:
    Stream #0:1[0x2](und): Video: h264 (High), yuv420p(tv, bt709, progressive), 640x360, 30 fps
      Side data:
        Display Matrix: rotation of -90.00 degrees
        Frame Cropping: 2/6/40/48
    Stream #0:4[0x3](eng): Data: none (tmcd / 0x64636D74), 0 kb/s
      Side data:
        Display Matrix: rotation of 180.00 degrees
  Stream #0:0[0x1]: Video: mjpeg (Progressive), yuvj444p(pc), 320x240, 90k tbr (attached pic)
  Stream #0:2[0x2](und): Audio: none (apac / 0x63617061), 48000 Hz, 4 channels (default)
  Stream #0:3[0x2](eng): Audio: aac (LC) (mp4a / 0x6134706D), 48000 Hz, mono, fltp (comment)
  Stream #0:5[0x2](deu): Audio: opus, 48000 Hz, stereo, fltp (default)
Output #0, framecrc, to 'pipe:':
  Stream #0:0[0x1](und): Video: h264 (High), yuv420p(progressive), 1x1
"""


def test_a_camera_s_file():
    header = read_header(CAMERA.splitlines())
    assert header.video.strip().startswith("Stream #0:1")
    assert (header.rotation, header.cropping) == (-90, (8, 88))
    assert (header.pixels, header.is_full_range) == ("yuv420p", False)
    assert [sound.codec for sound in header.sounds] == [None, "aac", "opus"]
    assert header.sound == 2  # the first that plays unasked is unknown to ffmpeg
    assert header.file_start == Fraction("-0.021333")
    assert header.file_duration == Fraction("3723.5")


def test_nothing_said():
    header = read_header([])
    assert (header.video, header.sounds, header.sound) == ("", [], None)
    assert header.colours == (None, None, None)


@pytest.mark.parametrize(
    ("said", "colours"),
    [
        ("yuv420p(tv, bt709, progressive)", ("bt709", "bt709", "bt709")),
        ("yuv420p(tv, unknown/bt709/bt709)", (None, "bt709", "bt709")),
        ("gbrp(pc, gbr/bt709/iec61966-2-1)", (None, "bt709", "iec61966-2-1")),
        (
            "yuv420p10le(tv, bt2020nc/bt2020/arib-std-b67, top coded first (swapped))",
            ("bt2020nc", "bt2020", "arib-std-b67"),
        ),
        ("yuv420p(tv, smpte170m/unknown/unknown)", ("smpte170m", None, None)),
        ("yuv420p(tv, progressive)", (None, None, None)),
        ("yuv420p", (None, None, None)),
    ],
)
def test_colours(said, colours):
    line = f"  Stream #0:0: Video: h264 (High), {said}, 640x360 [SAR 1:1 DAR 16:9], 30 fps"
    assert read_header([line]).colours == colours


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_a_time_code_does_not_hide_the_picture(tmp_path, ending):
    clip = make_clip(tmp_path / f"camera{ending}", options="-timecode 01:02:03:04", rate="30")
    info = probe(clip)
    assert (info.width, info.height, info.has_sound) == (160, 120, True)
    assert sum(1 for _ in read_frames(clip)) == info.frame_count == 30


def test_the_matrix_that_only_the_container_names_counts(tmp_path):
    """SD, which is taken for BT.601 where nothing is said."""
    paint = "color=0xc81eb4,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"
    tags = "-color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709"
    clip, sound = make_clip(tmp_path / "plain.mkv", paint, sound=None), tmp_path / "clip.mkv"
    bare = "filter_units=remove_types=6,h264_metadata=colour_primaries=2:matrix_coefficients=2"
    bare += ":transfer_characteristics=2"
    ffmpeg("-i", clip, f"-c copy -bsf:v {bare} {tags}", sound)
    assert probe(sound).colour_matrix == "bt709"
    middle = next(read_frames(sound))[20:-20, 20:-20].reshape(-1, 3)
    assert abs(middle.astype(int) - (0xC8, 0x1E, 0xB4)).max() <= 5
