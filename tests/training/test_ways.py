import time

import cv2
import numpy as np
import pytest
from photo_sets import NETWORK, NamedSegmenter, put_pair
from scenes import GREEN, RED, person

from segmenter import inference
from segmenter.training.composites import Composite
from segmenter.training.evaluate import Model, find_sets, to_markdown
from segmenter.training.ways import (
    ABLATION,
    COMPARED,
    GROUNDS,
    WAY_COLUMNS,
    OneFrame,
    evaluate_ways,
    spills_of,
)

RED_PERSON = np.full((120, 160, 3), RED, np.uint8)


class SoftSegmenter(NamedSegmenter):
    """Knows the true coverage of a red person before the green room, softened or not."""

    def probability(self, frame, size=None):
        share = (frame[..., 0].astype(np.float32) - GREEN[0]) / (RED[0] - GREEN[0])
        return share.clip(0, 1)


SPECK = (slice(10, 12), slice(10, 12))


class DoubtfulSegmenter(NamedSegmenter):
    """Is in doubt about a red speck."""

    def probability(self, frame, size=None):
        found = super().probability(frame, size)
        found[SPECK] *= 0.7
        return found


class Drawn(list):
    """Composites that are drawn."""


@pytest.fixture
def soft(monkeypatch):
    """A red person before a green room, with an edge that is half of both."""
    monkeypatch.setattr("segmenter.training.ways.Composites", Drawn)
    alpha = np.zeros((120, 160), np.float32)
    alpha[39:81, 59:101] = 128 / 255
    alpha[40:80, 60:100] = 1
    coverage = alpha[..., None]
    frame = coverage * RED_PERSON + (1 - coverage) * np.array(GREEN, np.float32)
    return Composite(np.rint(frame).astype(np.uint8), alpha, RED_PERSON)


def test_the_true_person_spills_nothing_and_old_colours_do(soft):
    true = (soft.foreground, soft.alpha)
    assert spills_of(true, true) == {f"spill_{name}": 0.0 for name in GROUNDS}
    old_colours = spills_of((soft.frame, soft.alpha), true)
    assert min(old_colours.values()) > 1


def test_a_row_for_each_way_with_spill_of_composites(soft):
    model = Model("red", SoftSegmenter(), NETWORK)
    rows = evaluate_ways(model, Drawn([soft, soft]), COMPARED)
    assert [(row["set"], row["way"], row["photos"]) for row in rows] == [
        ("composites", "whole", 2),
        ("composites", "raw", 2),
    ]
    plain = rows[1]
    # The probability is the truth here, so all that is wrong is the colour of the rim.
    assert plain["mse"] < 1e-5 < plain["spill"]
    kinds = [plain[f"spill_{name}"] for name in GROUNDS]
    assert plain["spill"] == pytest.approx(np.mean(kinds))


def test_what_a_step_is_worth_shows_without_it(soft):
    model = Model("red", SoftSegmenter(), NETWORK)
    found = {row["way"]: row for row in evaluate_ways(model, Drawn([soft]), ABLATION)}
    assert found["no foreground"]["mse"] == found["whole"]["mse"]
    assert found["no foreground"]["spill"] > 1.5 * found["whole"]["spill"]
    # The network's own soft outline is the truth; a guide can only spoil it.
    assert found["no guided filter"]["mse"] == found["raw"]["mse"]


def test_without_people_a_speck_stays(tmp_path):
    frame = person()
    truth = (frame[..., 0] == RED[0]).astype(np.uint8) * 255
    frame[SPECK] = RED
    (photos,) = find_sets([put_pair(tmp_path / "set", frame=frame, mask=truth)])
    model = Model("red", DoubtfulSegmenter(), NETWORK)
    ways = {name: ABLATION[name] for name in ("whole", "no people, holes")}
    kept, dropped = reversed(evaluate_ways(model, photos, ways))
    assert kept["person_iou"] < dropped["person_iou"]
    assert "spill" not in dropped  # nobody knows the true colours of a photo
    table = to_markdown([dropped], WAY_COLUMNS)
    assert "| set | whole | 1 |" in table and "| - |" in table.splitlines()[2]


class Slow(NamedSegmenter):
    """Takes its time, and counts what it was asked."""

    asked = ()

    def probability(self, frame, size=None):
        self.asked += (size,)
        time.sleep(0.02)
        return super().probability(frame, size)


def test_ways_share_the_networks_answers_and_each_counts_its_time(soft):
    slow = Slow()
    rows = evaluate_ways(Model("red", slow, NETWORK), Drawn([soft]), ABLATION)
    # Without its gaps, and without the graph cut, a photo's answer is another one.
    assert sorted(slow.asked, key=str) == [slow.photo_size, None, None, None]
    assert min(row["photo_ms"] for row in rows) >= 20


def test_one_frames_answers_are_not_changed_by_who_gets_them():
    one = OneFrame(NamedSegmenter())
    one.probability(person())[:] = 0.5
    assert one.probability(person()).max() == 1
    assert one.describe() == "CPU, test segmenter"


class NearerSegmenter(NamedSegmenter):
    """Sees a gap in a red person from near alone."""

    def probability(self, frame, size=None):
        joined = super().probability(frame, size).clip(0.01, 0.99)
        near = joined.copy()
        near[GAP], joined[GAP] = 0.4, 0.8
        return inference.with_gaps_of(near, joined, frame)


GAP = (slice(60, 70), slice(90, 96))


def test_without_gaps_from_nearer_they_are_closed():
    frame, segmenter = person(), OneFrame(NearerSegmenter())
    frame[GAP] = GREEN
    gaps = [
        ABLATION[name](frame, segmenter)[0][GAP][2:-2, 2:-2]
        for name in ("whole", "no gaps from nearer", "whole")
    ]
    assert gaps[0].max() < 0.1 and gaps[1].min() > 0.5 and gaps[2].max() < 0.1


class UndecidedSegmenter(NamedSegmenter):
    """Doubts widely around a red person, until colours decide."""

    def probability(self, frame, size=None):
        joined = super().probability(frame, size).clip(0.01, 0.99)
        return inference.decide_doubt(cv2.blur(joined, (31, 31)), frame)


def test_without_a_graph_cut_doubt_stays():
    frame, segmenter = person(), OneFrame(UndecidedSegmenter())
    is_hers = (frame == RED).all(axis=2)
    faults = [
        np.abs(ABLATION[name](frame, segmenter)[0] - is_hers).mean()
        for name in ("whole", "no graph cut", "whole")
    ]
    assert faults[1] > 2 * faults[0] and faults[2] == faults[0]


def test_without_canny_no_edge_is_found_and_afterwards_they_are(soft):
    segmenter = SoftSegmenter()
    noisy = np.random.default_rng(0).normal(soft.frame, 12).clip(0, 255).astype(np.uint8)
    whole, without = (ABLATION[name](noisy, segmenter)[0] for name in ("whole", "no Canny"))
    assert (whole != without).any()
    np.testing.assert_array_equal(ABLATION["whole"](noisy, segmenter)[0], whole)
