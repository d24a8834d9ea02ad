"""Strategies, aggregations and checks of replies, each against what its formula says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from landbridge.base.errors import ConfigError, TrainingError
from landbridge.federated.aggregations.base import AGGREGATIONS
from landbridge.federated.arrays import flat
from landbridge.federated.federation import Federation
from landbridge.federated.inputs import Scaling
from landbridge.federated.learner import HeadOnly, Learner, Rows, Steps
from landbridge.federated.strategies.base import STRATEGIES, make_strategy
from landbridge.federated.validation import too_long, wrong_with
from landbridge.targets.codec import TargetCodec
from landbridge.targets.registry import get_target_type

CODEC = TargetCodec(get_target_type("multiclass"), ("a", "b", "c"))


class Net(torch.nn.Module):
    """A backbone with a normalising layer, under a head."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 5, bias=False), torch.nn.BatchNorm1d(5))
        self.head = torch.nn.Linear(5, 3)

    def forward(self, x):
        features = self.body(x)
        return features, self.head(features)


def clients(sizes=(30, 12, 7), dtype=np.float32):
    rng = np.random.default_rng(0)
    found = {}
    for i, n in enumerate(sizes):
        y = np.zeros(n, np.int64) if i == 2 else rng.integers(0, 3, n)  # one of one class
        x = rng.normal(size=(n, 4)) + np.eye(3, 4)[y] + i
        found["zyx"[i]] = Rows(x.astype(dtype), y)
    return found


def federation(net=False, **more):
    learner = Learner(Net() if net else HeadOnly(4, 3), CODEC)
    how = {"rounds": 4, "learning_rate": 0.05, "batch_size": 8} | more
    return Federation(learner, how.pop("clients", clients()), learner.start(), **how)


def run(said, net=False, **more):
    strategy = make_strategy(said)
    made = federation(net, **more)
    strategy.check(made.learner)
    return strategy.run(made)


@pytest.mark.parametrize("name", list(STRATEGIES))
def test_every_strategy(name):
    """Same seed, same bits; inputs as they were; answers of every client; bytes counted."""
    net = not name.startswith("one-round")
    before = {k: (v.x.copy(), v.labels.copy()) for k, v in clients().items()}
    given = clients()
    one, again = run(name, net, clients=given), run(name, net)
    backwards = run(name, net, clients=dict(reversed(given.items())))
    for other in (again, backwards):
        for client in given:
            np.testing.assert_array_equal(flat(one.of(client)), flat(other.of(client)))
    for client, (x, y) in before.items():
        np.testing.assert_array_equal(given[client].x, x)
        np.testing.assert_array_equal(given[client].labels, y)
    assert np.isfinite(flat(one.model)).all()
    assert bool(one.own) == STRATEGIES.get(name).personal
    up, down = one.traffic.up, one.traffic.down
    assert set(up) == set(down) == set(given)
    assert min(up.values()) > 0
    assert sum(up.values()) == sum(
        s["bytes"] for s in one.traffic.listed() if s["from"] == "client"
    )
    if STRATEGIES.get(name).seeded:
        assert (flat(run(name, net, seed=1).model) != flat(one.model)).any()


def test_fedavg_with_one_whole_step_is_a_step_on_all_rows():
    many = run("fedavg", rounds=3, batch_size=1000)
    parts = list(clients().values())
    pooled = {
        "all": Rows(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("x", "labels")))
    }
    one = run("fedavg", rounds=3, batch_size=1000, clients=pooled)
    np.testing.assert_allclose(flat(many.model), flat(one.model), atol=1e-6)


def test_scaffold_with_one_whole_step_is_a_step_on_the_mean_of_clients():
    """cᵢ are then the clients' gradients, and their corrections cancel in the mean."""
    plain = run("scaffold", rounds=1, batch_size=1000)
    grads = []
    for rows in clients().values():
        own = run("fedavg", rounds=1, batch_size=1000, clients={"x": rows})
        grads.append(flat(own.model))
    np.testing.assert_allclose(flat(plain.model), np.mean(grads, 0), atol=1e-6)


def test_scaffold_reaches_the_minimum_where_fedavg_stays_away():
    rows = clients((40, 40, 40))
    long = {"clients": rows, "rounds": 80, "epochs": 10, "batch_size": 40, "learning_rate": 0.3}

    def slope(model):  # of the mean loss: 0 at its minimum
        total = 0.0
        for own in rows.values():
            w = torch.tensor(model["head.weight"], requires_grad=True)
            b = torch.tensor(model["head.bias"], requires_grad=True)
            out = torch.from_numpy(own.x) @ w.T + b
            loss = torch.nn.functional.cross_entropy(out, torch.from_numpy(own.labels)) / 3
            grads = torch.autograd.grad(loss, (w, b))
            total = total + torch.cat([g.ravel() for g in grads])
        return float(total.norm())

    assert slope(run("scaffold", **long).model) < 0.2 * slope(run("fedavg", **long).model)


