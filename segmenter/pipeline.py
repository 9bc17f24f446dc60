"""The staircase from frame to composite, for one picture."""

import os
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from segmenter.arrays import Alpha, Cutout, Frame, Probability, require_coverage, require_frame
from segmenter.background import (
    Background,
    Blur,
    Clip,
    Colour,
    Picture,
    Transparent,
    require_background,
)
from segmenter.background.blur import blur_without
from segmenter.background.fit import require_fit
from segmenter.composite import cut_out, over_at, without_background
from segmenter.errors import InvalidInput
from segmenter.foreground import estimate_foreground, estimate_rim
from segmenter.images import IMAGE_ENDINGS, open_image
from segmenter.inference import Segmenter
from segmenter.people import Point, choose_people, require_choice
from segmenter.refine import RefineOptions, adjust, refine
from segmenter.strokes import Stroke, apply_strokes, hold_strokes, require_strokes
from segmenter.video import VIDEO_ENDINGS, probe, read_frames

# How far the person's colours are blurred into what a cut-out hides, as a share of its long side.
HERS_SHARE = 1 / 60


@dataclass(frozen=True, kw_only=True)
class ReplaceOptions:
    """What a user may choose, the same for a photo, a video and the live camera."""

    people: str = "everyone"  # or "largest", "centre", and for photos "clicked"
    point: Point | None = None  # with "clicked": x, y as shares of width and height
    refine: RefineOptions = field(default_factory=RefineOptions)
    smoothing: bool = True  # over time; videos and live only
    strokes: tuple[Stroke, ...] = ()  # corrections by hand; photos only

    def __post_init__(self):
        """Check who is to be kept, how edges are, and that a hand can have drawn the strokes."""
        require_choice(self.people, self.point)
        if not isinstance(self.refine, RefineOptions):
            raise InvalidInput(f"refine is a RefineOptions, got {self.refine!r}")
        require_strokes(self.strokes)


def require_options(given: Any) -> ReplaceOptions:
    """Return what is given as options; the defaults for None.

    Raises:
        InvalidInput: it is neither options nor None.
    """
    if given is None or isinstance(given, ReplaceOptions):
        return given or ReplaceOptions()
    raise InvalidInput(
        f"options are no {type(given).__name__}; make them: ReplaceOptions(people='largest'), or "
        "ReplaceOptions(refine=RefineOptions(feather_px=2))"
    )


@dataclass(frozen=True)
class Replacement:
    """What became of a frame (H, W, 3)."""

    picture: Frame | Cutout  # the composite (H, W, 3) uint8, or the cut-out (H, W, 4)
    alpha: Alpha  # (H, W) float32 in [0, 1]
    probability: Probability | None = None  # of a photo's chosen people, before refinement

    @property
    def has_people(self) -> bool:
        """Whether anybody is kept: where nobody is, all of it is the background."""
        return has_people(self.alpha)


class Shown(NamedTuple):
    """What is shown of a video's frame (H, W, 3)."""

    picture: Frame | Cutout  # the composite (H, W, 3) uint8, or the cut-out (H, W, 4)
    has_people: bool  # anybody is kept


def has_people(coverage: Alpha | Probability) -> bool:
    """Tell whether anybody is in an alpha or a probability, (H, W) in [0, 1]."""
    return bool(coverage.max() > 0.5)


def read_background(text: str | Path, fit: str = "cover") -> Background:
    """Make a background from the words the command line, the page and the live tab share.

    Args:
        text: a picture's or clip's path, `#rrggbb`, `blur`, `blur:RADIUS` (pixels), `transparent`.
        fit: how a picture fills the frame: `cover`, `contain` or `tile`.

    Raises:
        InvalidInput: it is none of these, or the fit is unknown.
        UnreadableImage, UnreadableVideo: the file can't be opened.
    """
    text = str(text)
    require_fit(fit)
    if text == "transparent":
        return Transparent()
    if text.startswith("#"):
        return Colour.from_hex(text)
    if text == "blur" or text.startswith("blur:"):
        return read_blur(text)
    path = Path(text)
    if path.suffix.lower() in VIDEO_ENDINGS:
        info = probe(path)
        return Clip(partial(read_frames, path, info=info), info.frame_rate, fit, file=path)
    if path.suffix.lower() in IMAGE_ENDINGS or os.path.isfile(path):
        return Picture(open_image(path), fit)
    raise InvalidInput(
        f"can't use {text!r} as a background; give a picture, a clip, #rrggbb, blur, blur:RADIUS "
        "or transparent"
    )


