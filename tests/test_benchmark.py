import json

from scenes import RedSegmenter

from segmenter.benchmark import Row, measure, scene, summarise, to_json, to_markdown, whole_video


def test_it_gives_median_and_p95():
    times = [float(value) for value in range(1, 101)]
    assert summarise("x", times) == Row("x", 50.5, 95.05)


def test_two_calls_are_not_counted():
    calls = []
    measure("x", lambda: calls.append(1), repeats=3)
    assert len(calls) == 5


def test_the_scene_is_a_frame_with_somebody_in_it():
    frame = scene(72, 128)
    assert frame.shape == (72, 128, 3)
    assert frame[30, 64].tolist() == [224, 172, 140]  # the face


def test_a_table_and_json_hold_every_row():
    rows = [Row("network", 8.0, 9.0), Row("refine", 14.0, 15.0)]
    assert "| refine | 14.0 | 15.0 |" in to_markdown(rows, "CPU")
    assert [row["what"] for row in json.loads(to_json(rows, "CPU"))["rows"]] == [
        "network",
        "refine",
    ]


def test_the_video_is_measured_from_file_to_file(tmp_path, monkeypatch):
    monkeypatch.setattr("segmenter.benchmark.HD", (72, 128))
    monkeypatch.setattr("segmenter.benchmark.VIDEO_FRAMES", 8)
    row = whole_video(RedSegmenter(), tmp_path)
    assert row.median_ms > 0
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mp4", "out.mp4"}
