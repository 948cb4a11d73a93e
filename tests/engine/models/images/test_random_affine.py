"""Pictures bent at random: by how much, by what, and what stays."""

from __future__ import annotations

import numpy as np
import torch

from engine.models.images.random_affine import AffineRange, affine_matrices, random_transform

STILL = AffineRange(turn=0, scale=0, shear=0, shift=0)
WIDE = AffineRange(turn=15, scale=0.15, shear=0.2, shift=0.07)


def pictures(count: int = 6, side: int = 28) -> torch.Tensor:
    return torch.from_numpy(
        np.random.default_rng(0).uniform(-1, 1, (count, 1, side, side)).astype(np.float32)
    )


def test_without_a_range_nothing_moves() -> None:
    x = pictures()
    assert torch.allclose(random_transform(x, STILL, 1, 1), x, atol=1e-4)


def test_the_transform_is_a_function_of_seed_and_step() -> None:
    x = pictures()
    assert torch.equal(random_transform(x, WIDE, 1, 5), random_transform(x, WIDE, 1, 5))
    assert not torch.equal(random_transform(x, WIDE, 1, 5), random_transform(x, WIDE, 1, 6))
    assert not torch.equal(random_transform(x, WIDE, 1, 5), random_transform(x, WIDE, 2, 5))


def test_each_image_is_transformed_differently_within_the_range() -> None:
    found = affine_matrices(WIDE, 20_000, 3, 7)
    assert len(np.unique(found[:, 0, 2])) > 19_000
    assert 0.135 < np.abs(found[:, :, 2]).max() <= 0.14
    only_turned = affine_matrices(AffineRange(turn=30, scale=0, shear=0, shift=0), 20_000, 3, 7)[:, :, :2]
    turned = np.degrees(np.arctan2(only_turned[:, 1, 0], only_turned[:, 0, 0]))
    assert 29.9 < np.abs(turned).max() < 30.01
    assert np.allclose(np.linalg.det(only_turned), 1, atol=1e-5)
    sizes = np.linalg.det(
        affine_matrices(AffineRange(turn=30, scale=0.2, shear=0.5, shift=0), 20_000, 3, 7)[:, :, :2]
    )
    assert np.exp(0.39) < sizes.max() <= np.exp(0.4) * 1.001


def test_background_comes_in_from_outside() -> None:
    x = torch.full((40, 1, 8, 8), -1.0)
    assert torch.allclose(random_transform(x, AffineRange(turn=45, scale=0.5, shear=0.5, shift=0.5), 1, 1), x)


def test_a_picture_of_ones_moved_away_leaves_background_behind() -> None:
    x = torch.ones(200, 1, 8, 8)
    moved = random_transform(x, AffineRange(turn=0, scale=0, shear=0, shift=0.5), 1, 1)
    assert float(moved.min()) == -1 and float(moved.max()) == 1
