"""The average of a network over the steps."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from landbridge.training.average import Average


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


@pytest.mark.parametrize("still", [(), (0,), (0, 1), (2,)])
def test_the_average_is_that_of_all_tensors_to_the_bit(still: tuple[int, ...]) -> None:
    network = _network()
    for index in still:
        network[index].requires_grad_(False)
    average = Average(network, 0.9)
    wanted = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=0.1)
    for step in range(6):
        network(torch.randn(5, 3)).square().mean().backward()
        optimizer.step()
        average.update(step)
        decay = min(0.9, (1 + step) / (10 + step))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                wanted[name].lerp_(value, 1 - decay)
            else:
                wanted[name].copy_(value)
    average.settle()
    for name, value in network.state_dict().items():
        assert torch.equal(value, wanted[name]), name


def test_what_stands_still_takes_no_room() -> None:
    network = _network()
    network[0].requires_grad_(False)
    names = Average(network, 0.9).tensors
    assert not any(name.startswith("0.") for name in names)
    assert {"1.running_mean", "1.num_batches_tracked", "2.weight"} <= set(names)


def test_going_on_is_not_going_back() -> None:
    network = _network()
    average = Average(network, 0.9)
    with torch.no_grad():
        network[2].weight.add_(1)
    average.update(0)
    again = Average(network, 0.9, {name: value.clone() for name, value in average.tensors.items()})
    for one in (average, again):
        one.update(1)
    assert all(torch.equal(again.tensors[name], value) for name, value in average.tensors.items())
