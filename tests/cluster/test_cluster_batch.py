"""The batch on a cluster of two workers: whole outputs, each once, whoever dies."""

import json
import sys
import types
from functools import partial

import cv2
import numpy as np
import pytest
from accidents import BrokenSegmenter, DeadlySegmenter
from clips import grey_number, make_clip, make_numbered, needs_ffprobe, streams_of
from scenes import RedSegmenter, person

from segmenter import batch, cli
from segmenter.background import Colour
from segmenter.batch import Replacer
from segmenter.cluster.batch import replace_all
from segmenter.cluster.crew import Crew
from segmenter.errors import ClusterFailed, InvalidInput, OutputFailed
from segmenter.images import save_image
from segmenter.pipeline import ReplaceOptions
from segmenter.video import probe, read_frames

BLUE, OPTIONS = Colour(0, 0, 255), ReplaceOptions(smoothing=False)
DEATHS = {7: 1, 9: 99}


def make(kind, background=BLUE, options=OPTIONS, edges=False, **settings):
    """Make what a worker works with; called there."""
    return Replacer(kind(**settings), background, options, edges)


def crew_of(kind=RedSegmenter, **settings):
    return Crew(partial(make, kind, **settings), workers=2)


def run(source, target, crew):
    return replace_all(source, target, crew, is_cutout=False, quiet=True)


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def graves(tmp_path):
    folder = tmp_path / "graves"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path):
    """Six photos, two of them marked, two broken files, and a clip long enough to be cut."""
    source = tmp_path / "in"
    for index in range(6):
        photo = person(left=10 * index)
        photo[0, 0, 2] = {2: 9, 3: 7}.get(index, 0)
        save_image(source / "deep" / f"{index}.png", photo)
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff not really")
    (source / "broken.mp4").write_text("hello")
    make_clip(source / "wave.mp4", rate="25", seconds=8)
    return source


def test_the_results_and_the_report_are_those_of_one_process(ray, folder, tmp_path, caplog):
    save_image(folder / "deep" / "5.png", person(side=0))
    alone = batch.replace_all(folder, tmp_path / "a", make(RedSegmenter), quiet=True)
    told = [record.getMessage() for record in caplog.records]
    caplog.clear()
    shared = run(folder, tmp_path / "b", crew_of())
    assert [record.getMessage() for record in caplog.records] == told != []
    assert shared.device == "Ray, 2 workers, CPU, test segmenter"
    assert names_in(tmp_path / "a") == names_in(tmp_path / "b") and len(shared.items) == 9
    for one, other in zip(alone.items, shared.items, strict=True):
        assert (one.input, one.frames, one.error) == (other.input, other.frames, other.error)
        assert one.warnings == other.warnings
        assert bool(one.warnings) == one.input.endswith("5.png")
        assert one.output.replace("/a/", "/b/") == other.output
    for index in range(6):
        mine, theirs = (cv2.imread(str(tmp_path / it / "deep" / f"{index}.png")) for it in "ab")
        np.testing.assert_array_equal(mine, theirs)
    films = [list(read_frames(tmp_path / it / "wave.mp4")) for it in "ab"]
    assert len(films[0]) == len(films[1]) == 200
    apart = [np.abs(a.astype(int) - b).mean() for a, b in zip(*films, strict=True)]
    assert max(apart) < 3, "x264 begins anew at a chunk, and nothing else differs"
    assert list(tmp_path.rglob(".*")) == []


def test_a_killed_worker_costs_nothing_and_what_kills_all_is_given_up(
    ray, folder, tmp_path, graves
):
    (folder / "wave.mp4").unlink()
    report = run(folder, tmp_path / "out", crew_of(DeadlySegmenter, graves=graves, deaths=DEATHS))
    assert sorted(grave.name for grave in graves.iterdir()) == ["7-0", "9-0", "9-1", "9-2"]
    wrong = {item.input.split("/")[-1]: item.error for item in report.failures}
    assert set(wrong) == {"broken.jpg", "broken.mp4", "2.png"}
    assert "3 workers died over it" in wrong["2.png"]
    assert names_in(tmp_path / "out") == [f"deep/{index}.png" for index in (0, 1, 3, 4, 5)]
    picture = cv2.imread(str(tmp_path / "out" / "deep" / "3.png"))
    assert picture[60, 50, 2] > 150 and picture[5, 5].tolist() == [255, 0, 0]
    assert list((tmp_path / "out").rglob(".*")) == []


