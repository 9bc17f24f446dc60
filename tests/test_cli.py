import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from photo_sets import NETWORK, NamedSegmenter, put_pair
from scenes import RedSegmenter, person

from segmenter import cli
from segmenter.images import save_image
from segmenter.training.composites import Composites

PORTRAIT = next((Path(__file__).parents[1] / "examples" / "portraits").glob("*.jpg"))


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr("segmenter.cli.command.Segmenter", lambda *_, **__: RedSegmenter())


@pytest.mark.parametrize(
    "command", ["replace", "matte", "benchmark", "train", "evaluate", "export"]
)
def test_help_of_every_command(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "--help"])
    assert stop.value.code == 0
    assert "--debug" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        ("benchmark", "--parts", "parts"),
        ("benchmark", "--set", "sets"),
        ("evaluate", "--clips", "clips"),
        ("export a -o b", "--calibration", "calibration"),
        ("export a -o b", "--formats", "formats"),
        ("train data -o run", "--without", "without"),
    ],
)
def test_a_list_may_be_given_in_one_or_in_several_options(command, option, name):
    words = {"parts": ["start", "live"], "formats": ["tflite", "int8"]}.get(name, ["a", "b"])

    def given(*arguments):
        return getattr(cli.make_parser().parse_args([*command.split(), *arguments]), name)

    at_once = given(option, *words)
    assert given(option, words[0], option, words[1]) == at_once
    assert [str(one) for one in at_once][-2:] == words


def test_help_tells_defaults_of_zero_and_no_empty_ones(capsys):
    with pytest.raises(SystemExit):
        cli.main(["replace", "--help"])
    said = capsys.readouterr().out
    assert "(default: 0.0)" in said and "(default: )" not in said


def test_replace_writes_the_result_and_a_report(fake, tmp_path, capsys):
    save_image(tmp_path / "anna.png", person())
    output = tmp_path / "out.png"
    source = str(tmp_path / "anna.png")
    assert cli.main(["replace", source, "-b", "#0000ff", "-o", str(output), "--json"]) == 0
    assert cv2.imread(str(output))[5, 5].tolist() == [255, 0, 0]  # blue, in OpenCV's order
    assert json.loads(capsys.readouterr().out)["done"] == 1


@pytest.mark.parametrize("output", [[], ["-o", "anna-backdrop.png"], ["-o", "done"]])
def test_replace_keeps_the_background(fake, output, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    save_image("anna.png", person())
    behind = Path("done/anna.png" if "done" in output else "anna-backdrop.png")
    save_image(behind, person(left=20))
    before = behind.read_bytes()
    assert cli.main(["replace", "anna.png", "-b", str(behind), *output]) == 2
    assert "is the background itself" in capsys.readouterr().err
    assert behind.read_bytes() == before


def test_replace_keeps_the_person_at_a_place(fake, tmp_path):
    save_image(tmp_path / "two.png", np.hstack([person(left=20)[:, :80], person(left=100)[:, 80:]]))
    arguments = ["replace", str(tmp_path / "two.png"), "--people", "clicked", "--at", "0.75,0.5"]
    assert cli.main([*arguments, "-o", str(tmp_path / "out.png")]) == 0
    alpha = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)[..., 3]
    assert alpha[60, 120] == 255 and alpha[60, 40] == 0


def test_replace_keeps_and_removes_what_strokes_say_the_last_where_they_cross(fake, tmp_path):
    picture = person(left=20)
    picture[50:70, 110:130] = (40, 60, 200)  # a bag that the segmenter does not see
    save_image(tmp_path / "anna.png", picture)
    strokes = ["--keep", "0.72,0.5 0.78,0.5", "--remove", "0.25,0.5", "--brush", "0.05"]
    for more, is_kept in ([], True), (["--remove", "0.75,0.4 0.75,0.6"], False):
        arguments = ["replace", str(tmp_path / "anna.png"), *strokes, *more]
        assert cli.main([*arguments, "-o", str(tmp_path / "out.png")]) == 0
        alpha = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)[..., 3]
        assert alpha[60, 40] == 0 and (alpha[60, 120] == 255) == is_kept
        assert alpha[45, 30] == 255  # of her; the stroke's own colours are hers everywhere


def test_replace_tells_that_nobody_is_at_a_place(fake, tmp_path, capsys):
    save_image(tmp_path / "anna.png", person())
    arguments = ["replace", str(tmp_path / "anna.png"), "--people", "clicked", "--at", "0.05,0.9"]
    assert cli.main([*arguments, "-o", str(tmp_path / "out.png")]) == 1
    assert "nobody was found at 0.05,0.9" in capsys.readouterr().err


