"""Curves, drawn with matplotlib: how models trade precision for recall, and how runs learned."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from segmenter.arrays import Frame
from segmenter.errors import InvalidInput, MissingExtra
from segmenter.training.log import COLUMNS
from segmenter.training.precision_recall import AlphaHistogram

# Okabe and Ito's colours, told apart by every kind of eye; dashes tell them apart in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))
SIZE_INCHES, DOTS_PER_INCH = (8, 6), 150  # 1200x900 pixels
LETTERS_PT = 12


def require_matplotlib() -> None:
    """Raise MissingExtra unless matplotlib is installed, before time is spent on what it draws."""
    try:
        import matplotlib.figure  # noqa: F401 - asks only whether it is installed
    except ImportError as error:
        raise MissingExtra("plots need matplotlib: pip install matplotlib") from error


def draw_precision_recall(histograms: Mapping[str, AlphaHistogram], title: str) -> Frame:
    """Draw precision against recall over the thresholds of the alpha, a curve for each model.

    Args:
        histograms: of each model's alphas on one set, by the model's name.
        title: the set's name.

    Returns:
        (900, 1200, 3) uint8 RGB.
    """
    figure = new_figure()
    axes = figure.subplots()
    lowest = 1.0
    for index, (name, histogram) in enumerate(histograms.items()):
        curve = histogram.curve()
        if len(curve.recall) == 0:
            axes.plot([], [], label=f"{name}: the masks show nobody", **style(index))
            continue
        label = f"{name}, average precision {curve.average_precision:.4f}"
        # With these steps, from recall 0 on, the area under the line is the average precision.
        recall = np.append(0, curve.recall)
        precision = np.append(curve.precision[0], curve.precision)
        axes.plot(recall, precision, drawstyle="steps-pre", label=label, **style(index))
        half = curve.at_half()
        if half is not None:
            axes.plot(*half, "o", color=style(index)["color"], markersize=9, clip_on=False)
        lowest = min(lowest, *(half or (0.0,)))  # where nothing is half sure, all is shown
    axes.plot([], [], "o", color="grey", markersize=9, label="alpha cut at one half")
    # Good curves lie in the corner; the rest of the square would be empty.
    least = max(0.0, np.floor((lowest - 0.1) * 10) / 10)
    axes.set(
        title=f"Precision and recall: {title}",
        xlabel="recall: share of the people's pixels that were found",
        ylabel="precision: share of the found pixels that are people's",
        xlim=(least, 1),
        ylim=(least, 1),
    )
    axes.legend(loc="lower left")
    return rendered(figure)


def draw_training(logs: Mapping[str, Path]) -> Frame:
    """Draw the loss and the validation mIoU of runs against the samples they saw.

    Args:
        logs: each run's log.csv, by the run's name.

    Returns:
        (900, 1200, 3) uint8 RGB.

    Raises:
        InvalidInput: a file is no log of a run.
    """
    runs = {name: read_log(path) for name, path in logs.items()}
    validated = any(np.isfinite(run["miou"]).any() for run in runs.values())
    figure = new_figure()
    panels = figure.subplots(2 if validated else 1, sharex=True, squeeze=False)[:, 0]
    words = {"loss": "training loss", "miou": "mIoU on held-out photos"}
    for axes, (column, label) in zip(panels, words.items(), strict=False):
        for index, (name, run) in enumerate(runs.items()):
            known = np.isfinite(run[column])
            seen = run["samples"][known] / 1000
            axes.plot(seen, run[column][known], label=name, marker=".", **style(index))
        axes.set_ylabel(label)
    panels[0].set_title("Training")
    panels[0].legend()
    panels[-1].set_xlabel("samples seen, thousands")
    return rendered(figure)


def read_log(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a run's log as float64; an empty field is NaN.

    Raises:
        InvalidInput: it is no log of a run, or an empty one.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        columns = {
            name: np.array([float("nan" if row[name] == "" else row[name]) for row in rows])
            for name in COLUMNS
        }
    except (OSError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"{path} is no log of a run: it needs the columns {', '.join(COLUMNS)} and numbers "
            "in them; give the log.csv in a run's folder"
        ) from error
    if not rows:
        raise InvalidInput(f"{path} holds no row yet; wait for the run's first checkpoint")
    return columns


def style(index: int) -> dict:
    """Return the look of curve number `index`; 35 curves differ."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index % len(DASHES)],
        "linewidth": 2,
    }


def new_figure():
    """Return a matplotlib Figure that no window and no global state knows of.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    return Figure(SIZE_INCHES, DOTS_PER_INCH, layout="constrained")


def rendered(figure) -> Frame:
    """Return the figure's pixels, (H, W, 3) uint8 RGB."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for axes in figure.axes:
        axes.grid(alpha=0.3)
        axes.tick_params(labelsize=LETTERS_PT)
        axes.title.set_fontsize(LETTERS_PT + 2)
        legend = axes.get_legend()
        for text in (axes.xaxis.label, axes.yaxis.label, *(legend.get_texts() if legend else ())):
            text.set_fontsize(LETTERS_PT)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3].copy()
