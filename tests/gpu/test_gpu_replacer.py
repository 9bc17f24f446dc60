"""Whole videos: the device's way, with the real network, against the CPU's.

The small differences of the stages (test_gpu_stages.py) stay within a level or two, but for a few
pixels of the outline where the fit is steep. A network in doubt makes ten levels of one, so the
frames show a real person, of whom it is sure. On CUDA it runs in float16, which allows more.
"""

import logging
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from clips import make_clip
from drawn import devices, differences, texture

from segmenter import gpu, stream
from segmenter.background import Background, Blur, Clip, Colour, Picture, Transparent
from segmenter.benchmark.scenes import Stage, room
from segmenter.closeup import Closeup
from segmenter.errors import InvalidInput, OutputFailed
from segmenter.gpu import replacer as module
from segmenter.gpu.blur import blur_without
from segmenter.gpu.look import Looker
from segmenter.gpu.replacer import DeviceReplacer, batch_for, batches_of
from segmenter.inference import Segmenter
from segmenter.matting import Matting
from segmenter.motion import MotionTracker
from segmenter.pipeline import ReplaceOptions, put_before
from segmenter.refine import RefineOptions
from segmenter.stream import LiveReplacer, pictures_of, replace_in_video
from segmenter.video import VideoInfo, between, probe, read_frames

# She holds nothing that might be part of her or not.
PORTRAIT = Path(__file__).parents[2] / "examples" / "portraits" / "grace-hopper.jpg"
BLUE = Colour(20, 30, 220)
# Not enlarged for the network: the two ways round an enlarged frame differently by a level, which
# turns what is doubtful into a person in one of them alone.
SIZE = (270, 480)


@pytest.fixture(scope="module")
def segmenters():
    """The real network on a device, when first asked for."""
    found = {}

    def on(device):
        if device not in found:
            found[device] = Segmenter(backend="torch", device=device)
        return found[device]

    return on


class Numbers(Background):
    """Is as bright as the frame's number in a video of 30000/1001 frames a second."""

    def at(self, time, frame, alpha):
        return np.full_like(frame, round(time * 30))


class AlphaSeen(Background):
    """Shows the frame's alpha, always in the same array."""

    shown = None

    def at(self, time, frame, alpha):
        if self.shown is None:
            self.shown = np.empty_like(frame)
        self.shown[...] = np.rint(255 * alpha)[..., None]
        return self.shown


def backgrounds():
    numbered = [np.full((*SIZE, 3), 40 * number, np.uint8) for number in range(6)]
    return {
        "colour": partial(Colour, 20, 30, 220),
        "picture": partial(Picture, texture(90, 90, seed=3)),
        "clip": partial(Clip, lambda: iter(numbered), Fraction(25)),
        "blur": Blur,
        "transparent": Transparent,
        "one that looks at the alpha": AlphaSeen,
    }


@pytest.fixture(scope="module")
def moving(segmenters):
    """Somebody who sways; from `cut_at` on the scene is mirrored."""
    drawn = Stage(segmenters("cpu"), PORTRAIT)

    def make(count=5, cut_at=None, size=SIZE):
        frames = list(drawn.frames(*size, count))
        for number in range(cut_at or count, count):
            frames[number] = np.ascontiguousarray(frames[number][:, ::-1])
        return frames

    return make


def on_cpu(segmenter, frames, background, options):
    """The CPU's way, frame after frame."""
    matting, found = Matting(segmenter, closely=True), []
    for number, frame in enumerate(frames):
        alpha = matting.cut(matting.look(frame, smoothing=options.smoothing), options)
        found.append(put_before(background, frame, alpha, options.refine, number / 25).picture)
    return np.array(found)


def on_device(segmenter, frames, background, options, batch=3):
    times = (number / 25 for number in range(1000))
    replacer = DeviceReplacer(segmenter, batch)
    shown = replacer.pictures(iter(frames), background, options, times)
    return np.array([one.picture for one in shown])