def test_fedprox_without_pull_is_fedavg_and_with_much_stays():
    plain, start = flat(run("fedavg").model), flat(federation().start)
    np.testing.assert_array_equal(flat(run("fedprox:mu=0").model), plain)
    held = flat(run("fedprox:mu=10").model)
    assert np.linalg.norm(held - start) < np.linalg.norm(plain - start)


def test_fedadams_first_step():
    """With zero moments the first step is lr (1 − β₁) Δ / (√(β₂τ² + (1 − β₂)Δ²) + τ)."""
    delta = flat(run("fedavg", rounds=1).model) - flat(federation().start)
    found = flat(run("fedadam:learning_rate=0.3,tau=0.01", rounds=1).model)
    root = np.sqrt(0.99 * 0.01**2 + 0.01 * delta**2)
    np.testing.assert_allclose(found, 0.3 * 0.1 * delta / (root + 0.01), atol=1e-6)


def test_what_is_personal_stays():
    for name, kept in (("fedper", "head."), ("fedbn", "body.1.")):
        made = run(name, net=True)
        start = federation(net=True).start
        for n, own in made.model.items():
            assert (own == start[n]).all() == n.startswith(kept), (name, n)
        own = [made.of(client) for client in clients()]
        first = next(n for n in start if n.startswith(kept))
        assert (own[0][first] != own[1][first]).any()
        sent = made.traffic.up["x"] / 4
        assert sent == sum(a.nbytes for n, a in start.items() if not n.startswith(kept))
    ditto = run("ditto:pull=0", net=True)
    for client, rows in clients().items():
        alone = run("fedavg", net=True, clients={client: rows})
        np.testing.assert_allclose(flat(ditto.of(client)), flat(alone.model), atol=1e-6)


def test_strategies_without_use_are_refused():
    for said, net in (("fedper", False), ("fedbn", False), ("one-round", True)):
        with pytest.raises(ConfigError, match=said):
            run(said, net)
    for said, match in (
        ("fedprox:nu=1", "no option 'nu' .did you mean 'mu'"),
        ("fedprox:mu=-1", "mu"),
        ("fedprox:mu", "'mu' is no option"),
        ("fedavgg", "fedavg"),
        ("fedadam:beta1=x", "beta1"),
    ):
        with pytest.raises(ConfigError, match=match):
            make_strategy(said)


def test_every_row_is_taken_once_a_pass():
    for n, size in ((10, 3), (1, 8), (8, 8), (9, 8)):
        batches = Steps(2, size, 0.1, (0, 1, "x")).batches(n)
        seen = np.concatenate(batches)
        np.testing.assert_array_equal(np.bincount(seen, minlength=n), 2)
        assert max(map(len, batches)) <= size
    assert len(Steps(0.5, 2, 0.1, (0,)).batches(8)) == 2


def test_one_row_at_a_client_with_a_normalising_layer():
    assert np.isfinite(flat(run("fedavg", net=True, clients=clients((9, 1, 1))).model)).all()


def test_moments_of_clients_are_those_of_all_rows():
    parts = [own.x * 3 + 1e3 for own in clients().values()]
    found, x = Scaling.of(parts), np.concatenate(parts).astype(np.float64)
    np.testing.assert_allclose(found.mean, x.mean(0))
    np.testing.assert_allclose(found.scale, x.std(0) * 2, rtol=1e-6)
    head = {"head.weight": np.arange(8.0).reshape(2, 4), "head.bias": np.array([1.0, 2])}
    z = found.apply(x)
    raw = found.folded(head)
    np.testing.assert_allclose(
        x @ raw["head.weight"].T + raw["head.bias"],
        z @ head["head.weight"].T + head["head.bias"],
        atol=1e-3,
    )
    back = found.unfolded(raw)
    np.testing.assert_allclose(back["head.weight"], head["head.weight"], atol=1e-5)
    np.testing.assert_allclose(back["head.bias"], head["head.bias"], atol=1e-4)


# Aggregations -------------------------------------------------------------------------------


def honest(n=5, d=6):
    rng = np.random.default_rng(3)
    return [{"w": rng.normal(1, 0.1, (2, d)), "b": rng.normal(-1, 0.1, 3)} for _ in range(n)]


@pytest.mark.parametrize("name", list(AGGREGATIONS))
def test_every_aggregation(name):
    way, parts = AGGREGATIONS.get(name)(), honest()
    weights = np.ones(5)
    one = way.combine(parts, weights)
    np.testing.assert_allclose(flat(way.combine(parts[::-1], weights)), flat(one))
    same = way.combine([parts[0]] * 4, np.arange(1, 5))
    np.testing.assert_allclose(flat(same), flat(parts[0]))
    np.testing.assert_allclose(flat(way.combine(parts[:1], np.ones(1))), flat(parts[0]))
    if name != "mean":  # one in five lies, whatever it says
        for lie in (1e6, -1e6, 3.0):
            bad = {key: np.full_like(own, lie) for key, own in parts[0].items()}
            found = flat(way.combine([bad, *parts[1:]], weights))
            assert np.abs(found - flat(one)).max() < 0.4, lie