def read_blur(text: str) -> Blur:
    """Read `blur` or `blur:RADIUS`."""
    _, _, radius = text.partition(":")
    if not radius:
        return Blur()
    if not radius.isdecimal() or int(radius) == 0:
        raise InvalidInput(f"{text!r} needs a whole number of pixels, for instance blur:20")
    return Blur(int(radius))


def read_point(text: str) -> Point | None:
    """Read `X,Y`, for instance `0.25,0.6`: a quarter from the left, six tenths down; `` is none.

    Raises:
        InvalidInput: it is not two numbers.
    """
    if not text:
        return None
    try:
        x, y = (float(share) for share in text.split(","))
    except ValueError:
        raise InvalidInput(
            f"can't read the place {text!r}; give shares of width and height, such as 0.25,0.6"
        ) from None
    return x, y


def replace_in_image(
    frame: Frame,
    background: Background | None = None,
    *,
    segmenter: Segmenter | None = None,
    options: ReplaceOptions | None = None,
    probability: Probability | None = None,
) -> Replacement:
    """Replace what is behind the people in one picture.

    Args:
        frame: (H, W, 3) uint8 RGB.
        background: what to put there; None cuts out.
        segmenter: shared weights; None loads the bundled ones for this call.
        options: None for the defaults.
        probability: what `segmenter.probability(frame)` said before, (H, W) float32 in [0, 1], to
            spare a second look; it is not changed.

    Raises:
        InvalidInput: the frame, the background, the options or the probability are none.
        NobodyThere: a click that is on nobody.
    """
    require_frame(frame)
    require_background(background)
    options = require_options(options)
    if probability is None:
        probability = (segmenter or Segmenter()).probability(frame)
    require_coverage(probability, frame)
    chosen = _choose(probability, frame, options)
    alpha = _refine(chosen, frame, options)
    if background is None or isinstance(background, Transparent):
        shown, hers = adjust(alpha, options.refine)
        cutout = cut_out(estimate_foreground(frame, hers, shown=shown), shown)
        return Replacement(without_background(cutout), shown, chosen)
    done = put_before(background, frame, alpha, options.refine, 0.0)
    return replace(done, probability=chosen)


def to_alpha(probability: Probability, frame: Frame, options: ReplaceOptions) -> Alpha:
    """Choose what is kept of a photo, then refine the edges.

    Args:
        probability: (H, W) float32 in [0, 1].
        frame: (H, W, 3) uint8 RGB.
        options: the user's choices; the outline is neither moved nor softened.

    Returns:
        (H, W) float32 in [0, 1].

    Raises:
        NobodyThere: a click that is on nobody.
    """
    return _refine(_choose(probability, frame, options), frame, options)


def _choose(probability: Probability, frame: Frame, options: ReplaceOptions) -> Probability:
    """Return the probability of what is kept: who was chosen, and what strokes say."""
    chosen = choose_people(probability, frame, options.people, options.point)
    return apply_strokes(chosen, frame, options.strokes)


def _refine(chosen: Probability, frame: Frame, options: ReplaceOptions) -> Alpha:
    """Refine the edges of what was chosen; what lies under strokes holds."""
    return hold_strokes(refine(chosen, frame, options.refine), options.strokes)


def put_before(
    background: Background,
    frame: Frame,
    alpha: Alpha,
    edges: RefineOptions,
    time_s: float,
    small: Frame | None = None,
) -> Replacement:
    """Adjust the outline, free the person of the old background, and composite or cut out.

    Args:
        background: what to put there.
        frame: (H, W, 3) uint8 RGB.
        alpha: (H, W) float32 in [0, 1], as `refine` returns it.
        edges: how the outline is moved and softened.
        time_s: when the frame is shown.
        small: the frame as `halve` makes it, where that is at hand; saves shrinking it again.
    """
    shown, hers = adjust(alpha, edges)
    if isinstance(background, Transparent):
        cutout = cut_out(estimate_foreground(frame, hers, small, shown=shown), shown)
        # In lossy formats what is hidden beside her changes her outline: black would darken it.
        around = blur_without(frame, 1 - hers, max(hers.shape) * HERS_SHARE)
        return Replacement(without_background(cutout, around), shown)
    rim = estimate_rim(frame, hers, small, shown=shown)
    behind = background.at(time_s, frame, hers)
    return Replacement(over_at(rim, frame, behind), shown)


def matte_of_image(frame: Frame, segmenter: Segmenter, raw: bool = False) -> Alpha:
    """Return the alpha of one picture.

    Args:
        frame: (H, W, 3) uint8 RGB.
        segmenter: finds people.
        raw: return the probability of one look instead.

    Returns:
        (H, W) float32 in [0, 1].
    """
    if raw:
        return segmenter.probability(frame, segmenter.photo_size)
    return to_alpha(segmenter.probability(frame), frame, ReplaceOptions())
