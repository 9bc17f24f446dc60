"""What only a card minds, on one that is played (card.py): one device, streams, captured graphs."""

from copy import copy, deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from card import CUDA, play, put_on
from drawn import differences, portrait

from segmenter.background import Blur, Colour, Picture, Transparent
from segmenter.gpu import look
from segmenter.gpu.filters import _made, _recent
from segmenter.gpu.graph import CALLS_UNUSED, MOST_GRAPHS, Graphed
from segmenter.gpu.look import looker_of
from segmenter.gpu.replacer import DeviceReplacer
from segmenter.inference import Segmenter
from segmenter.nets import COMPARED, build
from segmenter.pipeline import ReplaceOptions
from segmenter.refine import RefineOptions

FRAMES = [portrait(90, 160, left=0.3 + 0.02 * number)[0] for number in range(5)]
EDGES = RefineOptions(edge_strength=0.5, shift_px=1.5, feather_px=1)
pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a real card")


@pytest.fixture(scope="module")
def on_cpu():
    """The real network."""
    return Segmenter(backend="torch", device="cpu")


@pytest.fixture
def card(monkeypatch):
    for kept in (_made, _recent):
        kept.cache_clear()
    yield play(monkeypatch)
    for kept in (_made, _recent):
        kept.cache_clear()


@pytest.fixture
def on_card(card, on_cpu):
    """The same network on the card; in float32, which the CPU is quicker at."""
    segmenter = copy(on_cpu)
    segmenter.backend = copy(on_cpu.backend)
    segmenter.backend.device, segmenter.backend._net = CUDA, deepcopy(on_cpu.backend._net)
    put_on(segmenter.backend._net)
    return segmenter


def pictures(segmenter, background, options, card=None):
    with card or torch.inference_mode():
        replacer = DeviceReplacer(segmenter, batch=3)
    times = (number / 25 for number in range(100))
    shown = replacer.pictures(iter(FRAMES), background, options, times)
    return np.array([one.picture for one in shown])


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (lambda: Colour(1, 2, 3), ReplaceOptions()),
        (lambda: Picture(FRAMES[0][::-1]), ReplaceOptions(refine=EDGES)),
        (Blur, ReplaceOptions(smoothing=False)),
        (Transparent, ReplaceOptions()),
    ],
    ids=["colour", "edges", "blur", "transparent"],
)
def test_a_video(on_cpu, on_card, card, make, options):
    found = pictures(on_card, make(), options, card)
    assert card.captures == 1
    expected = pictures(on_cpu, make(), options)
    assert np.percentile(differences(found, expected), 99.9) <= 1


def test_a_video_is_tried_out_with_the_graphs_of_all_sizes(on_card, card):
    options = ReplaceOptions()
    on_card.weights = replace(on_card.weights, photo_size=96)  # quick
    with card:
        replacer = DeviceReplacer(on_card, batch=3)
    replacer.try_out((90, 160), Blur(), options)
    assert card.captures == 3
    times = (0.0 for _ in FRAMES)
    assert len(list(replacer.pictures(iter(FRAMES), Blur(), options, times))) == len(FRAMES)
    assert card.captures == 3


def test_videos_and_visitors_share_one_stream_beside_that_of_the_captures(on_card, card):
    with card:
        first, second = DeviceReplacer(on_card), DeviceReplacer(on_card, batch=3)
    assert first._stream is second._stream is not looker_of(on_card)._stream


@pytest.mark.parametrize("name", COMPARED)
def test_every_network_bears_a_graph(card, name):
    net = build(name).eval()
    batches = torch.rand(2, 1, 3, 64, 96)
    with torch.inference_mode():
        expected = [net(batch) for batch in batches]
    put_on(net)
    graphed = Graphed(lambda batch: (net(batch),))
    with torch.inference_mode(), card.on(card.new_stream()):
        for batch, answer in zip(batches, expected, strict=True):
            torch.testing.assert_close(graphed(batch.to(CUDA))[0].held, answer)
    assert card.captures == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda one: (one + torch.ones(2, 2),), "both devices"),
        (lambda one: (one[one > 0],), "waits"),
        (lambda one: (one * one.sum().item(),), "waits"),
        (lambda one: (one * one.cpu().sum(),), "copies"),
        (lambda one: (one + torch.zeros(2, 2).to(one.device),), "copies"),
    ],
)
def test_what_no_graph_bears(card, wrong, said):
    with card.on(card.new_stream()), pytest.raises(AssertionError, match=said):
        Graphed(wrong)(torch.ones(2, 2).to(CUDA))


def test_a_graph_does_it_again_with_other_values(card):
    twice = Graphed(lambda one: (one * 2, one.T))
    with card.on(card.new_stream()):
        for value in (1.0, 5.0):
            doubled, turned = twice(torch.full((2, 3), value).to(CUDA))
            assert (doubled.held == 2 * value).all() and (turned.held == value).all()
    assert card.captures == 1


def test_more_shapes_in_use_than_graphs_go_without_one(card):
    """Six visitors in turns: nothing is captured anew; and one who stays alone gets a graph."""
    doubled = Graphed(lambda one: (one * 2,))
    shapes = [(2, width) for width in range(1, MOST_GRAPHS + 3)]
    with card.on(card.new_stream()):
        for value in (1.0, 3.0, 7.0):
            for shape in shapes:
                assert (doubled(torch.full(shape, value).to(CUDA))[0].held == 2 * value).all()
        assert card.captures == MOST_GRAPHS
        for _ in range(CALLS_UNUSED + 1):
            doubled(torch.ones(shapes[-1]).to(CUDA))
        assert card.captures == MOST_GRAPHS + 1


def test_another_stream_is_waited_for(card):
    first, second = card.new_stream(), card.new_stream()
    with card.on(first):
        made = torch.ones(2).to(CUDA)
    with card.on(second):
        with pytest.raises(AssertionError, match="another stream"):
            made + 1
        second.wait_stream(first)
        assert ((made + 1).held == 2).all()


def test_nobody_keeps_the_memory_into_which_a_look_was_copied(on_cpu, monkeypatch):
    copied = []

    def noted(*tensors):
        copied.extend(download(*tensors))
        return copied

    download = look.download
    monkeypatch.setattr(look, "download", noted)
    (glance,) = DeviceReplacer(on_cpu).look(FRAMES[:1]).glances
    kept = (glance.probability, glance.guide, glance.moving)
    assert not any(np.may_share_memory(*pair) for pair in zip(kept, copied, strict=True))