def test_the_mean_is_by_weights():
    found = AGGREGATIONS.get("mean")().combine([{"w": np.zeros(1)}, {"w": np.ones(1)}], np.r_[1, 3])
    assert found["w"].tolist() == [0.75]


# Replies ------------------------------------------------------------------------------------


LIKE = {"head.weight": np.zeros((3, 4), np.float32), "head.bias": np.zeros(3, np.float32)}
BAD = {
    "shape": {"head.weight": np.zeros((4, 3), np.float32)},
    "not finite": {"head.bias": np.array([0, np.inf, np.nan], np.float32)},
    "floating-point": {"head.bias": np.zeros(3, np.int64)},
    "holds list": {"head.bias": [0.0, 0.0, 0.0]},
    "nothing that was asked for": {"more": np.zeros(1)},
}


@pytest.mark.parametrize("why", BAD)
def test_a_reply_is_looked_at(why):
    assert wrong_with(LIKE, LIKE) == ""
    assert why in wrong_with(LIKE | BAD[why], LIKE)
    assert "missing" in wrong_with({"head.bias": LIKE["head.bias"]}, LIKE)


@pytest.mark.parametrize("said", ["fedavg", "scaffold", "one-round"])
@pytest.mark.parametrize("bad", [*BAD, "missing", "too long", "lost"])
def test_a_client_that_lies_is_named_and_left_out(said, bad):
    def channel(client, number, reply):
        if client != "x":
            return reply
        first = sorted(reply)[0]
        broken = {
            "shape": {first: np.zeros((1, 2, 3))},
            "not finite": {first: np.full_like(reply[first], np.nan)},
            "floating-point": {first: np.zeros(reply[first].shape, np.int64)},
            "holds list": {first: reply[first].tolist()},
            "nothing that was asked for": {"more": np.zeros(1)},
            "too long": {n: own * 1e9 for n, own in reply.items()},
        }
        if bad in ("lost", "missing"):
            return None if bad == "lost" else {first: reply[first]}
        return reply | broken[bad]

    if said == "one-round" and bad == "too long":
        pytest.skip("statistics have no usual length; what no rows can give is refused instead")
    found = run(said, channel=channel)
    assert {one["client"] for one in found.refused} == {"x"}
    assert len(found.refused) == found.rounds
    assert np.isfinite(flat(found.model)).all()
    honest = {name: own for name, own in clients().items() if name != "x"}
    if said != "scaffold":  # whose c counts the silent ones
        np.testing.assert_array_equal(flat(found.model), flat(run(said, clients=honest).model))


def test_without_any_reply_it_says_why():
    with pytest.raises(TrainingError, match="no reply of 3 clients can be used"):
        run("fedavg", channel=lambda *_: None)


def test_a_very_long_reply_of_three():
    parts = {name: {"w": np.ones(2) * size} for name, size in (("a", 1), ("b", 2), ("c", 1e9))}
    assert set(too_long(parts)) == {"c"}
    del parts["b"]
    assert not too_long(parts)


@pytest.mark.parametrize("said", ["fedavg", "scaffold", "fedadam", "ditto", "fedbn"])
def test_a_crash_in_any_round_changes_no_bit(said, tmp_path, monkeypatch):
    from landbridge.federated import rounds

    monkeypatch.setattr(rounds, "_EVERY", -1)
    expected = run(said, net=True, rounds=6)
    for crash in range(1, 7):

        def channel(client, number, reply, crash=crash):
            if number == crash and client == "y":
                raise KeyboardInterrupt
            return reply

        path = tmp_path / f"{crash}.safetensors"
        with pytest.raises(KeyboardInterrupt):
            run(said, net=True, rounds=6, channel=channel, checkpoint=path)
        done = []
        again = run(
            said,
            net=True,
            rounds=6,
            checkpoint=path,
            channel=lambda client, number, reply, done=done: done.append(number) or reply,
        )
        assert min(done) == crash
        for client in clients():
            np.testing.assert_array_equal(flat(again.of(client)), flat(expected.of(client)))
        assert again.traffic == expected.traffic
        assert again.refused == expected.refused


def test_a_loss_that_is_not_finite_is_said():
    rows = replace(clients()["z"], x=np.full((30, 4), 1e30, np.float32))
    with pytest.raises(TrainingError, match="client 'z' is not finite"):
        run("fedavg", clients={"z": rows}, learning_rate=1e30, rounds=3)
