"""From a coarse probability to an alpha whose edge lies on the picture's own edge.

Only the unknown band changes: the pixels around the outline where the network can't know. There the
alpha is a local linear function of colour, fitted on a smaller picture (guided.py) and applied at
full size (fast guided filter, He & Sun 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.arrays import (
    Alpha,
    Frame,
    Mask,
    Probability,
    require_coverage,
    require_frame,
    to_uint8,
)
from segmenter.closeup import WHOLE, Crop, crops_around, thickness_px
from segmenter.errors import InvalidInput
from segmenter.places import Places
from segmenter.refine.guided import fit_in_band
from segmenter.refine.outline import distance_to_outline, shifted, softened
from segmenter.resample import enlarge, shrink, shrink_to


@dataclass(frozen=True)
class Detail:
    """How closely edges and colours are studied: all lengths in pixels of the studied picture."""

    long_side: int  # of the small picture on which the fit is made
    radius: int  # of the fit's windows
    near: int  # the unknown band is so wide, to either side, in any case,
    far: int  # and so wide, fading, where the network doubts

    def for_people(self, people: Mask) -> "Detail":
        """Return it for people (h, w) as thick as these: less wide for thin ones.

        A window much wider than somebody holds so much background that the fit takes her for it.
        """
        share = thickness_px(people) / (THICK * self.radius)
        if share >= 1:
            return self
        lengths = ((self.radius, 2), (self.near, 1), (self.far, 4))
        radius, near, far = (max(least, round(share * length)) for length, least in lengths)
        return replace(self, radius=radius, near=near, far=far)


# The best of several by boundary F and mean error. A video, seen less closely by the network, gains
# no more from a finer study; a camera's frames must be done in time.
PHOTO = Detail(640, radius=8, near=3, far=18)
VIDEO = Detail(384, radius=6, near=2, far=12)
LIVE = Detail(256, radius=6, near=2, far=8)
# Radii from which on people count as thick. More gain in streets what they lose in staged groups.
THICK = 8
# The network's doubt, by the probability of the less probable side: none up to the first, full from
# the second on.
DOUBT = 0.1, 0.3
# A fit ends a little short of 0 and 1. Stretched about one half by this, it gets there.
CONTRAST = 1.15
SEEN_SIDE = 640  # pixels; of the small picture in which people are looked for
LARGEST_SHIFT_PX = 50.0
LARGEST_FEATHER_PX = 50.0


@dataclass(frozen=True, kw_only=True)
class RefineOptions:
    """How edges are treated."""

    edge_strength: float = 1.0  # 0 keeps the network's soft outline, 1 moves it to the edges
    feather_px: float = 0.0  # 0 to 50 pixels of the frame: further softening
    shift_px: float = 0.0  # -50 to 50: outwards, or where negative inwards

    def __post_init__(self):
        """Refuse what has no meaning."""
        if not 0 <= self.edge_strength <= 1:
            raise InvalidInput(f"edge strength is 0 to 1, got {self.edge_strength}")
        if not 0 <= self.feather_px <= LARGEST_FEATHER_PX:
            raise InvalidInput(
                f"softness is 0 to {LARGEST_FEATHER_PX:g} pixels, got {self.feather_px}"
            )
        if not abs(self.shift_px) <= LARGEST_SHIFT_PX:
            raise InvalidInput(
                f"shift is at most {LARGEST_SHIFT_PX:g} pixels either way, got {self.shift_px}"
            )


def refine(
    probability: Probability,
    frame: Frame,
    options: RefineOptions | None = None,
    *,
    detail: Detail = PHOTO,
    small: Frame | None = None,
    parts: Sequence[Crop] | None = None,
) -> Alpha:
    """Turn a probability into an alpha, guided by the frame; `adjust` then moves or softens it.

    Args:
        probability: float32 in [0, 1], (H, W) or smaller with the same aspect.
        frame: (H, W, 3) uint8 RGB, the same moment.
        options: None for the defaults.
        detail: how closely edges and colours are studied.
        small: the frame as `halve` makes it, where that is at hand; saves shrinking it again.
        parts: those to study, without overlap; outside them nobody is kept. None to look for such
            parts.

    Returns:
        (H, W) float32 in [0, 1].

    Raises:
        InvalidInput: the frame is none, or the probability is not float32.
    """
    options = options or RefineOptions()
    if parts and WHOLE not in parts:
        # Smoothing may go on showing somebody where she has left the part that she was in.
        probability = only_in(parts, probability)
    whole = enlarge(probability, *require_frame(frame).shape[:2])
    require_coverage(whole, frame)
    strength = options.edge_strength
    alpha = whole if strength == 1 else whole.copy()
    if strength:
        # Away from the outline the probability is decided: 0 or 1.
        cv2.threshold(alpha, 0.5, 1, cv2.THRESH_BINARY, dst=alpha)
        for crop in parts or studied_parts(probability):
            coarse = shrink(crop.of(probability), detail.long_side)
            # Of a part, `small` shows too little.
            source = small if small is not None and crop == WHOLE else frame
            guide = shrink_to(crop.of(source), *coarse.shape)
            guide_alpha(crop.of(alpha), crop.of(frame), coarse, guide, detail)
    if 0 < strength < 1:
        alpha = cv2.addWeighted(alpha, strength, whole, 1 - strength, 0)
        np.clip(alpha, 0, 1, out=alpha)  # a sum may leave [0, 1] by a rounding error
    return alpha


def adjust(alpha: Alpha, options: RefineOptions) -> tuple[Alpha, Alpha]:
    """Move and soften an outline as a user asks.

    Args:
        alpha: (H, W) float32 in [0, 1], as `refine` returns it.
        options: by how much.

    Returns:
        What is shown, and how much of each pixel is the person's own: a pixel that is all hers
        keeps its colours where it is shown in part. Both like `alpha`.
    """
    shown = hers = alpha
    if options.shift_px:
        shown = shifted(alpha, options.shift_px)
        hers = np.maximum(alpha, shown)
    if options.feather_px:
        shown = softened(shown, options.feather_px)
    # A rounding error may have left [0, 1].
    return (shown if shown is alpha else np.clip(shown, 0, 1)), hers


def only_in(parts: Sequence[Crop], probability: Probability) -> Probability:
    """Return the probability with nobody outside the parts, (h, w)."""
    kept = np.zeros_like(probability)
    for part in parts:
        part.of(kept)[:] = part.of(probability)
    return kept


def guide_alpha(
    alpha: Alpha, frame: Frame, coarse: Probability, guide: Frame, detail: Detail
) -> None:
    """Fit alpha to colour around the outline.

    Args:
        alpha: (H, W), changed.
        frame: (H, W, 3).
        coarse: the probability at the studied size, (h, w).
        guide: the frame at the studied size, (h, w, 3).
        detail: how closely the two are studied.
    """
    detail = detail.for_people(coarse > 0.5)
    trust = band_weight(coarse, detail)
    band = trust > 0
    if not band.any():
        return
    # Smoothed too: where it ends at once, it would end in steps as large as its pixels.
    weight = enlarge(cv2.blur(to_uint8(trust), (3, 3)), *alpha.shape)
    fit = fit_in_band(guide, coarse, band, detail.radius)
    fitted = np.ascontiguousarray(alpha)
    apply_fit(fitted, np.ascontiguousarray(frame), fit, weight)
    if fitted is not alpha:
        alpha[:] = fitted


def studied_parts(probability: Probability) -> list[Crop]:
    """Return the parts of a photo, with small people, that are studied apart; else all of it."""
    return crops_around(shrink(probability, SEEN_SIDE) > 0.5) or [WHOLE]


def unknown_band(probability: Probability) -> Mask:
    """Mark, in (h, w), the pixels near the outline, and in doubt also those farther off: hair."""
    return band_weight(probability, PHOTO.for_people(probability > 0.5)) > 0


def band_weight(probability: Probability, detail: Detail) -> NDArray[np.float32]:
    """Return how much colours decide, (h, w) in [0, 1]: near the outline all, farther off by doubt.

    Doubt far from it is the network's, not the picture's: left soft it would make clothes glassy.
    So it counts less with every pixel; cut off at once it would leave a grey rim.
    """
    distance = distance_to_outline(probability > 0.5)
    begins, whole = DOUBT
    doubt = (np.minimum(probability, 1 - probability) - begins) / (whole - begins)
    nearness = (detail.far - distance) / (detail.far - detail.near)
    fading = np.clip(doubt, 0, 1) * np.clip(nearness, 0, 1)
    return np.where(distance <= detail.near, np.float32(1), fading)


def apply_fit(
    alpha: Alpha, frame: Frame, fit: NDArray[np.float32], weight: NDArray[np.uint8]
) -> None:
    """Move alpha towards slope . colour + offset by a weight.

    Args:
        alpha: (H, W), changed.
        frame: (H, W, 3) uint8.
        fit: (h, w, 4) float32, of `fit_to_colours`.
        weight: (H, W); 0 keeps alpha, 255 writes the fit.
    """
    chosen = Places.where(weight)
    (lines,) = chosen.sample(fit)
    *slopes, fitted = cv2.split(lines[None])  # OpenCV splits pictures: here of one row
    for slope, colour in zip(slopes, cv2.split(chosen.read(frame)[None]), strict=True):
        fitted += slope * colour
    fitted = np.clip(CONTRAST * (fitted[0] - 0.5) + 0.5, 0, 1)
    before = chosen.read(alpha)
    share = chosen.read(weight) * np.float32(1 / 255)
    chosen.write(alpha, before + share * (fitted - before))
