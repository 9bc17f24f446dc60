import json

import pytest
from scenes import RedSegmenter, person

from segmenter.benchmark import whole
from segmenter.benchmark.scenes import Stage
from segmenter.benchmark.whole import Choice, Done, Job, do, measure_whole, row_of
from segmenter.errors import SegmenterError
from segmenter.images import save_image


@pytest.fixture
def red(monkeypatch):
    """Jobs of this process are done by a segmenter that knows the scene."""
    monkeypatch.setattr(whole, "Segmenter", lambda *_, **__: RedSegmenter())


@pytest.fixture
def files(tmp_path):
    """A photo, a clip of 12 frames, and a background."""
    save_image(tmp_path / "red.png", person())
    stage = Stage(RedSegmenter(), tmp_path / "red.png")
    save_image(tmp_path / "behind.png", person(60, 80)[:40])
    stage.write_photo(tmp_path / "photo.jpg", 90, 120)
    stage.write_clip(tmp_path / "clip.mp4", 90, 120, 12)
    return tmp_path


def job(files, kind, source, count):
    return Job(
        kind=kind,
        source=str(files / source),
        background=str(files / "behind.png"),
        count=count,
    )


def test_photos_are_done_as_often_as_asked(red, files):
    done = do(job(files, "photo", "photo.jpg", 3), Choice())
    assert len(done.times_ms) == 3
    assert done.total_s == pytest.approx(sum(done.times_ms) / 1000)
    assert done.peak_mb >= done.bare_mb > 10
    assert done.ffmpeg_mb is None


def test_a_video_has_a_time_for_each_frame_and_tells_of_ffmpeg(red, files):
    done = do(job(files, "video", "clip.mp4", 1), Choice())
    assert len(done.times_ms) == 12
    assert done.total_s * 1000 >= sum(done.times_ms)  # the end of the file takes time too
    assert done.ffmpeg_mb > 1


def test_live_goes_back_through_the_clip_when_it_ends(red, files):
    assert len(do(job(files, "live", "clip.mp4", 20), Choice()).times_ms) == 20
    assert whole.there_and_back([b"1", b"2", b"3", b"4"]) == [b"1", b"2", b"3", b"4", b"3", b"2"]


def test_a_process_of_its_own_measures_with_the_released_network(files):
    done = measure_whole(job(files, "photo", "photo.jpg", 1), Choice(device="cpu"))
    assert len(done.times_ms) == 1 and done.peak_mb > done.bare_mb


def test_a_failure_there_is_told_here(files):
    with pytest.raises(SegmenterError, match=r"measuring gone\.jpg failed: .*gone\.jpg"):
        measure_whole(job(files, "photo", "gone.jpg", 1), Choice(device="cpu"))


def test_a_row_tells_the_rate_of_the_whole(capsys, red, files):
    done = Done(times_ms=[10, 30, 20, 20], total_s=0.1, peak_mb=300, bare_mb=80, ffmpeg_mb=150)
    row = row_of(done, "video", "1280x720")
    assert (row.median_ms, row.per_s, row.memory_mb, row.beyond_mb) == (20, 40, 300, 220)
    words = {**vars(job(files, "photo", "photo.jpg", 1)), **vars(Choice())}
    whole.main(json.dumps(words))
    assert len(Done(**json.loads(capsys.readouterr().out)).times_ms) == 1