def assert_alike(found, expected, device):
    assert found.shape == expected.shape and found.dtype == np.uint8
    if found.shape[-1] == 4:  # colours that are not seen may differ
        found, expected = shown_on_grey(found), shown_on_grey(expected)
    most, nearly_all = (1, 3) if device == "cpu" else (2, 10)
    apart = differences(found, expected)
    assert np.percentile(apart, 99) <= most and np.percentile(apart, 99.8) <= nearly_all


def shown_on_grey(cutouts):
    alpha = cutouts[..., 3:] / 255
    shown = np.concatenate([alpha * cutouts[..., :3] + (1 - alpha) * 128, 255 * alpha], axis=-1)
    return np.rint(shown).astype(np.uint8)


@devices
@pytest.mark.parametrize("name", backgrounds())
def test_every_background(segmenters, device, moving, name):
    segmenter, make = segmenters(device), backgrounds()[name]
    frames, options = moving(), ReplaceOptions()
    expected = on_cpu(segmenter, frames, make(), options)
    assert_alike(on_device(segmenter, frames, make(), options), expected, device)


@devices
@pytest.mark.parametrize(
    "options",
    [
        ReplaceOptions(smoothing=False),
        ReplaceOptions(people="largest"),
        ReplaceOptions(refine=RefineOptions(edge_strength=0.5, shift_px=1.5, feather_px=1)),
    ],
    ids=["not smoothed", "largest", "edges"],
)
def test_options(segmenters, device, moving, options):
    segmenter, frames = segmenters(device), moving(4)
    expected = on_cpu(segmenter, frames, BLUE, options)
    assert_alike(on_device(segmenter, frames, BLUE, options), expected, device)


@devices
def test_a_frame_so_large_that_it_is_halved(segmenters, device, moving):
    segmenter, frames, options = segmenters(device), moving(2, size=(576, 1024)), ReplaceOptions()
    expected = on_cpu(segmenter, frames, BLUE, options)
    assert_alike(on_device(segmenter, frames, BLUE, options), expected, device)


@devices
def test_a_scene_cut_in_the_middle_of_a_batch(segmenters, device, moving):
    segmenter, frames, options = segmenters(device), moving(6, cut_at=4), ReplaceOptions()
    track = MotionTracker()
    assert [track(frame) is None for frame in frames] == [True, False, False, False, True, False]
    expected = on_cpu(segmenter, frames, BLUE, options)
    assert_alike(on_device(segmenter, frames, BLUE, options, batch=6), expected, device)


@devices
def test_batches_give_what_single_frames_give(segmenters, device, moving):
    """Within a level: sums of a batch may be taken in another order."""
    segmenter, frames, options = segmenters(device), moving(), ReplaceOptions()
    alone = on_device(segmenter, frames, BLUE, options, batch=1)
    together = on_device(segmenter, frames, BLUE, options, batch=4)
    apart = differences(together, alone)
    assert np.percentile(apart, 99.9) <= (1 if device == "cpu" else 3)


@devices
def test_small_people_are_looked_at_from_nearer(segmenters, device, moving, monkeypatch):
    segmenter, looks, sizes = segmenters(device), Looker.__call__, []

    def noted(looker, frames, batch, size):
        sizes.append(size)
        return looks(looker, frames, batch, size)

    monkeypatch.setattr(Looker, "__call__", noted)
    far = np.full((540, 960, 3), 120, np.uint8)
    frames = [far.copy() for _ in range(5)]
    for frame, near in zip(frames, moving(), strict=True):
        frame[-near.shape[0] :, 200 : 200 + near.shape[1]] = near
    found = on_device(segmenter, frames, BLUE, ReplaceOptions())
    assert sizes == [384, 512, 512]
    # What the CPU does beyond that, a closer look at a part, the card does not do yet.
    monkeypatch.setattr(Closeup, "choose", lambda *_: None)
    assert_alike(found, on_cpu(segmenters("cpu"), frames, BLUE, ReplaceOptions()), device)