def test_replace_draws_the_edges_of_photos_and_of_nothing_else(fake, tmp_path, capsys):
    save_image(tmp_path / "in" / "anna.png", person())
    (tmp_path / "in" / "walk.mp4").touch()
    out = tmp_path / "out"
    assert cli.main(["replace", str(tmp_path / "in"), "-o", str(out), "--view", "edges"]) == 1
    picture = cv2.imread(str(out / "anna.png"))
    assert (picture[60, 80] == picture[60, 80, 0]).all(), "the person is dimmed to grey"
    assert np.ptp(picture[60, 60].astype(int)) > 50, "the band is blue"
    assert "made of photos" in capsys.readouterr().err


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
        ["replace", str(PORTRAIT), "-b", "nowhere.jpg"],
        ["replace", str(PORTRAIT), "-b", "nowhere.mp4"],
        ["replace", "nowhere.jpg", "--edge-strength", "3"],
        ["replace", "nowhere.jpg", "--people", "clicked", "--at", "left"],
        ["replace", "nowhere.jpg", "--people", "clicked", "--at", "310,420"],
        ["replace", "nowhere.jpg", "--people", "clicked"],
        ["replace", "nowhere.jpg", "--keep", "left"],
        ["replace", "nowhere.jpg", "--remove", "0.1,0.1", "--brush", "3"],
        ["matte", "nowhere", "-o", "out"],
        ["replace", "/"],
    ],
)
def test_wrong_usage_gives_two_and_one_line(fake, arguments, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1 and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["replace", "matte", "label", "train", "export"])
def test_an_empty_name_is_no_folder(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([command, "", "-o", "out"])
    assert stop.value.code == 2
    assert "it is empty" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["replace", "matte"])
