import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.distill.losses import (
    contrast,
    cosine_distance,
    distillation_losses,
    nested_distance,
    squared_error,
    variance,
)
from training.distill.settings import read_settings


def unit_rows(*shape):
    return functional.normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))), dim=-1)


def test_cosine_distance_is_one_minus_the_mean_cosine():
    student, teacher = torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert cosine_distance(student, teacher).item() == pytest.approx(1 - (1 + 0.8) / 2)


def test_squared_error_by_hand():
    student, teacher = torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert squared_error(student, teacher=teacher).item() == pytest.approx((0 + 0 + 0.36 + 0.04) / 4)


def test_the_loss_of_asterisk_is_what_its_paper_adds_up():
    settings = read_settings("training/configs/asterisk.toml")
    student, teacher, rows = unit_rows(7, 5), unit_rows(6, 5), torch.tensor([0, 5, 2, 2, 1, 4, 3])
    distance, other = distillation_losses(student, candidates=teacher, rows=rows, settings=settings)
    plain = 0.0
    for word, row in enumerate(rows.tolist()):
        ours, its = student[word].tolist(), teacher[row].tolist()
        products = sum(a * b for a, b in zip(ours, its, strict=True))
        squares = sum((a - b) ** 2 for a, b in zip(ours, its, strict=True))
        plain += (1 - products / (math.hypot(*ours) * math.hypot(*its)) + squares / 5) / 7
    assert (distance + other).item() == pytest.approx(plain, abs=1e-6)
    assert other.item() == pytest.approx(2 / 5 * distance.item(), abs=1e-6)  # as vectors are of unit length


def test_without_weights_the_loss_is_the_cosine_distance():
    settings = read_settings("training/configs/published.toml")
    student, teacher, rows = unit_rows(7, 5), unit_rows(6, 5), torch.arange(7) % 6
    distance, other = distillation_losses(student, candidates=teacher, rows=rows, settings=settings)
    assert other.item() == 0
    assert distance.item() == pytest.approx(1 - np.mean((student * teacher[rows]).sum(1).numpy()), abs=1e-6)


def test_nested_distance_looks_at_the_first_entries_of_each_width_and_no_further():
    student, teacher = torch.tensor([[3.0, 4.0, 5.0]], requires_grad=True), torch.tensor([[3.0, 0.0, 4.0]])
    distance = nested_distance(student, teacher, widths=[1, 2])
    assert distance.item() == pytest.approx(1 - (1 + 9 / (5 * 3)) / 2)  # cosines of (3) and (3), of (3, 4) and (3, 0)
    distance.backward()
    assert student.grad[0, 2] == 0 and student.grad[0, 1] != 0
    assert nested_distance(10 * student, teacher, widths=[1, 2]).item() == pytest.approx(distance.item())


@pytest.mark.parametrize(("answer", "expected"), [(0, math.log(1 + math.exp(-2))), (1, math.log(1 + math.exp(2)))])
def test_contrast_by_hand(answer, expected):
    student, candidates = torch.tensor([[1.0, 0.0]]), torch.eye(2)  # cosines 1 and 0: scaled, 2 and 0
    loss = contrast(student, candidates=candidates, answers=torch.tensor([answer]), temperature=0.5)
    assert loss.item() == pytest.approx(expected)


def test_contrast_over_parts_of_a_batch_equals_that_of_the_whole():
    candidates, answers = unit_rows(9, 5), torch.tensor([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 0, 4])
    whole, parts = unit_rows(12, 5).requires_grad_(), unit_rows(12, 5).requires_grad_()
    loss = contrast(whole, candidates=candidates, answers=answers, temperature=0.07)
    losses = [
        contrast(student, candidates=candidates, answers=own, temperature=0.07)
        for student, own in ((parts[part::3], answers[part::3]) for part in range(3))
    ]
    assert torch.stack(losses).mean().item() == pytest.approx(loss.item(), rel=1e-6)
    loss.backward()
    torch.stack(losses).mean().backward()
    torch.testing.assert_close(parts.grad, whole.grad)


def test_variance_is_nothing_for_equal_vectors_and_one_without_a_common_direction():
    assert variance(torch.tensor([[0.6, 0.8]] * 3)).item() == pytest.approx(0, abs=1e-6)
    assert variance(torch.cat([torch.eye(3), -torch.eye(3)])).item() == pytest.approx(1)
