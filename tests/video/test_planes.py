import numpy as np
import pytest
from clips import ffmpeg
from standards import colours_of

from segmenter.video.planes import FrameMaker, PlaneMaker


def to_planes(frame):
    return PlaneMaker(*frame.shape[:2])(frame)


def to_frame(planes, matrix="bt709", *, is_full_range=False):
    make = FrameMaker(*planes[0].shape, matrix, is_full_range=is_full_range)
    make.planes[:] = np.concatenate([plane.ravel() for plane in planes])
    return make()


def formula(colour):
    """ITU-R BT.709 and the 8-bit video range, as the standard writes them."""
    red, green, blue = (part / 255 for part in colour)
    brightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    blue_less, red_less = (blue - brightness) / 1.8556, (red - brightness) / 1.5748
    return 219 * brightness + 16, 224 * blue_less + 128, 224 * red_less + 128


def painting(height, width):
    """Noise over slopes, (height, width, 3) uint8, with black and white in it."""
    rows, columns = np.mgrid[:height, :width]
    slopes = np.stack([255 * rows / height, 255 * columns / width, 128 + 0 * rows], axis=2)
    noise = np.random.default_rng(3).normal(0, 20, slopes.shape)
    picture = np.clip(slopes + noise, 0, 255).astype(np.uint8)
    picture[:8, :8], picture[:8, 8:16] = 0, 255
    return picture


def test_every_colour_is_within_one_level_of_the_standard():
    levels = np.linspace(0, 255, 18).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 1, 3)
    blocks = np.repeat(np.repeat(colours, 2, axis=0), 2, axis=1)
    luma, blue, red = to_planes(blocks)
    expected = np.array([formula(colour) for colour in colours[:, 0]])
    assert np.abs(luma[::2, 0] - expected[:, 0]).max() <= 1
    assert np.abs(blue[:, 0] - expected[:, 1]).max() <= 1
    assert np.abs(red[:, 0] - expected[:, 2]).max() <= 1


def test_greys_have_no_colour():
    greys = np.repeat(np.arange(256, dtype=np.uint8), 2)[None, :, None]
    luma, blue, red = to_planes(np.repeat(np.repeat(greys, 2, axis=0), 3, axis=2))
    assert (blue == 128).all() and (red == 128).all()
    assert luma[0, 0] == 16 and luma[0, -1] == 235
    assert (np.diff(luma[0].astype(int)) >= 0).all()


@pytest.mark.parametrize("height", [64, 334])
def test_it_agrees_with_ffmpeg(tmp_path, height):
    picture = painting(height, 96)
    (tmp_path / "rgb").write_bytes(picture.tobytes())
    given = f"-f rawvideo -pix_fmt rgb24 -video_size 96x{height} -i"
    wanted = "-vf scale=out_color_matrix=bt709:out_range=tv:flags=area+accurate_rnd+full_chroma_inp"
    raw = ffmpeg(given, tmp_path / "rgb", wanted, "-pix_fmt yuv420p -f rawvideo -")
    ours = np.concatenate([plane.ravel() for plane in to_planes(picture)])
    difference = np.abs(ours.astype(int) - np.frombuffer(raw, np.uint8))
    assert difference.max() <= 2 and difference.mean() < 0.4


@pytest.mark.parametrize(("height", "width"), [(5, 8), (6, 7), (5, 7), (1, 1), (129, 7), (259, 4)])
def test_odd_sizes_repeat_the_last_row_and_column(height, width):
    picture = painting(height, width)
    even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    luma, *colour = to_planes(picture)
    whole, *expected = to_planes(even)
    np.testing.assert_array_equal(luma, whole[:height, :width])
    np.testing.assert_array_equal(colour, expected)
    assert luma.flags.c_contiguous


def test_one_maker_serves_frame_after_frame():
    make = PlaneMaker(6, 8)
    frames = [painting(6, 8), painting(6, 8)[::-1], np.zeros((6, 8, 3), np.uint8)]
    for frame in frames:
        for plane, expected in zip(make(frame), to_planes(frame.copy()), strict=True):
            np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize("is_full_range", [False, True])
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt470bg"])
def test_frames_are_within_one_level_of_the_standard(matrix, is_full_range):
    codes = np.random.default_rng(5).integers(16, 236, (3, 40, 30))
    expected = np.clip(colours_of(codes, matrix, is_full_range=is_full_range), 0, 255)
    luma = codes[0].repeat(2, axis=0).repeat(2, axis=1)
    planes = [plane.astype(np.uint8) for plane in (luma, *codes[1:])]
    frame = to_frame(planes, matrix, is_full_range=is_full_range)
    difference = frame[::2, 1::2] - expected
    assert np.abs(difference).max() < 1 and abs(difference.mean()) < 0.1
    np.testing.assert_array_equal(frame[::2, ::2], frame[1::2, 1::2])


@pytest.mark.parametrize(("height", "width"), [(5, 8), (6, 7), (1, 1), (129, 7), (256, 4)])
def test_frames_of_odd_sizes_are_a_corner_of_even_ones(height, width):
    random = np.random.default_rng(6)
    even = height + height % 2, width + width % 2
    luma, *colour = (
        random.integers(16, 236, shape, np.uint8)
        for shape in (even, *[(even[0] // 2, even[1] // 2)] * 2)
    )
    whole = to_frame([luma, *colour])
    part = to_frame([luma[:height, :width], *colour])
    np.testing.assert_array_equal(part, whole[:height, :width])


def test_what_was_read_is_written_again():
    """Of colours that a screen can show; others are the nearest that it can."""
    planes = to_planes(painting(200, 96))
    for plane, again in zip(planes, to_planes(to_frame(planes)), strict=True):
        difference = np.abs(plane.astype(int) - again)
        assert np.quantile(difference, 0.9) <= 1 and difference.mean() < 0.5


def test_frames_stay_as_they_were_when_the_next_one_comes():
    make = FrameMaker(4, 6, "bt709")
    make.planes[:] = 128
    first = make()
    make.planes[:] = 60
    assert (make() != first).all() and np.ptp(first) == 0