def test_quiet_still_tells_what_failed(fake, command, tmp_path, capsys):
    save_image(tmp_path / "in" / "anna.png", person())
    arguments = [command, str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--quiet"]
    assert cli.main(arguments) == 0
    assert capsys.readouterr().err == ""
    (tmp_path / "in" / "broken.jpg").write_bytes(b"milk, bread")
    assert cli.main(arguments) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "broken.jpg" in lines[0]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
def test_a_report_that_can_not_be_written_is_told_in_a_line(tmp_path):
    save_image(tmp_path / "anna.png", person())
    command = [sys.executable, "-m", "segmenter", "replace", str(tmp_path / "anna.png"), "--json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    about_photo, about_report = done.stderr.splitlines()  # the network finds nobody in a drawing
    assert "nobody was found" in about_photo and "No space left" in about_report
    assert (tmp_path / "anna-backdrop.png").exists()


def test_debug_shows_the_traceback(fake, capsys):
    assert cli.main(["replace", "nowhere.jpg", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["transparent", "blur"])
def test_a_file_of_a_background_s_name_does_not_hide_it(fake, tmp_path, monkeypatch, word):
    save_image(tmp_path / "anna.png", person())
    (tmp_path / word).write_text("")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["replace", "anna.png", "-b", word, "--quiet"]) == 0


@pytest.mark.parametrize("option", [["--workers", "0"], ["--address", "auto"]])
def test_an_option_that_would_change_nothing_is_refused(option, tmp_path, capsys):
    save_image(tmp_path / "anna.png", person())
    assert cli.main(["replace", str(tmp_path / "anna.png"), *option]) == 2
    assert f"{option[0]} has no effect without --engine ray" in capsys.readouterr().err


@pytest.mark.parametrize("given", [[], ["--debug"]])
def test_debug_shows_the_traceback_of_a_failed_item_too(given, tmp_path):
    (tmp_path / "broken.jpg").write_text("no photo")
    command = [sys.executable, "-m", "segmenter", "matte", str(tmp_path / "broken.jpg"), *given]
    done = subprocess.run([*command, "-o", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1
    assert ("Traceback" in done.stderr) == bool(given)


def test_an_unknown_model_is_told(tmp_path, capsys):
    save_image(tmp_path / "anna.png", person())
    missing = str(tmp_path / "missing.json")
    assert cli.main(["replace", str(tmp_path / "anna.png"), "--model", missing]) == 1
    assert "missing.json" in capsys.readouterr().err


@pytest.fixture
def models(monkeypatch):
    """Models by name: `late` misses the person's upper half."""

    def load(name, **_):
        return NamedSegmenter(name or "disc", missed=60 if name == "late" else 0)

    monkeypatch.setattr("segmenter.cli.evaluate.Segmenter", load)
    monkeypatch.setattr("segmenter.training.speed.measure_network", lambda *_: NETWORK)


def test_evaluate_prints_the_scores_as_json(models, tmp_path, capsys):
    put_pair(tmp_path / "set")
    assert cli.main(["evaluate", str(tmp_path / "set"), "--json", "--quiet"]) == 0
    printed = capsys.readouterr()
    (row,) = json.loads(printed.out)
    assert (row["model"], row["set"], row["photos"]) == ("disc", "set", 1)
    assert row["miou"] > 0.99 and row["boundary_f"] == 1 and row["mae"] < 0.01
    assert (row["onnx_ms"], row["torch_ms"]) == (8.25, None) and printed.err == ""


def test_evaluate_prints_a_row_for_each_model_and_set(models, tmp_path, capsys):
    sets = [str(put_pair(tmp_path / name)) for name in ("home", "street")]
    assert cli.main(["evaluate", *sets, "--model", "good", "--model", "late", "--raw"]) == 0
    printed = capsys.readouterr()
    rows = [line.split(" | ") for line in printed.out.splitlines()[2:]]
    assert [row[:2] for row in rows] == [
        ["| good", "home"],
        ["| good", "street"],
        ["| late", "home"],
        ["| late", "street"],
    ]
    assert rows[0][3] == "1.0000" and rows[2][3] == "0.5000"
    assert "good, late: CPU, test segmenter" in printed.err


def test_evaluate_writes_plots(models, tmp_path, capsys):
    arguments = ["evaluate", str(put_pair(tmp_path / "set")), "--plots", str(tmp_path / "out")]
    assert cli.main([*arguments, "--json", "--worst", "1"]) == 0
    printed = capsys.readouterr()
    assert (tmp_path / "out" / "worst-disc-set.jpg").exists()
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == json.loads(printed.out)
    assert f"3 files in {tmp_path / 'out'}" in printed.err


def test_evaluate_scores_composites_beside_the_raw_probability(models, data, capsys, monkeypatch):
    monkeypatch.setattr(Composites.__init__, "__defaults__", (2, 20))
    command = ["evaluate", "--composites", str(data), "--json", "--quiet"]
    assert cli.main(command) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["set"], row["way"]) for row in rows] == [
        ("composites", "whole"),
        ("composites", "raw"),
    ]
    assert all(row["photos"] == 2 and row["spill"] >= 0 for row in rows)


def test_evaluate_writes_the_scores_of_composites_too(models, data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Composites.__init__, "__defaults__", (1, 20))
    command = ["evaluate", "--composites", str(data), "--plots", str(tmp_path / "out")]
    assert cli.main([*command, "--json", "--quiet"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert len(printed) == 2
    assert json.loads((tmp_path / "out" / "scores.json").read_text()) == printed


def test_evaluate_leaves_steps_out_and_writes_sheets(models, tmp_path, capsys):
    folder = str(put_pair(tmp_path / "set"))
    photos = str(tmp_path / "set" / "images")
    sheets = tmp_path / "sheets"
    assert cli.main(["evaluate", folder, photos, "--ablation", "--sheet", str(sheets)]) == 0
    printed = capsys.readouterr()
    scores, ways = printed.out.split("\n\n")
    assert len(scores.splitlines()) == 3
    assert "| disc | set | no foreground | 1 |" in ways
    names = ["disc-images-01.jpg", "disc-set-01.jpg"]
    assert sorted(path.name for path in sheets.iterdir()) == names
    assert f"2 sheets in {sheets}" in printed.err
    assert cli.main(["evaluate", photos, "--sheet", str(sheets)]) == 0
    assert capsys.readouterr().out == ""
    (tmp_path / "empty").mkdir()
    assert cli.main(["evaluate", str(tmp_path / "empty"), "--sheet", str(sheets)]) == 1
    assert f"{tmp_path / 'empty'} has no folder images" in capsys.readouterr().err


def test_evaluate_scores_a_clip_as_a_video_and_as_a_camera(models, tmp_path, capsys):
    for name in "abc":
        put_pair(tmp_path / "clip", name)
    assert cli.main(["evaluate", "--clips", str(tmp_path / "clip"), "--json", "--quiet"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["clip"], row["way"], row["frames"]) for row in rows] == [
        ("clip", "video, frame by frame", 3),
        ("clip", "video", 3),
        ("clip", "camera", 3),
        ("clip", "camera, busy machine", 3),
    ]
    assert all(row["flicker"] == 0 and row["lag"] is None for row in rows)
    assert cli.main(["evaluate", "--clips", str(tmp_path / "clip"), "--quiet"]) == 0
    assert "| model | clip | way | frames |" in capsys.readouterr().out


def test_evaluate_looks_for_clips_before_it_scores(models, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("segmenter.training.evaluate.evaluate", None)  # would end in a TypeError
    command = ["evaluate", str(put_pair(tmp_path / "set")), "--clips", str(tmp_path / "nope")]
    assert cli.main(command) == 1
    assert f"can't list {tmp_path / 'nope'}" in capsys.readouterr().err


def test_evaluate_needs_something_to_score(capsys):
    assert cli.main(["evaluate"]) == 2
    assert "give a SET" in capsys.readouterr().err


def test_evaluate_names_bad_data(models, tmp_path, capsys):
    put_pair(tmp_path / "set", mask=np.zeros((3, 4), np.uint8))
    assert cli.main(["evaluate", str(tmp_path / "set"), "--json"]) == 1
    printed = capsys.readouterr()
    assert str(tmp_path / "set" / "masks" / "a.png") in printed.err and printed.out == ""


def test_evaluate_finds_out_first_that_plots_can_not_be_drawn(
    models, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert cli.main(["evaluate", str(tmp_path), "--plots", str(tmp_path / "out")]) == 1
    assert "pip install matplotlib" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-3", "101", "some"])
def test_evaluate_refuses_a_senseless_number_of_worst_photos(count, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["evaluate", "set", "--worst", count])
    assert stop.value.code == 2 and "from 1 to 100" in capsys.readouterr().err


SHARED = Path(__file__).parents[2] / "shared"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs the validation photos beside the project")
@pytest.mark.parametrize("name", ["portraits", "street", "faces"])
def test_evaluate_agrees_with_the_scorer(name):
    """The scorer was written by others; both must give the same numbers on real masks."""
    sys.path.insert(0, str(SHARED / "tools"))
    from score import METRICS
    from score import score as theirs

    from segmenter.training.evaluate import score as ours

    for path in sorted((SHARED / "data" / "val" / name / "masks").glob("*.png"))[:4]:
        truth = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        shifted = cv2.GaussianBlur(np.roll(truth, 4, axis=1), (0, 0), 3)
        for alpha in (shifted, truth, 255 - truth, np.zeros_like(truth)):
            mine, reference = ours(alpha.astype(np.float32) / 255, truth), theirs(alpha, truth)
            common = {name: mine[name] for name in METRICS}
            assert common == pytest.approx(reference, abs=1e-5)


# In a process of its own: libraries of other tests leave handlers of these signals behind.
INTERRUPTED = """
import os, signal, sys, time

sys.path[:0] = sys.argv[1:3]
from scenes import RedSegmenter

import segmenter.batch, segmenter.cli.command
from segmenter import cli
from segmenter.files import finished

def photo(self, path, output):
    with finished(output):
        os.kill(os.getpid(), number)
        time.sleep(5)
        raise AssertionError("went on")

segmenter.cli.command.Segmenter = lambda *_, **__: RedSegmenter()
segmenter.batch.Replacer.photo = photo
number = getattr(signal, sys.argv[3])
before = signal.getsignal(number)
code = cli.main(["replace", "in/anna.png", "-o", "out.png"])
assert signal.getsignal(number) == before
sys.exit(code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 1)])
def test_a_signal_to_end_leaves_nothing(tmp_path, name, code):
    save_image(tmp_path / "in" / "anna.png", person())
    folders = [str(path) for path in (Path(__file__).parent, Path(__file__).parents[1])]
    command = [sys.executable, "-c", INTERRUPTED, *folders, name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert "replace: cancelled" in done.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs POSIX signals")
def test_a_signal_that_is_ignored_stays_ignored():
    """As `nohup` wishes."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with cli.ending_cleanly():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_commands_run_in_other_threads_too(fake, tmp_path):
    save_image(tmp_path / "anna.png", person())
    with ThreadPoolExecutor() as pool:
        assert pool.submit(cli.main, ["replace", str(tmp_path / "anna.png")]).result() == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device here")
@pytest.mark.parametrize("command", ["evaluate", "publish"])
def test_what_can_not_be_written_is_told_in_a_line(command, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    arguments, what = {
        "evaluate": ([str(put_pair(tmp_path)), "--quiet"], "scores"),
        "publish": (["--repo", "owner/name"], "report"),
    }[command]
    program = [sys.executable, "-m", "segmenter", command, *arguments]
    with open("/dev/full", "w") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True)
    said = f"segmenter {command}: can't write the {what}: No space left on device"
    assert (done.returncode, done.stderr.strip()) == (1, said)
