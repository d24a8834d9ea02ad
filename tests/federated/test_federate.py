"""`landbridge.federate` as a whole: on tables, with clients of every kind, and from its folder."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import landbridge
from landbridge import FederatedOptions
from landbridge.base.errors import ConfigError, DataError, RunError
from landbridge.base.events import Events
from landbridge.domains.sealed import _VAULT
from landbridge.solvers.linear.ridge import ridge_solve

NETWORK = FederatedOptions(strategy="fedavg", train="network")
FEW = FederatedOptions(strategy="fedavg", rounds=2, folds=2)


def table(sizes=(60, 40, 30), seed=0):
    rng = np.random.default_rng(seed)
    parts = []
    for i, n in enumerate(sizes):
        kind = rng.integers(0, 2, n)
        x = rng.normal(size=(n, 3)) + 1.5 * kind[:, None] + [i, 0, 0]
        own = pd.DataFrame(x.round(4), columns=["a", "b", "c"])
        own["kind"] = np.where(kind, "up", "down")
        own["site"] = f"site {i}"
        parts.append(own)
    return pd.concat(parts, ignore_index=True)


def arrays(frame):
    return (frame[["a", "b", "c"]].to_numpy(), frame["kind"].tolist()), frame["site"].tolist()


@pytest.fixture
def federate():
    def call(data, clients=None, **more):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return landbridge.federate(data, clients, **more)

    return call


def test_a_folder_opens_and_answers_by_client(federate, tmp_path):
    frame = table()
    made = federate(frame, "site", label="kind", options=FEW, seeds=2, out=tmp_path / "f")
    assert made.clients == ["site 0", "site 1", "site 2"]
    opened = landbridge.load(tmp_path / "f")
    assert opened.facts == made.facts == json.loads((tmp_path / "f" / "federated.json").read_text())
    rows = frame.drop(columns="kind")
    for client in (None, *made.clients):
        assert opened.predict(rows, client=client) == made.predict(rows, client=client)
    said = [row["predicted"] for row in opened.predict(rows)]
    assert (np.array(said) == frame["kind"]).mean() > 0.8
    found = opened.evaluate(table(seed=5), client="site 1", label="kind")
    assert found["n"] == 130
    assert found["accuracy"] > 0.75
    with pytest.raises(ConfigError, match="did you mean 'site 1'"):
        opened.predict(rows, client="site1")
    page = (tmp_path / "f" / "report.html").read_text()
    for words in ("site 2", "Holm", "What travels", "sum of squares of each feature", "keeps"):
        assert words in page
    assert "client=&#39;site 0&#39;" in page
    assert "give them away" not in page
    with pytest.raises(RunError, match="is there already"):
        federate(frame, "site", label="kind", out=tmp_path / "f")


def test_one_round_is_the_ridge_of_all_rows(federate):
    """To 1e-6, with a client of one class and one of one row among them."""
    frame = pd.concat([table((70, 30)), table((9,)).assign(site="one class", kind="up")])
    frame = pd.concat([frame, table((1,)).assign(site="one row")], ignore_index=True)
    (x, y), sites = arrays(frame)
    made = federate((x.astype(np.float32), y), sites, options=FederatedOptions(folds=0))
    learned = {one["client"]: one["rows"] for one in made.verdict}
    assert learned["one row"] == 1
    # Rows that are judged are found by the seal's own draw, and are not among those learned from.
    model = {n: made._shared[n] for n in ("head.weight", "head.bias")}
    from landbridge.federated.clients import read_clients

    together = read_clients(
        *((x.astype(np.float32), y), sites, None),
        holdout="stratified",
        test_size=0.3,
        seed=0,
        keep_duplicates=False,
        columns={},
        events=Events(),
    )
    rows = np.concatenate(
        [made.preprocessing.prepare(one.domain.examples)[one.learned] for one in together.clients]
    ).astype(float)
    truth = np.concatenate([one.labels[one.learned] for one in together.clients])
    goals = np.where(truth[:, None] == [0, 1], 1.0, -1.0)
    mean, deviation = rows.mean(0), rows.std(0)
    w, b = ridge_solve((rows - mean) / deviation, goals, made.facts["notes"]["alpha"])
    w, b = w / deviation, b - (w / deviation) @ mean
    ratio = model["head.weight"] / w  # one number: by how much scores are believed
    assert np.ptp(ratio) < 1e-4 * abs(ratio.mean())
    gap = model["head.bias"] / ratio.mean() - b
    assert np.abs(gap).max() < 1e-5


@pytest.mark.parametrize("strategy", ["one-round", "ditto"])
def test_sealed_labels_change_nothing_but_the_verdict(federate, strategy, monkeypatch):
    from landbridge.domains import sealed

    options = FederatedOptions(strategy=strategy, rounds=2, folds=2)
    (x, y), sites = arrays(table())
    plain = federate((x, y), sites, options=options, seeds=1)
    usual = sealed.SealedLabels.__init__

    def turned(self, names):
        usual(self, names)
        _VAULT[id(self)] = _VAULT[id(self)][::-1].copy()

    monkeypatch.setattr(sealed.SealedLabels, "__init__", turned)
    other = federate((x, y), sites, options=options, seeds=1)
    assert plain.verdict != other.verdict
    for name, own in plain._shared.items():
        np.testing.assert_array_equal(own, other._shared[name])
    for client in plain.clients:
        for name, own in plain._own[client].items():
            np.testing.assert_array_equal(own, other._own[client][name])
    for key in ("kept", "why", "rows", "judged_rows"):
        assert [v[key] for v in plain.verdict] == [v[key] for v in other.verdict]


def test_a_client_that_is_harmed_is_named_and_keeps_its_own(federate):
    """One site calls up what all others call down."""
    frame = table((150, 150, 150, 240))
    other = frame["site"] == "site 3"
    frame.loc[other, "kind"] = frame.loc[other, "kind"].map({"up": "down", "down": "up"})
    (x, y), sites = arrays(frame)
    made = federate((x, y), sites)
    assert made.facts["harmed"] == ["site 3"]
    harmed = made.verdict[3]
    assert (harmed["outcome"], harmed["kept"]) == ("hurt", "local")
    assert "left out in turn" in harmed["why"]
    answers = made.predict(x[other], client="site 3")
    assert (
        np.mean([a["predicted"] == t for a, t in zip(answers, frame["kind"][other], strict=True)])
        > 0.8
    )


def test_clients_that_do_not_fit_are_named_and_the_rest_go_on(federate):
    frame = table((60, 60, 40))
    sites = {name: own.drop(columns="site") for name, own in frame.groupby("site")}
    sites["no column b"] = sites["site 0"].drop(columns="b")
    sites["other classes"] = sites["site 0"].assign(
        kind=sites["site 0"]["kind"].map({"up": "hoch", "down": "tief"})
    )
    sites["pictures"] = np.zeros((8, 16, 16, 3), np.uint8)
    sites["not there"] = "/no/such/file.csv"
    made = federate(sites, label="kind")
    assert made.clients == ["site 0", "site 1", "site 2"]
    why = {one["client"]: one["why"] for one in made.facts["refused"]}
    assert set(why) == {"no column b", "other classes", "pictures", "not there"}
    assert "'b'" in why["no column b"]
    assert "hoch" in why["other classes"]
    with pytest.raises(DataError, match="1 client that can take part"):
        federate({"a": sites["site 0"], "b": np.zeros((8, 16, 16, 3), np.uint8)}, label="kind")


def test_clients_without_labels_and_rows_without_client(federate):
    frame = table((60, 40, 20, 20))
    frame.loc[frame["site"] == "site 2", "kind"] = None
    frame.loc[frame["site"] == "site 3", "site"] = None
    made = federate(frame, "site", label="kind")
    assert made.clients == ["site 0", "site 1", "site 2"]
    none = made.verdict[2]
    assert (none["rows"], none["judged_rows"], none["kept"], none["scores"]) == (
        0,
        0,
        "federated",
        {},
    )
    assert "site 2" not in made.facts["traffic"]["up"]


def test_a_client_of_very_few_rows_is_warned_of(federate, tmp_path):
    frame = pd.concat([table((60, 40)), table((3,)).assign(site="tiny")], ignore_index=True)
    made = federate(frame, "site", label="kind", out=tmp_path / "f")
    assert "tiny learned from fewer than 10" in made.report().read_text()


def test_rows_that_another_client_learned_from_are_not_judged(federate):
    (x, y), _ = arrays(table((60, 60)))
    both = (np.concatenate([x, x[::-1]]), y + y[::-1])
    made = federate(both, ["a"] * 120 + ["b"] * 120)
    assert all("learned from as well" in one["seen"] for one in made.verdict)
    assert all(one["judged_rows"] < 25 for one in made.verdict)
    kept = federate(both, ["a"] * 120 + ["b"] * 120, keep_duplicates=True)
    assert all(one["judged_rows"] == 36 for one in kept.verdict)


@pytest.mark.parametrize("strategy", ["one-round", "fedavg"])
@pytest.mark.parametrize("kind", ["regression", "multilabel", "ordinal"])
def test_every_kind_of_label(federate, kind, strategy):
    (x, _), sites = arrays(table((80, 60)))
    score = x.sum(1)
    labels = {
        "regression": 100 + 5 * score,
        "multilabel": [[n for n, k in zip("pqr", row > 0.5, strict=True) if k] for row in x],
        "ordinal": np.digitize(score, [0, 2, 4]).tolist(),
    }[kind]
    options = FederatedOptions(strategy=strategy, rounds=8, folds=2)
    made = federate((x, labels), sites, target_type=kind, options=options, seeds=1)
    assert made.facts["target_type"] == kind
    for one in made.verdict:
        own, alone = (one["scores"][name]["value"] for name in ("federated", "local"))
        assert np.isfinite([own, alone]).all()
    answers = [row["predicted"] for row in made.predict(x)]
    if kind == "regression" and strategy == "one-round":
        assert np.corrcoef(answers, labels)[0, 1] > 0.99


def test_a_source_is_where_all_start(federate):
    frame = table((200, 30, 20))
    source = frame[frame["site"] == "site 0"].drop(columns="site")
    rest = frame[frame["site"] != "site 0"]
    for strategy in ("one-round", "fedavg"):
        options = FederatedOptions(strategy=strategy, rounds=2, folds=2)
        made = federate(rest, "site", label="kind", source=source, options=options, seeds=1)
        assert all(
            {"source", "federated", "local", "pooled"} == {*one["scores"]} for one in made.verdict
        )
        assert all(one["kept"] in ("source", "federated", "local") for one in made.verdict)
    # The strongest pull leaves the source's directions as they are.
    held = FederatedOptions(strategy="one-round:alpha=1e12", folds=0)
    made = federate(rest, "site", label="kind", source=source, options=held)
    near = federate(rest, "site", label="kind", source=source, options=FEW, seeds=1)
    far, own = (one._shared["head.weight"][1] for one in (made, near))
    assert far @ own > 0.9 * np.linalg.norm(far) * np.linalg.norm(own)


def test_whole_groups_are_held_out_and_intervals_go_by_them(federate):
    frame = table((60, 60))
    frame["patient"] = np.arange(120) // 4
    made = federate(frame, "site", label="kind", holdout="group:patient", options=FEW, seeds=1)
    assert all(one["judged_groups"] > 1 for one in made.verdict)
    assert all(one["judged_rows"] == 4 * one["judged_groups"] for one in made.verdict)


def test_a_network_travels_whole_or_without_its_head(federate):
    (x, y), sites = arrays(table((60, 40)))
    sent = {}
    for strategy in ("fedavg", "fedper"):
        options = FederatedOptions(strategy=strategy, rounds=2, train="network", folds=0)
        made = federate((x, y), sites, options=options, backbone="mlp", seeds=1)
        sent[strategy] = sum(made.facts["traffic"]["up"].values())
        assert all(np.isfinite(one["scores"]["federated"]["value"]) for one in made.verdict)
    assert sent["fedper"] < sent["fedavg"]


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"options": FederatedOptions(strategy="fedav")}, "fedavg"),
        ({"options": FederatedOptions(aggregation="median")}, "without effect"),
        ({"options": FederatedOptions(strategy="fedavg", aggregation="mode")}, "aggregation"),
        ({"options": FederatedOptions(folds=1)}, "folds = 1"),
        ({"options": FederatedOptions(strategy="fedavg", rounds=0)}, "rounds = 0"),
        ({"options": FederatedOptions(strategy="fedper")}, "nothing would be shared"),
        ({"options": NETWORK, "backbone": "identity"}, "nothing to train"),
        ({"test_size": 1.5}, "test_size"),
        ({"batch_size": 0}, "batch_size"),
        ({"lable": "kind"}, "did you mean 'label'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_leaves_no_folder(federate, tmp_path, how, match):
    (x, y), sites = arrays(table((12, 12)))
    with pytest.raises(ConfigError, match=match):
        federate((x, y), sites, out=tmp_path / "f", **how)
    assert not (tmp_path / "f").exists()


def test_names_of_clients_that_are_not_there(federate):
    (x, y), sites = arrays(table((12, 12)))
    with pytest.raises(ConfigError, match="which client a row is of"):
        federate((x, y))
    with pytest.raises(DataError, match=r"has the shape \(3,\), and there are 24 rows"):
        federate((x, y), sites[:3])
    with pytest.raises(DataError, match="1 client that can take part"):
        federate((x, y), ["a"] * 24)
    with pytest.raises(landbridge.LandbridgeError, match="sight"):
        federate(table(), "sight", label="kind")


def test_the_command(tmp_path, monkeypatch):
    from landbridge.cli.app import app

    monkeypatch.chdir(tmp_path)
    table().to_csv("t.csv", index=False)
    words = "federate simulate t.csv --clients site --label kind --strategy fedprox:mu=0.1"
    found = CliRunner().invoke(
        app, [*words.split(), *["--rounds", "2", "--seeds", "1", "--out", "f", "--quiet"]]
    )
    assert found.exit_code == 0, found.output
    for word in ("site 0", "together", "alone", "keeps", "landbridge predict f DATA"):
        assert word in found.output
    found = CliRunner().invoke(app, ["predict", "f", "t.csv", "--out", "p.csv"])
    assert found.exit_code == 0, found.output
    assert list(pd.read_csv("p.csv"))[:2] == ["name", "predicted"]
    found = CliRunner().invoke(app, ["eval", "f", "t.csv", "--label", "kind", "--json"])
    assert json.loads(found.stdout)["seen"]["found"] == 91
