import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from scenes import RedSegmenter, person

from segmenter import cli
from segmenter.images import save_image


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr("segmenter.inference.Segmenter", lambda *_, **__: RedSegmenter())


@pytest.mark.parametrize(
    "command", ["replace", "matte", "benchmark", "train", "evaluate", "export"]
)
def test_help_of_every_command(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert "--debug" in capsys.readouterr().out


def test_replace_writes_the_result_and_a_report(fake, tmp_path, capsys):
    save_image(tmp_path / "anna.png", person())
    output = tmp_path / "out.png"
    source = str(tmp_path / "anna.png")
    assert cli.main(["replace", source, "-b", "#0000ff", "-o", str(output), "--json"]) == 0
    assert cv2.imread(str(output))[5, 5].tolist() == [255, 0, 0]  # blue, in OpenCV's order
    assert json.loads(capsys.readouterr().out)["done"] == 1


def test_a_failed_item_gives_exit_code_one(fake, tmp_path, capsys):
    save_image(tmp_path / "in" / "anna.png", person())
    (tmp_path / "in" / "bad.jpg").write_text("hello")
    assert cli.main(["replace", str(tmp_path / "in"), "-o", str(tmp_path / "out")]) == 1
    assert (tmp_path / "out" / "anna.png").exists()
    assert "bad.jpg" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["replace", "nowhere.jpg"],
        ["replace", "nowhere.jpg", "-b", "purple"],
        ["replace", "nowhere.jpg", "--edge-strength", "3"],
        ["matte", "nowhere", "-o", "out"],
    ],
)
def test_wrong_usage_gives_two_and_one_line(fake, arguments, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1 and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback(fake, capsys):
    assert cli.main(["replace", "nowhere.jpg", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_unknown_model_is_told(tmp_path, capsys):
    save_image(tmp_path / "anna.png", person())
    missing = str(tmp_path / "missing.json")
    assert cli.main(["replace", str(tmp_path / "anna.png"), "--model", missing]) == 1
    assert "missing.json" in capsys.readouterr().err


def test_evaluate_prints_the_scores_as_json(fake, tmp_path, capsys):
    frame = person()
    save_image(tmp_path / "set" / "images" / "a.png", frame)
    save_image(tmp_path / "set" / "masks" / "a.png", (frame[..., 0] == 200).astype(np.uint8) * 255)
    assert cli.main(["evaluate", str(tmp_path / "set"), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["photos"] == 1
    assert row["miou"] > 0.99 and row["boundary_f"] == 1 and row["mae"] < 0.01
    assert cli.main(["evaluate", str(tmp_path / "set")]) == 0
    assert "| set | photos |" in capsys.readouterr().out


SHARED = Path(__file__).parents[2] / "shared"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the validation photos beside the project")
def test_evaluate_agrees_with_the_scorer(tmp_path):
    """The scorer was written by others; both must give the same numbers on real mattes."""
    sys.path.insert(0, str(SHARED / "tools"))
    from score import score as theirs

    from segmenter.training.evaluate import score as ours

    for path in sorted((SHARED / "data" / "val" / "portraits" / "masks").glob("*.png"))[:4]:
        truth = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        alpha = cv2.GaussianBlur(np.roll(truth, 4, axis=1), (0, 0), 3)
        mine, reference = ours(alpha.astype(np.float32) / 255, truth), theirs(alpha, truth)
        assert mine == pytest.approx(reference, abs=1e-5)