@needs_ffprobe
def test_a_worker_killed_within_a_video_leaves_every_frame_once(ray, tmp_path, graves):
    source = make_numbered(
        tmp_path / "count.mp4", rate="30000/1001", seconds=11, sound="sine=f=440:r=48000"
    )
    # Every 54th frame has a blue of 0.
    settings = {"graves": graves, "deaths": {0: 1}, "after": 70, "is_full": True}
    target = tmp_path / "out" / "count.mp4"
    report = run(source, target, crew_of(DeadlySegmenter, **settings))
    assert len(list(graves.iterdir())) == 1
    assert (report.failures, report.items[0].frames) == ([], 330)
    assert names_in(tmp_path / "out") == ["count.mp4"] and list(tmp_path.rglob(".*")) == []
    numbers = [grey_number(frame) for frame in read_frames(target)]
    assert numbers == [index % 54 for index in range(330)]
    streams = streams_of(target)
    assert int(streams["video"]["nb_read_packets"]) == 330
    assert streams["video"]["avg_frame_rate"] == "30000/1001"
    assert float(streams["audio"]["duration"]) == pytest.approx(11, abs=0.05)
    assert probe(target).frame_rate == probe(source).frame_rate


def test_a_model_that_can_not_be_loaded_is_told(ray, folder, tmp_path):
    with pytest.raises(ClusterFailed, match=r"no worker is left: .*no such weights"):
        run(folder, tmp_path / "out", crew_of(BrokenSegmenter))
    assert names_in(tmp_path / "out") == []


def test_a_folder_that_can_not_be_written_to_is_told_before_any_work(tmp_path, monkeypatch):
    save_image(tmp_path / "a.png", person())
    (tmp_path / "file").touch()
    monkeypatch.setitem(sys.modules, "ray", object())
    with pytest.raises(OutputFailed, match="choose a folder"):
        run(tmp_path / "a.png", tmp_path / "file" / "a.png", crew_of())


def test_an_address_without_a_cluster_is_told_at_once(monkeypatch):
    ray = types.SimpleNamespace(is_initialized=lambda: False)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(ClusterFailed, match=r"127\.0\.0\.1:9: Connection refused; check --address"):
        Crew(partial(make, RedSegmenter), address="127.0.0.1:9").__enter__()


def test_fewer_than_one_worker_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", object())
    with pytest.raises(InvalidInput, match="0 workers"):
        Crew(partial(make, RedSegmenter), workers=0)


class TestCommand:
    def test_replace_on_ray(self, ray, tmp_path, capsys):
        """With the bundled weights, and a worker's own process loading them."""
        save_image(tmp_path / "in" / "anna.png", person())
        (tmp_path / "in" / "bad.jpg").write_text("hello")
        arguments = ["replace", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
        assert cli.main([*arguments, "--engine", "ray", "--workers", "1", "--json"]) == 1
        told = json.loads(capsys.readouterr().out)
        assert (told["done"], told["failed"]) == (1, 1)
        assert told["device"].startswith("Ray, 1 worker, CPU, 1 thread")
        assert names_in(tmp_path / "out") == ["anna.png"]

    def test_wrong_usage_is_told_before_a_cluster_is_started(self, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "ray", object())
        assert cli.main(["replace", "nowhere.jpg", "--engine", "ray"]) == 2
        assert "nowhere.jpg does not exist" in capsys.readouterr().err

    def test_ray_is_an_extra(self, tmp_path, monkeypatch, capsys):
        save_image(tmp_path / "anna.png", person())
        monkeypatch.setitem(sys.modules, "ray", None)
        assert cli.main(["replace", str(tmp_path / "anna.png"), "--engine", "ray"]) == 1
        assert "pip install ray" in capsys.readouterr().err
