"""Draws how cost grows with pixels and with frames."""

from pathlib import Path

from PIL import Image

from segmenter.arrays import Frame
from segmenter.benchmark.cost import Cost, Line
from segmenter.errors import InvalidInput
from segmenter.files import finished
from segmenter.training.plots import COLOURS, new_figure, rendered

WIDTH_INCHES, HEIGHT_INCHES = 9, 3.8  # as wide as a page of text shows without shrinking it
DOTS_PER_INCH = 100
HEADROOM = 1.3  # of the tallest, for the legend
TINTS = 64  # of two curves' colours, black and grey; a third of the bytes of all


def draw_cost(cost: Cost, machine: str) -> Frame:
    """Draw a photo's milliseconds against its pixels, and a video's seconds against its frames.

    Args:
        cost: what was measured.
        machine: where, in a few words, for the title.

    Returns:
        (380, 900, 3) uint8 RGB.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    figure = new_figure()
    figure.set_size_inches(WIDTH_INCHES, HEIGHT_INCHES)
    figure.set_dpi(DOTS_PER_INCH)
    photos, video = figure.subplots(1, 2)
    photo_s = [milliseconds / 1000 for milliseconds in cost.photo_ms]
    photos.plot(cost.megapixels, photo_s, "o", color=COLOURS[0], label="measured, median")
    line = cost.photo_line()
    if line:
        in_seconds = Line(line.start / 1000, line.slope / 1000, line.r_squared)
        words = f"{line.start:.0f} ms + {line.slope:.1f} ms a megapixel"
        draw_line(photos, in_seconds, max(cost.megapixels), words)
    photos.set(title="Photo, file to file", xlabel="megapixels", ylabel="seconds a photo")
    frames = range(1, len(cost.frame_ms) + 1)
    video.plot(frames, cost.video_s(), color=COLOURS[0], linewidth=3, label="measured")
    line = cost.video_line()
    if line:
        words = f"{line.start:.2f} s + {1000 * line.slope:.1f} ms a frame"
        draw_line(video, line, len(cost.frame_ms), words)
    video.set(
        title=f"Video, {cost.video_size}", xlabel="frames done", ylabel="seconds since the start"
    )
    for axes in (photos, video):
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0, top=HEADROOM * axes.get_ylim()[1])
        axes.legend(loc="upper left")
    figure.suptitle(f"Cost grows in a straight line: {machine}" if is_straight(cost) else machine)
    return rendered(figure)


def draw_line(axes, line: Line, end: float, words: str) -> None:
    """Draw a fitted line from 0 on, and tell in the legend how well it fits."""
    label = f"{words}\nR² = {line.r_squared:.4f}"
    ends = [line.start, line.start + line.slope * end]
    axes.plot([0, end], ends, "--", color=COLOURS[1], linewidth=1.5, label=label)


def is_straight(cost: Cost, least: float = 0.98) -> bool:
    """Tell whether both lines fit well enough to say so in the title."""
    lines = [line for line in (cost.photo_line(), cost.video_line()) if line]
    return bool(lines) and all(line.r_squared >= least for line in lines)


def require_png(path: Path) -> None:
    """Refuse another ending.

    Raises:
        InvalidInput: the path has one.
    """
    if path.suffix.lower() != ".png":
        raise InvalidInput(f"a plot is saved as PNG; name it {path.with_suffix('.png').name}")


def save_plot(path: Path, picture: Frame) -> None:
    """Save a drawing as a small PNG, whole or not at all.

    Raises:
        OutputFailed: the folder can't be written to.
    """
    tints = Image.fromarray(picture).quantize(TINTS, Image.Quantize.MEDIANCUT, dither=0)
    with finished(path) as part:
        tints.save(part, "PNG", optimize=True)
