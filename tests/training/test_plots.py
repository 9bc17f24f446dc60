import sys

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from segmenter.errors import InvalidInput, MissingExtra
from segmenter.training.plots import (
    COLOURS,
    DASHES,
    draw_precision_recall,
    draw_training,
    read_log,
    style,
)
from segmenter.training.precision_recall import AlphaHistogram

HEADER = "samples,loss,miou,seconds\n"
# Where curves may be: right of the legend and the labels.
RIGHT = slice(800, 1150)


def rows_of(picture, colour):
    """The rows of the right part in which a curve's colour occurs, from the top."""
    wanted = np.round(np.array(to_rgb(colour)) * 255)
    return np.flatnonzero((picture[:, RIGHT] == wanted).all(axis=2).any(axis=1))


def histogram(wrong):
    """Of a model that calls a person's pixels sure, and so many of 100 background pixels too."""
    counts = AlphaHistogram()
    truth = np.array([[255] * 100 + [0] * 100], np.uint8)
    alpha = np.float32([[1] * 50 + [0.5] * 50 + [0.9] * wrong + [0] * (100 - wrong)])
    counts.add(alpha, truth)
    return counts


def test_the_more_precise_model_has_the_higher_curve():
    picture = draw_precision_recall({"good": histogram(2), "poor": histogram(20)}, "party")
    assert picture.shape == (900, 1200, 3) and picture.dtype == np.uint8
    good, poor = rows_of(picture, COLOURS[0]), rows_of(picture, COLOURS[1])
    assert len(good) and len(poor) and good[0] < poor[0] - 50


def test_a_model_that_is_never_half_sure_has_a_curve_too():
    unsure = AlphaHistogram()
    truth = np.array([[255] * 100 + [0] * 100], np.uint8)
    unsure.add(np.full((1, 200), 0.3, np.float32), truth)
    picture = draw_precision_recall({"good": histogram(2), "unsure": unsure}, "party")
    # A level line at a precision of one half; the sure model's scale would begin above it.
    rows = rows_of(picture, COLOURS[1])
    assert len(rows) and 350 < rows.mean() < 500


def test_a_set_without_people_is_drawn_without_a_curve():
    nobody = AlphaHistogram()
    nobody.add(np.zeros((1, 4), np.float32), np.zeros((1, 4), np.uint8))
    picture = draw_precision_recall({"good": nobody}, "rooms")
    assert len(rows_of(picture, COLOURS[0])) == 0 and picture.min() < 50


def test_thirty_five_curves_look_different():
    assert len({str(style(index)) for index in range(len(COLOURS) * len(DASHES))}) == 35


def test_the_loss_falls_in_the_picture_too(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(HEADER + "0,1.0,,0\n50000,0.1,,1\n100000,0.0,,2\n")
    rows = rows_of(draw_training({"run": log}), COLOURS[0])
    # It ends at the bottom; the legend in the corner above has the colour, too.
    assert rows[-1] > 700


def test_validation_gets_a_panel_of_its_own(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(HEADER + "1000,1.0,0.5,10\n2000,1.0,0.5,20\n")
    rows = rows_of(draw_training({"run": log}), COLOURS[0])
    # Two level lines: the loss in the middle of the upper half, the mIoU in that of the lower.
    assert any(rows < 450) and any(rows > 550)


def test_a_log_is_read_with_gaps_where_nothing_was_validated(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text(HEADER + "1600,0.53,,60.5\n3200,0.41,0.913,121\n")
    run = read_log(log)
    assert run["samples"].tolist() == [1600, 3200] and run["loss"].tolist() == [0.53, 0.41]
    assert np.isnan(run["miou"][0]) and run["miou"][1] == 0.913


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2608,0.53,\n5168,0.33,\n", "no log of a run"),
        (HEADER + "1600,much,,60\n", "no log of a run"),
        (HEADER + "1600,0.5\n", "no log of a run"),
        (HEADER, "holds no row yet"),
        (None, "no log of a run"),
    ],
)
def test_what_is_no_log_is_named(text, words, tmp_path):
    log = tmp_path / "log.csv"
    if text is not None:
        log.write_text(text)
    with pytest.raises(InvalidInput, match=words) as error:
        draw_training({"run": log})
    assert str(log) in str(error.value)


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra, match="pip install matplotlib"):
        draw_precision_recall({}, "party")
