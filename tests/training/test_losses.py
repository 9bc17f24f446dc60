import pytest
import torch

from segmenter.training.losses import boundary_band, cross_entropy, dice_loss, matting_loss

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


def test_nobody_seen_as_nobody_costs_nothing():
    nobody = torch.zeros_like(LEFT_HALF)
    assert matting_loss(logits_of(nobody), nobody, EVERYWHERE).item() == pytest.approx(0)


def test_cross_entropy_of_one_half_is_log_two():
    loss = cross_entropy(torch.zeros_like(LEFT_HALF), LEFT_HALF, EVERYWHERE).item()
    assert loss == pytest.approx(0.6931, abs=1e-4)


def test_what_does_not_count_does_not_matter():
    wrong_on_the_right = torch.full_like(LEFT_HALF, SURE)
    assert matting_loss(wrong_on_the_right, LEFT_HALF, LEFT_HALF).item() == pytest.approx(0)


def test_the_band_lies_around_the_outline():
    target = torch.zeros(1, 1, 1, 12)
    target[..., 6:] = 1
    band = boundary_band(target, radius=2)[0, 0, 0]
    assert band.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
