"""Ways from a frame to its alpha and the person's colours, scored on the same pictures.

The whole of ours, the network's probability as it is, and ours with one step left out: what a step
is worth is the difference to the whole.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np

from segmenter.arrays import Alpha, Frame, Probability, to_uint8
from segmenter.batch import progress
from segmenter.composite import over
from segmenter.foreground import estimate_foreground
from segmenter.inference import Segmenter
from segmenter.metrics import spill
from segmenter.pipeline import ReplaceOptions, matte_of_image, replace_in_image, to_alpha
from segmenter.refine import RefineOptions, refine
from segmenter.training.composites import Composites
from segmenter.training.evaluate import Model, PhotoSet, read_pair, score

Way = Callable[[Frame, Segmenter], tuple[Alpha, Frame]]
WAY_COLUMNS = (
    *("model", "set", "way", "photos", "person_iou", "boundary_f"),
    *("mae", "mse", "sad", "gradient", "spill", "photo_ms"),
)
# New backgrounds on which an old one's colours show: light, dark, and a screen's saturated green.
GROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "green": (0, 177, 64)}


def whole(frame: Frame, segmenter: Segmenter) -> tuple[Alpha, Frame]:
    """All steps, as a user gets them."""
    return cut(frame, segmenter, ReplaceOptions())


def raw(frame: Frame, segmenter: Segmenter) -> tuple[Alpha, Frame]:
    """The network's one look, enlarged to the frame, and the frame's colours."""
    return matte_of_image(frame, segmenter, raw=True), frame


def seen_once(frame: Frame, segmenter: Segmenter) -> tuple[Alpha, Frame]:
    """The network's one look instead of several, then all steps."""
    probability = segmenter.probability(frame, segmenter.photo_size)
    alpha = to_alpha(probability, frame, ReplaceOptions())
    return alpha, estimate_foreground(frame, alpha)


def without_canny(frame: Frame, segmenter: Segmenter) -> tuple[Alpha, Frame]:
    """Colours alone move the outline: no edge is found in them."""
    # No user needs a switch for it, and a copy of the steps around it would not stay one.
    with patch(
        "segmenter.refine.guided.canny_edges", lambda guide: np.zeros(guide.shape[:2], bool)
    ):
        return whole(frame, segmenter)


def without_foreground(frame: Frame, segmenter: Segmenter) -> tuple[Alpha, Frame]:
    """The frame's colours, with what the old background left in them."""
    return matte_of_image(frame, segmenter), frame


def without_guide(frame: Frame, segmenter: Segmenter) -> tuple[Alpha, Frame]:
    """The network's own outline: neither edges nor colours move it."""
    return cut(frame, segmenter, ReplaceOptions(refine=RefineOptions(edge_strength=0)))


def without_people(frame: Frame, segmenter: Segmenter) -> tuple[Alpha, Frame]:
    """Holes and specks stay."""
    alpha = refine(segmenter.probability(frame), frame)
    return alpha, estimate_foreground(frame, alpha)


def without_gaps(frame: Frame, segmenter: "OneFrame") -> tuple[Alpha, Frame]:
    """What only a photo's nearest view sees stays closed."""
    return look_again(frame, segmenter, "with_gaps_of", lambda near, joined, frame: joined)


def without_graph_cut(frame: Frame, segmenter: "OneFrame") -> tuple[Alpha, Frame]:
    """Where the network doubts widely, the doubt stays."""
    return look_again(frame, segmenter, "decide_doubt", lambda joined, frame: joined)


def look_again(
    frame: Frame, segmenter: "OneFrame", step: str, without: Callable
) -> tuple[Alpha, Frame]:
    """All steps, but for one of those that join the network's looks."""
    with patch(f"segmenter.inference.{step}", without):
        probability = segmenter.look_again(frame)
    alpha = to_alpha(probability, frame, ReplaceOptions())
    return alpha, estimate_foreground(frame, alpha)


def cut(frame: Frame, segmenter: Segmenter, options: ReplaceOptions) -> tuple[Alpha, Frame]:
    """Cut the people out."""
    found = replace_in_image(frame, segmenter=segmenter, options=options)
    return found.alpha, np.ascontiguousarray(found.picture[..., :3])


