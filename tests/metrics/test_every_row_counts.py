"""Every figure counts every judged row, those of classes that the model does not know included."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import landbridge
from landbridge.metrics.figures import brier, expected_calibration_error, figures, log_loss
from landbridge.metrics.multilabel import multilabel_metrics
from landbridge.targets.registry import get_target_type

DRAW = np.random.default_rng(0)
P = DRAW.dirichlet(np.ones(3), 50).astype(np.float32)
TRUE = DRAW.integers(0, 5, 50)  # classes 3 and 4 are no answers


def test_figures_of_classes_are_scikit_learns():
    found = figures(TRUE, probabilities=P)
    answer = P.argmax(1)
    assert found.n == 50
    assert found.accuracy == metrics.accuracy_score(TRUE, answer)
    assert found.balanced_accuracy == pytest.approx(
        metrics.recall_score(TRUE, answer, average="macro", labels=np.unique(TRUE), zero_division=0)
    )
    assert found.macro_f1 == pytest.approx(
        metrics.f1_score(TRUE, answer, average="macro", labels=np.unique(TRUE), zero_division=0)
    )
    right = metrics.precision_score(TRUE, answer, average=None, labels=range(5), zero_division=0)
    assert np.nan_to_num(found.precision) == pytest.approx(right)
    assert found.confusion.sum() == 50


def test_figures_of_probabilities_count_the_unknown_as_never_said():
    whole = np.pad(P, ((0, 0), (0, 2))).astype(np.float64)
    clipped = -np.log(np.clip(whole[np.arange(50), TRUE], 1e-15, 1)).mean()
    for truth in (TRUE, np.where(TRUE > 2, -1, TRUE)):
        assert log_loss(truth, P) == pytest.approx(clipped)
        assert brier(truth, P) == pytest.approx(((whole - np.eye(5)[TRUE]) ** 2).sum(1).mean())
        assert expected_calibration_error(truth, P) == pytest.approx(
            expected_calibration_error(TRUE, whole)
        )


def test_figures_of_several_labels_count_labels_that_are_no_answer():
    truth = (DRAW.random((40, 4)) > 0.5).astype(np.uint8)
    said = DRAW.random((40, 3))  # the fourth label is no answer
    whole = np.pad(said, ((0, 0), (0, 1)))
    answered = whole > 0.5
    found = multilabel_metrics(truth, said)
    assert found["micro F1"] == pytest.approx(metrics.f1_score(truth, answered, average="micro"))
    assert found["macro F1"] == pytest.approx(
        metrics.f1_score(truth, answered, average="macro", zero_division=0)
    )
    assert found["Jaccard index"] == pytest.approx(
        metrics.jaccard_score(truth, answered, average="samples", zero_division=1)
    )
    score = get_target_type("multilabel").metric.score(said[None], truth)
    assert score.mean() == pytest.approx(found["Jaccard index"])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    frame = rows(1)
    frame.loc[frame.index[:9], "label"] = "strange"
    return landbridge.transfer(
        rows(0),
        frame,
        target_labels="judge",
        method="probe",
        seeds=1,
        budget="60s",
        out=tmp_path_factory.mktemp("rows") / "run",
    )


def rows(seed, n=60):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 2, n)
    frame = pd.DataFrame(draw.normal(size=(n, 3)) + 4 * y[:, None], columns=list("abc"))
    return frame.assign(label=np.array(["no", "yes"])[y])


def test_a_verdict_and_an_evaluation_count_them(run):
    assert run.verdict["judged_rows"] == 60
    assert run.verdict["chosen"]["mean"] == pytest.approx(51 / 60, abs=0.02)
    assert run.verdict["calibration"]["log_loss"] > 9 / 60 * 30
    data = rows(2)
    data.loc[data.index[:6], "label"] = "strange"
    found = run.evaluate(data)
    right = data.label.to_numpy() == np.array([row["predicted"] for row in run.predict(data)])
    assert found["n"] == 60
    assert found["accuracy"] == pytest.approx(right.mean())
    assert found["per_class"]["strange"] == {"n": 6, "recall": 0.0, "precision": None, "f1": 0.0}
    assert found["macro_f1"] < 0.7
    assert found["unseen_classes"] == ["strange"]


def test_the_reports_matrix_holds_every_row(run):
    from landbridge.report.run.aggregate import confusion
    from landbridge.report.run.classification import test_classes
    from landbridge.report.run.read import read_run

    files = read_run(run.path)
    classes = test_classes(files)
    assert classes[-1] == "strange"
    chosen = [one for one in files.predictions if one.role == "chosen"]
    assert confusion(chosen, classes).sum() == 60
