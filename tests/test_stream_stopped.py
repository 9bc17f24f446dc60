"""Whatever stops a video in the middle: the reason arrives, and nothing runs or lies about."""

import sys
import threading

import numpy as np
import pytest
from clips import make_clip
from scenes import RedSegmenter

from segmenter import matting, stream
from segmenter.background import Clip, Colour
from segmenter.errors import OutputFailed, UnreadableVideo
from segmenter.motion import MotionTracker
from segmenter.stream import mattes_of_video, replace_in_video
from segmenter.temporal import AlphaSteadier, TemporalSmoother
from segmenter.video import read_frames

BLUE = Colour(20, 30, 220)
LIMIT_S = 60  # reached only by what would never end
STOPPED_AT = 8


class Halt(Exception):
    """What a stage raises here."""


@pytest.fixture
def source(tmp_path):
    """A long enough clip: whatever waits is still waiting when it is stopped."""
    (tmp_path / "in").mkdir()
    return make_clip(tmp_path / "in" / "in.mp4", seconds=5)


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path, started):
    threads = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= threads
    assert all(process.poll() is not None for process in started)
    assert [path.name for path in (tmp_path / "out").glob("*")] == []


def within_limit(call):
    """Call in a thread and return what it raised; fail instead of hanging."""
    raised = []

    def run():
        try:
            call()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT_S)
    assert not thread.is_alive(), "it hangs"
    return raised[0] if raised else None


def run(source, segmenter=None, background=BLUE, target="out.mp4"):
    segmenter = segmenter or RedSegmenter()
    target = source.parent.parent / "out" / target
    return replace_in_video(source, target, background, segmenter=segmenter)


def halting(call, error=Halt):
    """Do as `call` does, and raise the eighth time."""
    calls = []

    def instead(*args, **settings):
        calls.append(1)
        if len(calls) == STOPPED_AT:
            raise error
        return call(*args, **settings)

    return instead


def halting_frames(*args, **settings):
    for index, frame in enumerate(read_frames(*args, **settings)):
        if index == STOPPED_AT:
            raise Halt
        yield frame


def test_decoding_raises(source, monkeypatch):
    monkeypatch.setattr(stream, "read_frames", halting_frames)
    assert isinstance(within_limit(lambda: list(run(source))), Halt)


def test_the_network_raises(source):
    segmenter = RedSegmenter()
    segmenter.probability = halting(segmenter.probability)
    assert isinstance(within_limit(lambda: list(run(source, segmenter))), Halt)


@pytest.mark.parametrize(
    ("module", "stage"),
    [
        (matting, "choose_people"),
        (matting, "refine"),
        (stream, "put_before"),
        (stream, "require_frame"),
    ],
)
def test_a_pixel_stage_raises(source, monkeypatch, module, stage):
    monkeypatch.setattr(module, stage, halting(getattr(module, stage)))
    assert isinstance(within_limit(lambda: list(run(source))), Halt)


@pytest.mark.parametrize("remembers", [MotionTracker, TemporalSmoother, AlphaSteadier])
def test_smoothing_raises(source, monkeypatch, remembers):
    step = halting(lambda value, *_: None if remembers is MotionTracker else value)
    monkeypatch.setattr(remembers, "__call__", lambda self, *args, **_: step(*args))
    assert isinstance(within_limit(lambda: list(run(source))), Halt)


def test_the_background_raises(source):
    def no_frames():
        yield np.zeros((120, 160, 3), np.uint8)
        raise Halt

    background = Clip(no_frames, 30)
    assert isinstance(within_limit(lambda: list(run(source, background=background))), Halt)


def test_writing_raises(source, monkeypatch):
    write = stream.VideoWriter.write
    calls = []

    def full(self, picture):
        calls.append(1)
        if len(calls) == STOPPED_AT:
            raise OutputFailed("the disk is full")
        write(self, picture)

    monkeypatch.setattr(stream.VideoWriter, "write", full)
    assert "disk" in str(within_limit(lambda: list(run(source))))


@pytest.mark.parametrize("position", [0, 1, 8])
def test_the_one_who_asked_closes_early(source, position):
    def close():
        steps = run(source)
        for _ in range(position):
            next(steps)
        steps.close()

    assert within_limit(close) is None


def test_the_one_who_asked_raises(source):
    def use():
        for progress in run(source):
            if progress.frames_done == STOPPED_AT:
                raise Halt

    assert isinstance(within_limit(use), Halt)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
@pytest.mark.parametrize(
    ("killed", "error"), [("pipe:1", UnreadableVideo), ("pipe:0", OutputFailed)]
)
def test_ffmpeg_is_killed(source, started, killed, error):
    def use():
        for progress in run(source):
            if progress.frames_done == STOPPED_AT:
                next(ffmpeg for ffmpeg in started if killed in ffmpeg.args).kill()

    # 150 frames of 58 kB do not fit into what is on its way.
    assert isinstance(within_limit(use), error)


@pytest.mark.parametrize("raw", [False, True])
def test_mattes_stop_early(source, raw):
    def close():
        mattes = mattes_of_video(source, RedSegmenter(), raw)
        for _ in range(3):
            next(mattes)
        mattes.close()

    assert within_limit(close) is None


def test_mattes_whose_network_raises(source):
    segmenter = RedSegmenter()
    segmenter.probability = halting(segmenter.probability)
    assert isinstance(within_limit(lambda: list(mattes_of_video(source, segmenter))), Halt)