@devices
def test_a_camera_that_changes_its_size_and_choices(segmenters, device, moving):
    segmenter = segmenters(device)
    card, matting = DeviceReplacer(segmenter), Matting(segmenter, closely=True)
    steps = [
        (SIZE, True),
        (SIZE, True),
        ((300, 400), True),
        ((300, 400), False),
        ((300, 400), True),
    ]
    for number, (size, smoothing) in enumerate(steps):
        frame = moving(number + 1, size=size)[-1]
        options = ReplaceOptions(smoothing=smoothing)
        done = card(frame, BLUE, options, 0.0)
        alpha = matting.cut(matting.look(frame, smoothing=smoothing), options)
        assert_alike(
            done.picture, put_before(BLUE, frame, alpha, options.refine, 0.0).picture, device
        )
        assert done.alpha.dtype == np.float32
        apart = np.percentile(differences(done.alpha, alpha), 99)
        assert apart <= (2 if device == "cpu" else 5)


@devices
def test_a_picture_is_uploaded_once(segmenters, device, moving, monkeypatch):
    uploads = []

    def counted(arrays, *more):
        uploads.append(arrays[0].shape)
        return module.upload(arrays, *more)

    monkeypatch.setattr("segmenter.gpu.backdrop.upload", counted)
    on_device(segmenters(device), moving(4), Picture(texture(*SIZE)), ReplaceOptions())
    assert uploads == [(*SIZE, 3)]


@devices
def test_a_background_of_another_size_is_refused(segmenters, device, moving):
    class Wrong(Background):
        def at(self, time, frame, alpha):
            return frame[1:]

    with pytest.raises(InvalidInput, match="expected"):
        on_device(segmenters(device), moving(2), Wrong(), ReplaceOptions())


@pytest.fixture
def as_card(monkeypatch):
    """The CPU's torch stands for a graphics card, with small batches, which it is quicker at."""
    monkeypatch.setattr(gpu, "has_card", lambda segmenter: True)
    monkeypatch.setattr(module, "MOST_FRAMES", 2)


def replaced(segmenter, source, target):
    for _ in replace_in_video(source, target, BLUE, segmenter=segmenter):
        pass
    return np.array(list(read_frames(target)))


def test_a_video_takes_the_cards_way(segmenters, as_card, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "alphas_of", None)  # the CPU's way, which is not gone
    source = make_clip(tmp_path / "in.mp4", sound=None, seconds=0.6)
    frames = replaced(segmenters("cpu"), source, tmp_path / "out.mp4")
    assert len(frames) == 18


def test_the_card_tells_whether_anybody_is_found(segmenters, as_card, moving):
    def found_in(frames):
        info, options = VideoInfo(*SIZE[::-1], Fraction(25), len(frames), None), ReplaceOptions()
        shown = pictures_of(frames, info, BLUE, segmenters("cpu"), options)
        return [one.has_people for one in shown]

    assert found_in(moving(3)) == [True] * 3
    assert found_in([room(*SIZE, seed=1)] * 3) == [False] * 3


def test_a_part_of_a_video_takes_it_too(segmenters, as_card, tmp_path, monkeypatch):
    """Frames that are only looked at are not given; a background knows where the part begins."""
    monkeypatch.setattr(stream, "alphas_of", None)
    source = make_clip(tmp_path / "in.mp4", sound=None, seconds=0.3)
    told = probe(source), Numbers(), segmenters("cpu"), ReplaceOptions()
    whole = list(pictures_of(read_frames(source), *told))
    part = list(pictures_of(between(read_frames(source), 3), *told, first=3, skip=2))
    assert (len(whole), len(part)) == (9, 4)
    np.testing.assert_array_equal(*([x.picture[0, 0] for x in some] for some in (part, whole[5:])))


def out_of_memory(*_):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nand more")


