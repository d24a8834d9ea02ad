"""Label-free scorers against known values, and the gated rank sum."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.metrics import labelfree
from landbridge.metrics.labelfree import SCORERS, Candidate, Pool, heading
from landbridge.metrics.ranking import RANKED_BY, score_candidates


def score(name: str, candidate: Candidate, *others: Candidate) -> float:
    return SCORERS.get(name)().score(candidate, Pool((candidate, *others)))


def softmax(logits):
    p = np.exp(logits - logits.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


@pytest.fixture
def world():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 60)
    x = 6 * np.eye(3)[labels] + rng.normal(size=(180, 3))
    good = Candidate("good", softmax(2 * x), x, 0.95)
    weak = Candidate("weak", softmax(0.3 * x + 0.7 * rng.normal(size=x.shape)), x, 0.96)
    collapsed = Candidate("collapsed", softmax(np.tile([5.0, 0, 0], (180, 1)) + 0 * x), x, 0.95)
    return good, weak, collapsed


def test_known_values():
    even = Candidate("even", np.full((30, 3), 1 / 3))
    balanced = Candidate("balanced", np.eye(3)[np.arange(30) % 3])
    one = Candidate("one", np.eye(3)[np.zeros(30, dtype=int)])
    for candidate, entropy, diversity in (
        (even, np.log(3), np.log(3)),
        (balanced, 0, np.log(3)),
        (one, 0, 0),
    ):
        assert score("entropy", candidate) == pytest.approx(entropy)
        assert score("diversity", candidate) == pytest.approx(diversity)
        assert score("infomax", candidate) == pytest.approx(diversity - entropy)
        nuclear = np.linalg.norm(candidate.probabilities, "nuc") / 30
        assert score("bnm", candidate) == pytest.approx(nuclear)
    assert score("class_ami", balanced) == pytest.approx(1)


def test_class_ami(world):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_mutual_info_score

    good, weak, _ = world
    clusters = KMeans(3, n_init=10, random_state=0).fit_predict(weak.features)
    want = adjusted_mutual_info_score(weak.probabilities.argmax(1), clusters)
    assert score("class_ami", weak) == pytest.approx(want)
    assert score("class_ami", good) > 0.95
    few = Candidate("few", good.probabilities[:3], good.features[:3])
    assert np.isnan(score("class_ami", few))


def test_ensv(world):
    mean = np.mean([c.probabilities for c in world], axis=0)
    want = (world[1].probabilities.argmax(1) == mean.argmax(1)).mean()
    assert score("ensv", world[1], world[0], world[2]) == pytest.approx(want)


def test_ranking(world):
    good, weak, collapsed = world
    broken = Candidate("broken", np.full_like(good.probabilities, np.nan))
    forgets = Candidate("forgets", good.probabilities.copy(), good.features, 0.50)
    found = score_candidates([collapsed, broken, good, forgets], weak)
    assert found.best == "good"
    assert found.order == ("good", "weak")
    assert set(found.gated) == {"collapsed", "broken", "forgets"}
    assert "fewer classes" in found.gated["collapsed"]
    assert "finite" in found.gated["broken"]
    assert "source accuracy" in found.gated["forgets"]
    assert found.figures["collapsed"]["infomax"] == pytest.approx(0)
    assert found.figures["broken"] == {}
    assert found.reason.startswith("good passed the gate")
    for name in RANKED_BY:
        own, other = found.figures["good"][name], found.figures["weak"][name]
        assert f"{heading(name).split(' (')[0]} {own:.3f} against {other:.3f}" in found.reason
    assert " for weak); 3 left out by the gate (" in found.reason
    again = score_candidates([collapsed, broken, good, forgets], weak)
    assert again == found


def test_what_stands_above_a_column():
    assert heading("infomax") == SCORERS.get("infomax").title
    assert heading("entropy") == "Entropy (lower is better)"
    assert heading("some_figure") == "some figure"


def test_exactly_five_points_pass(world):
    good, weak, _ = world
    edge = Candidate("edge", good.probabilities, good.features, 0.91)
    assert "edge" not in score_candidates([edge], weak).gated


def test_what_follows_the_target_may_forget_the_source(world):
    """The worse the reference is on the target than on the source, the more may be forgotten."""
    good, weak, _ = world
    lost = weak.source_accuracy - weak.probabilities.max(1).mean()
    assert lost > 0.2
    for drop, gated in ((0.4 * lost, False), (0.6 * lost, True)):
        forgets = Candidate("forgets", good.probabilities, good.features, 0.96 - drop)
        assert ("forgets" in score_candidates([forgets], weak).gated) is gated
    sure = Candidate("weak", softmax(20 * np.log(weak.probabilities)), weak.features, 0.96)
    forgets = Candidate("forgets", good.probabilities, good.features, 0.96 - 0.4 * lost)
    assert "forgets" in score_candidates([forgets], sure).gated


def test_being_surer_is_no_evidence(world):
    good, weak, _ = world
    louder = Candidate("louder", softmax(5 * np.log(weak.probabilities)), weak.features, 0.96)
    other = Candidate("good", good.probabilities, good.features, 0.96)
    found = score_candidates([louder, other], weak)
    assert found.gated == {"louder": "its answers are those of weak"}
    assert found.figures["louder"]["infomax"] == pytest.approx(
        found.figures["weak"]["infomax"], abs=0.05
    )


def test_twins_count_once(world):
    good, weak, _ = world
    twins = [Candidate(name, good.probabilities, good.features, 0.95) for name in ("one", "two")]
    found = score_candidates(twins, weak)
    assert found.gated == {"two": "its answers are those of one"}


def test_what_leaves_the_groups_is_not_believed(world):
    good = world[0]
    rng = np.random.default_rng(0)
    shuffled = Candidate("muddle", rng.permutation(good.probabilities), good.features, 0.95)
    found = score_candidates([shuffled], good)
    assert "FineAMI" in found.gated["muddle"]
    assert score_candidates([shuffled], good, clusters=False).gated == {}


def test_reference_is_kept_where_nothing_passes_or_all_tie(world):
    good, weak, collapsed = world
    found = score_candidates([collapsed], weak)
    assert found.best == "weak"
    assert "no candidate passed" in found.reason
    twin = Candidate("twin", good.probabilities.copy(), good.features, 0.95)
    assert score_candidates([twin], good).best == "good"


def test_label_shift_damps_and_loosens_the_gate():
    rng = np.random.default_rng(1)
    skew = np.repeat([0, 1, 2], [138, 21, 21])
    honest = Candidate("honest", np.eye(3)[skew] * 0.97 + 0.01, 6 * np.eye(3)[skew], 0.95)
    even = Candidate("even", softmax(rng.normal(size=(180, 3)) * 0.1), 6 * np.eye(3)[skew], 0.95)
    assert "honest" in score_candidates([honest], even).gated
    found = score_candidates([honest], even, label_shift=True)
    assert found.gated == {}
    assert found.weights == {"class_ami": 1.0, "infomax": 0.25, "ensv": 1.0}
    assert found.best == "honest"
    assert "label shift" in found.reason


def test_where_shares_have_changed_groups_have_to_be_followed_better():
    """Answers for all classes where the target has two of three: spread, and no evidence."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 60)
    x = 6 * np.eye(3)[truth] + rng.normal(size=(120, 3))
    base = Candidate("base", np.eye(3)[truth] * 0.7 + 0.1, x)
    split = np.where(rng.random(120) < 0.3, 2, truth)
    spread = Candidate("spread", np.eye(3)[split] * 0.7 + 0.1, x)
    assert "spread" not in score_candidates([spread], base).gated
    found = score_candidates([spread], base, label_shift=True)
    assert found.best == "base"
    assert "class shares have changed" in found.gated["spread"]


def test_refuses(world):
    good, weak, _ = world
    with pytest.raises(ValueError, match="same name"):
        score_candidates([Candidate("weak", good.probabilities)], weak)
    with pytest.raises(ValueError, match="shapes"):
        score_candidates([Candidate("x", good.probabilities[:5])], weak)
    with pytest.raises(ValueError, match="finite"):
        score_candidates([], Candidate("x", np.full((2, 2), np.nan)))
    with pytest.raises(ValueError, match="damping"):
        score_candidates([good], weak, damping=1.0)


def test_features_are_hashed_once_and_equal_ones_share_their_clusters(monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype(np.float32)
    hashed = []
    monkeypatch.setattr(labelfree, "digest", lambda x: hashed.append(1) or str(x.sum()))
    pool = labelfree.Pool(())
    first = pool.clustered(x, 3)[1]
    assert pool.clustered(x, 2)[1] is not first
    assert pool.clustered(x, 3)[1] is first
    assert len(hashed) == 1
    assert pool.clustered(x.copy(), 3)[1] is first
    assert len(hashed) == 2
