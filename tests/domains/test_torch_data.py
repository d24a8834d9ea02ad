"""Datasets and loaders of torch, and scikit-learn's bundles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

from landbridge.base.errors import DataError
from landbridge.domains.read import read_domain


class Pictures(Dataset):
    classes = ("ant", "bee")

    def __len__(self):
        return 6

    def __getitem__(self, i):
        return torch.full((3, 8, 8), i * 40, dtype=torch.uint8), i % 2


def test_a_dataset_of_pictures_with_names():
    domain = read_domain(Pictures())
    assert domain.modality == "image"
    assert domain.classes == ("ant", "bee")
    assert domain.examples.pixels.shape == (6, 8, 8, 3)
    assert domain.examples.pixels[5, 0, 0, 0] == 200
    assert np.array(domain.classes)[domain.labels].tolist() == ["ant", "bee"] * 3


def test_a_loader_is_read_in_its_order():
    x = torch.arange(24.0).reshape(8, 3)
    loader = DataLoader(TensorDataset(x, torch.arange(8) % 2), batch_size=3)
    domain = read_domain(loader, name="rows")
    np.testing.assert_array_equal(domain.examples.columns["x1"], x[:, 1])
    assert domain.classes == ("0", "1")
    assert read_domain(DataLoader(TensorDataset(x), batch_size=3)).labelled == "none"


def test_items_that_do_not_go_together():
    class Odd(Dataset):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return torch.zeros(i + 1), 0

    with pytest.raises(DataError, match="shapes"):
        read_domain(Odd())


def test_a_bundle_of_scikit_learn():
    from sklearn.datasets import load_diabetes, load_wine

    wine = read_domain(load_wine())
    assert wine.classes == ("class_0", "class_1", "class_2")
    assert "alcohol" in wine.examples.columns
    assert read_domain(load_diabetes()).target_type.name == "regression"
