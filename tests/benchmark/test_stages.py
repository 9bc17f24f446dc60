import time

import pytest
from scenes import RedSegmenter, person

from segmenter.benchmark import stages
from segmenter.benchmark.scenes import Stage
from segmenter.images import save_image
from segmenter.inference import Segmenter

SHARED = ["people", "refine", "foreground", "background", "composite"]


@pytest.fixture
def stage(tmp_path):
    save_image(tmp_path / "red.png", person())
    return Stage(RedSegmenter(), tmp_path / "red.png")


def names(rows):
    return [row.what for row in rows]


def test_a_photo_goes_through_every_stage_of_the_released_network(stage, tmp_path):
    source = stage.write_photo(tmp_path / "a.jpg", 120, 160)
    rows = stages.stages_of_photo(Segmenter(device="cpu"), source, "photo", 2)
    seen = ["decode", "resize", "network", "restore", "cut by colours"]
    expected = [*seen, *SHARED, "encode", "rest", "together"]
    assert names(rows) == expected
    assert all(row.median_ms >= 0 and row.count == 2 for row in rows)
    medians = {row.what: row.median_ms for row in rows}
    assert medians["network"] > medians["resize"] > 0


def test_a_live_frame_is_steadied_twice(stage):
    rows = stages.stages_of_live(RedSegmenter(), stage, (120, 160), 3)
    assert names(rows)[:3] == ["decode", "follow motion", "smooth"]
    assert "steady alpha" in names(rows) and "encode" in names(rows)
    assert {row.where for row in rows} == {"live 160x120"} and rows[0].count == 3


def test_a_videos_frames_are_decoded_and_encoded_too(stage, tmp_path):
    clip = stage.write_clip(tmp_path / "a.mp4", 120, 160, 8)
    rows = stages.stages_of_video(RedSegmenter(), clip, 6)
    assert names(rows)[0] == "decode" and names(rows)[-2:] == ["encode", "together"]
    medians = {row.what: row.median_ms for row in rows}
    assert medians["together"] > medians["decode"] + medians["encode"]


@pytest.mark.parametrize("kind", ["video", "live"])
def test_the_released_network_s_stages_are_seen_in_moving_pictures_too(stage, tmp_path, kind):
    segmenter = Segmenter(device="cpu")
    if kind == "live":
        rows = stages.stages_of_live(segmenter, stage, (120, 160), 2)
    else:
        clip = stage.write_clip(tmp_path / "a.mp4", 120, 160, 8)
        rows = stages.stages_of_video(segmenter, clip, 2)
    assert names(rows)[1:4] == ["resize", "network", "restore"]


def test_time_is_counted_for_the_stage_that_takes_it(monkeypatch):
    def slow():
        time.sleep(0.02)

    def first():
        slow()

    def second():
        slow()
        slow()

    def both():
        first()
        second()
        time.sleep(0.01)

    watched = [
        stages.Watched("once", (slow,), first),
        stages.Watched("twice", (slow,), second),
        stages.FIND,
    ]
    monkeypatch.setattr(stages, "STAGES", (*watched, stages.RESIZE, stages.NETWORK))
    taken = stages.profile_once(both)
    # A busy machine sleeps longer, never shorter.
    assert taken["once"] >= 0.02 and taken["twice"] >= 0.04 and taken["rest"] >= 0.01
    assert taken["together"] == pytest.approx(taken["once"] + taken["twice"] + taken["rest"])
