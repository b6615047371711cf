"""One small model that has been trained a little, for all tests of the room."""

import pytest
import torch

from edgewise.pykan import KAN, create_dataset

Dataset = dict[str, torch.Tensor]


@pytest.fixture
def dataset() -> Dataset:
    return create_dataset(lambda x: x[:, [0]] ** 2 + x[:, [1]], train_num=100, test_num=50, seed=7)


@pytest.fixture
def model(dataset: Dataset) -> KAN:
    trained = KAN(width=[2, 2, 1], grid=3, k=3, seed=7)
    trained.fit(dataset, steps=3)
    return trained


@pytest.fixture
def three() -> KAN:
    """x_2 hardly matters; two hidden nodes add, one multiplies, with biases and a named edge."""
    data = create_dataset(lambda x: x[:, [0]] ** 2 - x[:, [2]] + 0.01 * x[:, [1]], n_var=3, train_num=120, seed=8)
    made = KAN(width=[3, [2, 1], 1], seed=8)
    made.get_act(data)
    made.fix_symbolic(0, 2, 1, "exp")
    with torch.no_grad():
        for layer in made.network:
            layer.bias.copy_(torch.linspace(-0.4, 0.5, layer.n_sums))
    made.fit(data, steps=2)
    return made
