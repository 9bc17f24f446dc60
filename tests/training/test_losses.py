import pytest
import torch

from segmenter.errors import InvalidInput
from segmenter.training.losses import (
    LOSSES,
    boundary_band,
    boundary_cross_entropy,
    combine,
    cross_entropy,
    dice_loss,
    lovasz_hinge,
)

EVERYWHERE = torch.ones(1, 1, 4, 4)
LEFT_HALF = torch.zeros(1, 1, 4, 4)
LEFT_HALF[..., :2] = 1
SURE = 40.0


def logits_of(target: torch.Tensor) -> torch.Tensor:
    return (2 * target - 1) * SURE


def test_dice_of_the_truth_is_none_and_of_its_opposite_nearly_one():
    assert dice_loss(logits_of(LEFT_HALF), LEFT_HALF, EVERYWHERE).item() == pytest.approx(0)
    opposite = dice_loss(logits_of(1 - LEFT_HALF), LEFT_HALF, EVERYWHERE).item()
    assert opposite == pytest.approx(1 - 1 / 17)  # the one added pixel


def test_dice_counts_pixels():
    # Everything called person: 8 right of 16 and 8; (2*8+1)/(24+1).
    loss = dice_loss(torch.full_like(LEFT_HALF, SURE), LEFT_HALF, EVERYWHERE).item()
    assert loss == pytest.approx(1 - 17 / 25)


@pytest.mark.parametrize("name", LOSSES)
def test_nobody_seen_as_nobody_costs_nothing(name):
    nobody = torch.zeros_like(LEFT_HALF)
    assert LOSSES[name](logits_of(nobody), nobody, EVERYWHERE).item() == pytest.approx(0)


@pytest.mark.parametrize("name", LOSSES)
def test_the_truth_costs_less_than_doubt_and_doubt_less_than_error(name):
    truth, doubt, error = (
        LOSSES[name](scale * logits_of(LEFT_HALF), LEFT_HALF, EVERYWHERE).item()
        for scale in (1, 0, -1)
    )
    assert truth < doubt < error


@pytest.mark.parametrize("name", LOSSES)
def test_a_step_along_the_gradient_costs_less(name):
    torch.manual_seed(0)
    logits = torch.randn(2, 1, 4, 4, requires_grad=True)
    target = LEFT_HALF.expand(2, -1, -1, -1)
    before = LOSSES[name](logits, target, torch.ones_like(target))
    before.backward()
    after = LOSSES[name](logits - 0.1 * logits.grad, target, torch.ones_like(target))
    assert after < before


def test_cross_entropy_of_one_half_is_log_two():
    loss = cross_entropy(torch.zeros_like(LEFT_HALF), LEFT_HALF, EVERYWHERE).item()
    assert loss == pytest.approx(0.6931, abs=1e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_what_does_not_count_does_not_matter(name):
    wrong_on_the_right = torch.full_like(LEFT_HALF, SURE)
    assert LOSSES[name](wrong_on_the_right, LEFT_HALF, LEFT_HALF).item() == pytest.approx(0)


def test_errors_at_the_outline_cost_more():
    target = torch.zeros(1, 1, 1, 32)
    target[..., 16:] = 1
    far, near = logits_of(target), logits_of(target)
    far[..., 0], near[..., 15] = SURE, SURE
    everywhere = torch.ones_like(target)
    assert cross_entropy(far, target, everywhere) == cross_entropy(near, target, everywhere)
    assert boundary_cross_entropy(near, target, everywhere) > 2 * boundary_cross_entropy(
        far, target, everywhere
    )


def test_lovasz_is_the_iou_that_is_missing_where_logits_are_at_the_hinge():
    """Errors are 0 or 1 there, and the extension of a set function agrees with it on sets."""
    generator = torch.Generator().manual_seed(3)
    for _ in range(5):
        said = torch.rand(1, 1, 6, 6, generator=generator) > 0.5
        truth = torch.rand(1, 1, 6, 6, generator=generator) > 0.5
        iou = (said & truth).sum() / (said | truth).sum()
        # A wrong logit of 0 has hinge error 1, a right one of +-1 has 0.
        logits = torch.where(said == truth, 2.0 * truth - 1, torch.tensor(0.0))
        loss = lovasz_hinge(logits, truth.float(), torch.ones_like(logits))
        assert loss.item() == pytest.approx(1 - iou.item(), abs=1e-6)


def test_terms_are_weighed_and_added():
    torch.manual_seed(1)
    logits = torch.randn(1, 1, 4, 4)
    total = combine("bce + 0.25 * dice")(logits, LEFT_HALF, EVERYWHERE)
    expected = (
        cross_entropy(logits, LEFT_HALF, EVERYWHERE) + dice_loss(logits, LEFT_HALF, EVERYWHERE) / 4
    )
    torch.testing.assert_close(total, expected)


@pytest.mark.parametrize("text", ["", "hinge", "dice+", "-1*dice", "x*dice", "nan*dice"])
def test_an_unknown_term_is_refused_with_the_known_ones(text):
    with pytest.raises(InvalidInput, match="lovasz"):
        combine(text)


def test_the_band_lies_around_the_outline():
    target = torch.zeros(1, 1, 1, 12)
    target[..., 6:] = 1
    band = boundary_band(target, radius=2)[0, 0, 0]
    assert band.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
