"""What the rules say of the real pairs of domains that others publish figures on."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from landbridge.diagnosis import diagnose

pytestmark = pytest.mark.data


def families(found):
    return [item.family for item in found.advice.speaks_for]


def surf(root, name):
    from scipy.io import loadmat

    found = loadmat(root / "office_caltech10_surf" / f"{name}_SURF_L10.mat")
    return found["fts"].astype(float), found["labels"].ravel()


@pytest.mark.parametrize(
    ("source", "target"), [("amazon", "webcam"), ("Caltech10", "dslr"), ("webcam", "amazon")]
)
def test_office_caltech_speaks_for_mapping_and_no_label_shift(data_root, source, target):
    # Published: CORAL, JDA, MEDA and subspaces all gain 5 to 20 points on these.
    xs, ys = surf(data_root, source)
    xt, _ = surf(data_root, target)
    found = diagnose(xs, ys, xt)
    assert families(found)[0] == "mapping"
    assert "subspace" in families(found)
    assert not found.label_shift  # the true total variation is at most 0.18, the estimate 0.6
    assert found.findings["label-shift"].severity == "unclear"


def test_two_cameras_in_one_office_speak_for_weights_alone(data_root):
    found = diagnose(*surf(data_root, "dslr"), surf(data_root, "webcam")[0])
    assert families(found) == ["reweighting"]


@pytest.mark.parametrize("name", ["MNIST_vs_USPS", "USPS_vs_MNIST"])
def test_handwritten_digits_speak_for_mapping_and_joint_methods(data_root, name):
    from scipy.io import loadmat

    found = loadmat(data_root / "jda_pairs" / f"{name}.mat")
    told = diagnose(found["X_src"].T.astype(float), found["Y_src"].ravel(), found["X_tar"].T * 1.0)
    assert families(told) == ["mapping", "joint"]
    assert {item.family for item in told.advice.warns_against} == {"reweighting"}
    assert told.findings["domain-classifier"].figures["distance"] > 1.8
    assert not told.label_shift


def test_hospitals_are_told_by_the_columns_that_they_do_not_record(data_root):
    names = ["age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang"]
    names += ["oldpeak", "slope", "ca", "thal"]
    tables, features, labels = [], [], []
    for place in ("cleveland", "switzerland"):
        path = data_root / "heart" / f"processed.{place}.data"
        rows = [line.strip().split(",") for line in path.read_text().splitlines() if line.strip()]
        values = np.array(
            [[np.nan if cell in ("?", "") else float(cell) for cell in r] for r in rows]
        )
        tables.append({name: values[:, i] for i, name in enumerate(names)})
        features.append(np.nan_to_num(values[:, :13]))
        labels.append(values[:, 13] > 0)
    found = diagnose(
        features[0], labels[0], features[1], source_columns=tables[0], target_columns=tables[1]
    )
    assert set(found.findings["columns"].columns[:2]) == {"chol", "ca"}
    assert "ca, fbs, thal are mostly missing on one side only" in found.advice.remarks[0]


def test_reviews_lie_apart_where_alignment_has_little_to_move(data_root):
    # Published: DANN gains 0.4 on books → dvd over a linear machine on the source alone.
    sides = []
    for name in ("books", "dvd"):
        x, y = np.zeros((2000, 5000), np.float32), []
        with gzip.open(data_root / "amazon_5000" / f"{name}_train.svmlight.gz", "rt") as file:
            for i, line in enumerate(file):
                label, *words = line.split()
                y.append(label)
                for word in words:
                    place, _, count = word.partition(":")
                    x[i, int(place) - 1] = float(count)
        sides.append((x, np.array(y)))
    found = diagnose(*sides[0], sides[1][0])
    assert found.findings["domain-classifier"].figures["distance"] > 1.3
    assert "mapping" in {item.family for item in found.advice.warns_against}
    assert not found.label_shift