COMPARED: dict[str, Way] = {"whole": whole, "raw": raw}
ABLATION: dict[str, Way] = {
    **COMPARED,
    "seen once": seen_once,
    "no Canny": without_canny,
    "no guided filter": without_guide,
    "no foreground": without_foreground,
    "no people, holes": without_people,
    "no gaps from nearer": without_gaps,
    "no graph cut": without_graph_cut,
}


class OneFrame:
    """A segmenter for one frame: ways that ask the same of the network share its answer."""

    def __init__(self, segmenter: Segmenter):
        self.segmenter = segmenter
        self.answers: dict[int | None, tuple[Probability, float]] = {}
        self.saved_s = 0.0  # how long the network would have taken for the answers it gave before

    def __getattr__(self, name: str):
        """Be the segmenter in all else."""
        return getattr(self.segmenter, name)

    def probability(self, frame: Frame, size: int | None = None) -> Probability:
        """Return what the segmenter does."""
        if size in self.answers:
            self.saved_s += self.answers[size][1]
        else:
            started = time.perf_counter()
            answer = self.segmenter.probability(frame, size)
            self.answers[size] = answer, time.perf_counter() - started
        return self.answers[size][0].copy()

    def look_again(self, frame: Frame) -> Probability:
        """Return what the segmenter says of a photo now, whatever it said before."""
        return self.segmenter.probability(frame)


@dataclass(frozen=True)
class Case:
    """A picture, its true mask or alpha (H, W) uint8, and the true colours where known."""

    frame: Frame
    truth: np.ndarray
    foreground: Frame | None = None


def cases_of(pictures: PhotoSet | Composites) -> tuple[str, int, Iterable[Case]]:
    """Return a set's name, how many pictures it has, and these one after the other."""
    if isinstance(pictures, PhotoSet):
        return pictures.name, len(pictures.pairs), (Case(*read_pair(p)) for p in pictures.pairs)
    made = (Case(one.frame, to_uint8(one.alpha), one.foreground) for one in pictures)
    return "composites", len(pictures), made


def evaluate_ways(
    model: Model, pictures: PhotoSet | Composites, ways: dict[str, Way], *, quiet: bool = True
) -> list[dict]:
    """Score every way on every picture, and return a row for each way.

    Args:
        model: the model.
        pictures: photos with masks, or composites, whose spill is measured too.
        ways: by the names to show.
        quiet: no progress bar.

    Raises:
        InvalidDataset: a file can't be used.
    """
    name, count, cases = cases_of(pictures)
    scores: dict[str, list[dict]] = {way: [] for way in ways}
    for case in progress(cases, quiet, "photo", count, f"{model.name} on {name}"):
        segmenter = OneFrame(model.segmenter)
        for way, find in ways.items():
            scores[way].append(score_way(find, case, segmenter))
    return [
        {"model": model.name, "set": name, "way": way, "photos": count, **means(found)}
        for way, found in scores.items()
    ]


def score_way(find: Way, case: Case, segmenter: OneFrame) -> dict[str, float]:
    """Score one way on one picture, with the milliseconds it takes by itself."""
    started, saved_s = time.perf_counter(), segmenter.saved_s
    alpha, foreground = find(case.frame, segmenter)
    elapsed = 1000 * (time.perf_counter() - started + segmenter.saved_s - saved_s)
    scores = score(alpha, case.truth) | {"photo_ms": elapsed}
    if case.foreground is None:
        return scores
    truth = case.truth / np.float32(255)
    spills = spills_of((foreground, alpha), (case.foreground, truth))
    return scores | spills | {"spill": float(np.mean(list(spills.values())))}


def spills_of(found: tuple[Frame, Alpha], true: tuple[Frame, Alpha]) -> dict[str, float]:
    """Return the spill of a person (colours, alpha) on each of the grounds."""
    spills = {}
    for name, colour in GROUNDS.items():
        ground = np.full_like(true[0], colour)
        spills[f"spill_{name}"] = spill(over(*found, ground), over(*true, ground), true[1])
    return spills


def means(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each score, and the median of the times."""
    return {
        name: float((np.median if name == "photo_ms" else np.mean)([one[name] for one in scores]))
        for name in scores[0]
    }
