import json
import sys

import pytest
from scenes import RedSegmenter, person

from segmenter import cli
from segmenter.benchmark import suite as module
from segmenter.benchmark.report import Report
from segmenter.benchmark.scenes import PORTRAIT
from segmenter.benchmark.suite import Plan, Suite
from segmenter.benchmark.whole import Choice
from segmenter.cli import benchmark as command
from segmenter.images import open_image, save_image

TINY = Plan(
    parts=("stages", "photo", "video", "live"),
    repeats=1,
    photo_repeats=1,
    frames=6,
    live_frames=2,
    megapixels=(1,),
    whole_megapixels=(1,),
    video_sizes=((72, 128),),
    live_sizes=((60, 80),),
)


def test_steps_come_in_the_order_of_the_parts(tmp_path, monkeypatch):
    monkeypatch.setattr(Choice, "load", lambda _: RedSegmenter())
    save_image(tmp_path / "red.png", person())
    plan = Plan(megapixels=(1, 12), whole_megapixels=(1, 3))
    made = Suite(Choice(), plan, tmp_path, photo=tmp_path / "red.png")
    monkeypatch.setattr(module, "page_is_missing", lambda: "it is away")
    names = [name for name, _ in made.steps()]
    assert names == [
        "network",
        *("stages, photo 1 MP", "stages, photo 12 MP"),
        *("stages, video 1280x720", "stages, video 1920x1080"),
        *("stages, live 640x480", "stages, live 1280x720"),
        *("photo, 1 MP", "photo, 3 MP", "video, 1280x720", "video, 1920x1080"),
        *("live, 640x480", "live, 1280x720", "import", "first photo", "cuda"),
    ]
    assert made.report.remarks == ["The page is not started: it is away"]


def test_without_a_graphics_card_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(Choice, "load", lambda _: RedSegmenter())
    save_image(tmp_path / "red.png", person())
    made = Suite(Choice(), Plan(parts=("cuda",)), tmp_path, photo=tmp_path / "red.png")
    for _, step in made.steps():
        step()
    assert made.report.rows == []
    assert made.report.remarks[0].startswith("CUDA is not measured: there is no graphics card")


def test_photos_are_four_to_three_and_within_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(Choice, "load", lambda _: RedSegmenter())
    save_image(tmp_path / "red.png", person())
    made = Suite(Choice(), Plan(), tmp_path, photo=tmp_path / "red.png")
    height, width = open_image(made._photo(1)).shape[:2]
    assert 0.9e6 < height * width <= 1e6 and 3 * width == 4 * height
    assert height % 16 == width % 16 == 0


def test_a_run_fills_every_part_and_draws_the_plot(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "plan_of", lambda _: TINY)
    plot = tmp_path / "cost.png"
    assert cli.main(["benchmark", "--json", "--quiet", "--device", "cpu", "--plot", str(plot)]) == 0
    told = json.loads(capsys.readouterr().out)
    whole = {row["what"]: row for row in told["rows"] if row["part"] == "whole"}
    assert list(whole) == ["photo", "video", "live"]
    assert whole["video"]["count"] == 6 and whole["video"]["memory_mb"] > 50
    assert {row["where"] for row in told["rows"] if row["part"] == "stage"} == {
        "photo 1 MP",
        "video 128x72",
        "live 80x60",
    }
    assert len(told["cost"]["frame_ms"]) == 6
    assert open_image(plot).shape == (380, 900, 3)


def test_the_plot_asks_for_more_sizes_and_matplotlib(monkeypatch, capsys):
    chosen = cli.make_parser().parse_args(["benchmark", "--parts", "start", "--plot", "x.png"])
    plan = command.plan_of(chosen)
    assert plan.whole_megapixels == (1, 3, 6, 12, 25, 50) and plan.megapixels == (1, 12, 50)
    assert plan.parts == ("start", "photo", "video") and plan.frames == command.MORE_FRAMES
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert cli.main(["benchmark", "--plot", "x.png"]) == 1
    assert "pip install matplotlib" in capsys.readouterr().err
    assert cli.main(["benchmark", "--plot", "x.jpg"]) == 2
    assert "x.png" in capsys.readouterr().err


def test_a_plot_that_can_not_be_written_is_told_before_anything_is_measured(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "file").touch()
    monkeypatch.setattr(Choice, "load", lambda _: pytest.fail("measured first"))
    assert cli.main(["benchmark", "--quiet", "--plot", str(tmp_path / "file" / "cost.png")]) == 1
    assert "can't write into the folder" in capsys.readouterr().err


def test_a_plot_that_fails_in_the_end_does_not_cost_the_report(tmp_path, monkeypatch, capsys):
    report = Report("CPU", {"cores": 2}, remarks=["measured"])
    monkeypatch.setattr(command, "measure", lambda _: report)
    (tmp_path / "cost.png").mkdir()
    assert cli.main(["benchmark", "--plot", str(tmp_path / "cost.png")]) == 1
    told = capsys.readouterr()
    assert "measured" in told.out and "it is a folder" in told.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "photos"], "--set is for a comparison; add --against mediapipe"),
        (["--rival-python", "python"], "--rival-python is for a comparison"),
        (["--against", "mediapipe", "--plot", "x.png"], "--plot has no effect with --against"),
        (["--against", "mediapipe", "--parts", "live"], "--parts has no effect with --against"),
    ],
)
def test_an_option_without_effect_is_refused(words, told, monkeypatch, capsys):
    monkeypatch.setattr(Choice, "load", lambda _: pytest.fail("measured all the same"))
    assert cli.main(["benchmark", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_missing_network_in_8_bits_is_told_before_anything_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(Choice, "load", lambda _: pytest.fail("measured first"))
    assert cli.main(["benchmark", "--quiet", "--int8", "nowhere.onnx"]) == 2
    assert "there is no nowhere.onnx; give --int8" in capsys.readouterr().err


def test_wrong_numbers_are_refused(capsys):
    assert cli.main(["benchmark", "--repeats", "0"]) == 2
    assert "at least 1" in capsys.readouterr().err
    assert cli.main(["benchmark", "--photo", "nobody.jpg", "--quiet", "--quick"]) == 2
    assert "nobody.jpg" in capsys.readouterr().err


def test_why_there_is_no_int8_is_told(monkeypatch, tmp_path):
    chosen = cli.make_parser().parse_args(["benchmark"])
    monkeypatch.setitem(sys.modules, "onnx", None)
    path, remarks = command.make_int8(chosen, tmp_path / "int8.onnx")
    assert path is None and "onnx" in remarks[0]


def test_the_default_portrait_is_in_the_project():
    assert PORTRAIT.is_file()