def test_without_memory_the_cpu_makes_the_video(segmenters, as_card, tmp_path, monkeypatch, caplog):
    source = make_clip(tmp_path / "in.mp4", sound=None, seconds=0.3)
    monkeypatch.setattr(module, "refine", out_of_memory)
    with caplog.at_level(logging.WARNING):
        found = replaced(segmenters("cpu"), source, tmp_path / "out.mp4")
    monkeypatch.setattr(gpu, "has_card", lambda segmenter: False)
    expected = replaced(segmenters("cpu"), source, tmp_path / "other.mp4")
    np.testing.assert_array_equal(found, expected)
    assert [line.split(": ")[1] for line in caplog.messages] == [
        "CUDA out of memory. Tried to allocate 2 GiB"
    ]


def test_a_card_that_fails_in_the_middle_of_a_video_is_told(
    segmenters, as_card, tmp_path, monkeypatch
):
    source = make_clip(tmp_path / "in.mp4", sound=None, seconds=0.3)
    steps = replace_in_video(source, tmp_path / "out.mp4", BLUE, segmenter=segmenters("cpu"))
    monkeypatch.setattr(DeviceReplacer, "try_out", lambda *_: None)
    monkeypatch.setattr(module, "refine", out_of_memory)
    with pytest.raises(OutputFailed, match=r"2 GiB; try again with --device cpu"):
        list(steps)
    assert not (tmp_path / "out.mp4").exists()


def test_a_live_card_that_fails_is_followed_by_the_cpu(
    segmenters, as_card, moving, monkeypatch, caplog
):
    replacer, frames = LiveReplacer(segmenters("cpu"), BLUE), moving(3)
    assert replacer(frames[0], 0.0).picture.shape == frames[0].shape
    monkeypatch.setattr(module, "refine", out_of_memory)
    alone = Matting(segmenters("cpu"), closely=False)
    for number in (1, 2):
        found = replacer(frames[number], number / 25)
        alpha = alone.cut(alone.look(frames[number], smoothing=True), ReplaceOptions())
        np.testing.assert_array_equal(found.alpha, alpha)
    assert len(caplog.messages) == 1


def test_only_pytorch_on_cuda_is_a_card(segmenters):
    assert not gpu.has_card(segmenters("cpu"))
    assert not gpu.has_card(Segmenter(backend="onnx", device="cpu"))


@pytest.mark.cuda
def test_cuda_is_a_card():
    assert gpu.has_card(Segmenter(device="cuda"))


def test_large_frames_go_in_small_batches():
    assert batch_for(2160, 3840) == 2 and batch_for(1080, 1920) == 8
    assert batch_for(300, 400) == 16 and batch_for(9000, 9000) == 1


def test_batches_close_what_they_read():
    closed = []

    def frames():
        try:
            yield from range(7)
        finally:
            closed.append(True)

    batches = batches_of(frames(), 3)
    assert next(batches) == [0, 1, 2] and not closed
    batches.close()
    assert closed
    assert list(batches_of(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_strip_of_room_beside_a_close_up_keeps_its_colour():
    frames, alpha = np.full((2, 96, 128, 3), 200, np.uint8), np.ones((2, 96, 128), np.float32)
    frames[:, :, :5], alpha[:, :, :5] = (30, 60, 200), 0
    alpha[1, :, :64] = 0  # of the second the half is seen
    blurred = blur_without(
        torch.from_numpy(frames).permute(0, 3, 1, 2), torch.from_numpy(alpha)[:, None], 6.0
    ).permute(0, 2, 3, 1)
    for found, frame, covered in zip(blurred.numpy(), frames, alpha, strict=True):
        expected = Blur(6).at(0, frame, covered).astype(int)
        assert abs(found - expected)[covered == 0].max() <= 2


def test_a_blurred_room_is_made_on_the_device(segmenters, moving, monkeypatch):
    monkeypatch.setattr(Blur, "at", None)
    assert len(on_device(segmenters("cpu"), moving(2), Blur(), ReplaceOptions())) == 2
