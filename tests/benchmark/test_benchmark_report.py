import json

from segmenter.benchmark import report
from segmenter.benchmark.report import Report, describe_machine, matrix
from segmenter.benchmark.timing import Row


def stage(what, where, median):
    return Row("stage", what, where, median, 2 * median, 5)


def full_report():
    rows = [
        Row("network", "ONNX Runtime", "256x256", 8.0, 9.0, 15),
        stage("composite", "video", 2.0),
        stage("decode", "photo", 30.0),
        stage("composite", "photo", 12.0),
        Row("whole", "video", "1280x720", 40.0, 50.0, 60, 25.0, 300, 220, 150),
        Row("start", "page", "", 4500.0, 5000.0, 3),
    ]
    filled = Report("CPU", {"python": "3.11"}, rows, ["PyTorch is not measured: none"])
    for megapixels in (1, 2, 3):
        filled.cost.add_photo(megapixels, 50.0 * megapixels)
    return filled


def test_a_table_for_every_part():
    text = full_report().to_markdown()
    assert "| ONNX Runtime | 8.00 (9.00) |" in text
    assert "| decode |  | 30.0 (60.0) |\n| composite | 2.00 (4.00) | 12.0 (24.0) |" in text
    assert "| video, 1280x720 | 40.0 (50.0) | 25.0 | 300 | 220 | 150 |" in text
    assert "| page | 4.50 | 5.00 |" in text
    assert "50.0 ms a megapixel" in text
    assert text.endswith("PyTorch is not measured: none")


def test_parts_that_were_not_measured_have_no_table():
    text = Report("CPU", {}).to_markdown()
    assert "|" not in text


def test_json_holds_everything():
    told = json.loads(full_report().to_json())
    assert [row["what"] for row in told["rows"]].count("composite") == 2
    assert told["rows"][4]["ffmpeg_mb"] == 150
    assert told["cost"]["lines"]["photo"]["slope"] == 50.0
    assert told["device"] == "CPU" and told["remarks"]


def test_large_numbers_are_written_out():
    assert "| a | 2410 (4820) |" in matrix("x", "y", [stage("a", "b", 2410.0)])


def test_the_machine_is_described(monkeypatch):
    facts = describe_machine()
    assert facts["processor"] and facts["opencv"] and "load before" in facts
    monkeypatch.setattr(report, "PACKAGES", {"nothing": "no-such-package"})
    assert "nothing" not in describe_machine()
