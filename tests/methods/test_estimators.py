"""Every feature method as a scikit-learn estimator: one matrix of tests over all of them."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

import landbridge.features
from landbridge.base.errors import ConfigError, DataError, LandbridgeWarning, MethodError
from landbridge.methods.core.alignment import AlignmentMethod
from landbridge.methods.core.base import METHODS
from landbridge.methods.core.feature import FeatureMethod

KINDS = {
    name: getattr(landbridge.features, kind.__name__)
    for name, kind in METHODS.items()
    if issubclass(kind, FeatureMethod) and "multiclass" in kind.needs.target_types
}
REGRESSORS = [
    getattr(landbridge.features, kind.__name__)
    for _, kind in METHODS.items()
    if issubclass(kind, FeatureMethod) and "multiclass" not in kind.needs.target_types
]
every = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
aligning = pytest.mark.parametrize(
    "kind",
    [k for k in KINDS.values() if issubclass(k, AlignmentMethod)],
    ids=[n for n, k in KINDS.items() if issubclass(k, AlignmentMethod)],
)


def blobs(n=90, d=4, seed=0, classes=3, spread=5.0):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return rng.normal(size=(n, d)) + spread * np.eye(classes, d)[y], y


def pair(ns=90, nt=60, d=4, **options):
    """A target that is scaled and moved, with its own order of classes."""
    xs, ys = blobs(ns, d, 0, **options)
    xt, yt = blobs(nt, d, 1, **options)
    order = np.random.default_rng(2).permutation(nt)
    return xs, ys, (xt * 1.2 + 0.3)[order], yt[order]


def quiet(kind, *args, **kwargs):
    """Fit; small effective sample sizes are no news here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LandbridgeWarning)
        return kind().fit(*args, **kwargs)


def fitted(kind, xs, ys, xt, yt):
    """Fit with the labels that the method needs and no others: five a class at most."""
    few = np.zeros(len(yt), bool)
    if kind.needs.target == "labelled":
        for c in np.unique(yt):
            few[np.flatnonzero(yt == c)[:5]] = True
    return quiet(kind, xs, ys, xt, yt, labelled_t=few)


@pytest.mark.parametrize("kind", [*KINDS.values(), *REGRESSORS], ids=lambda kind: kind.name)
def test_scikit_learn_checks(kind):
    """All of them, but what this version leaves out: none is expected to fail."""
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(kind(), on_fail=None)
    failed = [f"{c['check_name']}: {c['exception']}" for c in found if c["status"] == "failed"]
    assert len(found) > 30
    assert not failed, failed


@every
def test_learns_and_hides_nothing_under_the_mask(kind):
    xs, ys, xt, yt = pair()
    model = fitted(kind, xs, ys, xt, yt)
    assert model.score(xt, yt) > 0.85
    p = model.predict_proba(xt)
    assert p.shape == (60, 3)
    assert np.allclose(p.sum(1), 1)
    # What is written where nothing is labelled is not read.
    few = np.zeros(60, bool)
    if kind.needs.target == "labelled":
        few[:9] = True
    one = quiet(kind, xs, ys, xt, yt, labelled_t=few)
    other = quiet(kind, xs, ys, xt, np.where(few, yt, 1 - yt), labelled_t=few)
    assert np.array_equal(one.predict_proba(xt), other.predict_proba(xt))


@every
def test_stacked_rows_in_any_order_are_the_same_as_two_sides(kind):
    xs, ys, xt, yt = pair()
    few = np.zeros(60, bool)
    few[:9] = kind.needs.target == "labelled"
    apart = quiet(kind, xs, ys, xt, yt, labelled_t=few)
    # Interleaved, each side's own order kept.
    place = np.random.default_rng(3).permutation(150)
    source, target = np.sort(place[:90]), np.sort(place[90:])
    x, y, domain, known = np.empty((150, 4)), np.empty(150, int), np.empty(150, int), np.empty(150)
    x[source], x[target], y[source], y[target] = xs, xt, ys, yt
    domain[source], domain[target], known[source], known[target] = 1, -2, 1, few
    stacked = quiet(kind, x, y, sample_domain=domain, labelled=known.astype(bool))
    assert np.allclose(stacked.predict_proba(xt), apart.predict_proba(xt), atol=1e-6)


@every
def test_any_labels_and_what_is_given_is_never_changed(kind):
    xs, ys, xt, yt = pair()
    names = np.array(["-1", "ünï", "bee"])
    few = np.zeros(60, bool)
    few[:12] = kind.needs.target == "labelled"
    given = [xs.copy(), names[ys], xt.copy(), names[yt]]
    for array in given:
        array.flags.writeable = False
    words = quiet(kind, *given, labelled_t=few)
    assert set(words.predict(xt)) <= set(names)
    signs = np.array([7, -1, 3])  # −1 is a label as any other
    numbers = quiet(kind, xs, signs[ys], xt, signs[yt], labelled_t=few)
    assert (numbers.score(xt, signs[yt]), words.score(xt, names[yt])) > (0.8, 0.8)


@every
def test_float32_stays_and_agrees(kind):
    xs, ys, xt, yt = pair()
    wide = fitted(kind, xs, ys, xt, yt)
    narrow = fitted(kind, xs.astype(np.float32), ys, xt.astype(np.float32), yt)
    p = narrow.predict_proba(xt.astype(np.float32))
    assert p.dtype == np.float32
    assert wide.predict_proba(xt).dtype == np.float64
    assert (p.argmax(1) == wide.predict_proba(xt).argmax(1)).mean() > 0.95


AWKWARD = {
    "wide": {"d": 100},
    "one target row": {"nt": 1},
    "more target": {"ns": 30, "nt": 120},
    "scaled": {},
    "constant columns": {},
    "class missing in the source": {},
    "class missing in the target": {},
}


MAY_DECLINE = ("one target row", "class missing in the source")


@pytest.mark.parametrize("case", AWKWARD)
@every
def test_awkward(kind, case):
    xs, ys, xt, yt = pair(**AWKWARD[case])
    if case == "scaled":
        xs, xt = xs * 1000, xt * 1000
    elif case == "constant columns":
        xs, xt = np.c_[xs, np.ones(90), np.full(90, 0.1)], np.c_[xt, np.ones(60), np.full(60, 7.0)]
    elif case == "class missing in the source":
        xs, ys = xs[ys != 2], ys[ys != 2]
    elif case == "class missing in the target":
        xt, yt = xt[yt != 2], yt[yt != 2]
    if case in MAY_DECLINE:
        try:
            model = fitted(kind, xs, ys, xt, yt)
        except MethodError as error:  # it says what is missing
            said = str(error)
            assert "class" in said or "row" in said
            return
    model = fitted(kind, xs, ys, xt, yt)
    p = model.predict_proba(xt)
    assert np.isfinite(p).all()
    again = fitted(kind, xs, ys, xt, yt).predict_proba(xt)
    assert np.array_equal(p, again)
    seen = ys.max() >= yt.max() or kind.needs.target == "labelled"
    if case not in ("one target row", "wide") and seen:
        assert model.score(xt, yt) > 0.6


@every
def test_several_sources_and_targets(kind):
    xs, ys, xt, yt = pair()
    x, y = np.concatenate([xs, xt]), np.concatenate([ys, yt])
    domain = np.r_[np.tile([1, 2], 45), np.tile([-1, -5], 30)]
    known = np.r_[np.ones(90, bool), np.zeros(60, bool)]
    known[90:102] = kind.needs.target == "labelled"
    model = quiet(kind, x, y, sample_domain=domain, labelled=known)
    assert model.score(xt, yt) > 0.8


@every
def test_clones_prints_and_pickles(kind):
    from sklearn.base import clone

    model = kind()
    assert repr(model) == f"{kind.__name__}()"
    assert clone(model).get_params() == model.get_params()
    assert getattr(landbridge.features, kind.__name__) is kind
    assert issubclass(kind, METHODS.get(kind.name))
    xs, ys, xt, yt = pair()
    model = fitted(kind, xs, ys, xt, yt)
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(xt), model.predict_proba(xt))


@aligning
def test_transform(kind):
    xs, ys, xt, yt = pair()
    x, y = np.concatenate([xs, xt]), np.concatenate([ys, yt])
    domain = np.r_[np.ones(90, int), -np.ones(60, int)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LandbridgeWarning)
        both = kind().fit_transform(x, y, sample_domain=domain, labelled=domain > 0)
    model = quiet(kind, xs, ys, xt)
    assert np.allclose(model.transform(xt), both[90:], atol=1e-6)
    assert both.dtype == x.dtype
    assert np.isfinite(both).all()
    try:
        new = model.transform(xs, sample_domain=np.ones(90, int))
    except MethodError as error:
        assert "fit_transform" in str(error)  # noqa: PT017
    else:
        assert np.allclose(new, both[:90], atol=1e-5 * (1 + np.abs(both).max()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_domain": np.zeros(150, int)}, "above 0"),
        ({"sample_domain": np.ones(150, int)}, "no target row"),
        ({"sample_domain": -np.ones(150, int)}, "no source row"),
        ({"sample_domain": np.ones(3, int)}, "150 whole numbers"),
        ({"labelled": np.ones(150)}, "bools"),
        ({"labelled": np.zeros(150, bool)}, "no row is labelled"),
        ({"y": np.where(np.arange(150) == 7, np.nan, 1.0)}, "row 7"),
        ({"y": np.zeros(150)}, "class"),
        ({"y": np.zeros(149)}, "149 labels"),
        ({"Xt": np.zeros((3, 4))}, "give one of them"),
    ],
)
def test_what_is_wrong_is_said(change, words):
    x, y = blobs(150)
    arguments = {"X": x, "y": y, "sample_domain": np.where(np.arange(150) % 2, 1, -1)} | change
    with pytest.raises(DataError, match=words):
        KINDS["coral"]().fit(**arguments)


def test_without_domains_there_is_a_warning():
    x, y = blobs()
    with pytest.warns(LandbridgeWarning, match="sample_domain"):
        KINDS["coral"]().fit(x, y)


def test_other_tools_of_scikit_learn():
    import sklearn
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    xs, ys, xt, yt = pair()
    x, y = np.concatenate([xs, xt]), np.concatenate([ys, yt])
    domain = np.r_[np.ones(90, int), -np.ones(60, int)]
    coral = KINDS["coral"]
    search = GridSearchCV(coral(), {"reg": [0.1, 1.0]}, cv=3)
    search.fit(x, y, sample_domain=domain)
    assert search.best_score_ > 0.8
    own = coral(head=LogisticRegression()).fit(xs, ys, xt)
    assert own.score(xt, yt) > 0.8
    assert own.set_params(head__C=0.5).head.C == 0.5
    with sklearn.config_context(enable_metadata_routing=True):
        steps = make_pipeline(StandardScaler(), coral().set_fit_request(sample_domain=True))
        scores = cross_val_score(steps, x, y, cv=3, params={"sample_domain": domain})
    assert scores.min() > 0.8


def test_what_they_are():
    from sklearn.base import BaseEstimator, is_classifier, is_regressor

    assert all(issubclass(kind, BaseEstimator) and is_classifier(kind()) for kind in KINDS.values())
    assert REGRESSORS
    assert all(is_regressor(kind()) and not hasattr(kind, "classes_") for kind in REGRESSORS)


@pytest.mark.parametrize("kind", [*KINDS.values(), *REGRESSORS], ids=lambda kind: kind.name)
def test_constraints_are_those_of_runs(kind):
    """What scikit-learn may know of a parameter allows what `check` does, and nothing more."""
    from sklearn.utils._param_validation import validate_parameter_constraints

    default = kind().get_params(deep=False)
    assert kind._parameter_constraints.keys() == default.keys()
    validate_parameter_constraints(kind._parameter_constraints, default, kind.__name__)
    for name, value in default.items():
        assert f"\n{name} : " in kind.__doc__
        if isinstance(value, bool) or not isinstance(value, int | float) or name == "random_state":
            continue
        for wrong in (-1e7, -2, 0, 1, 2, 1e7):
            given = default | {name: type(value)(wrong)}
            try:
                kind(**given).check()
            except ConfigError:
                right = False
            else:
                right = True
            try:
                validate_parameter_constraints(kind._parameter_constraints, given, kind.__name__)
            except ValueError:
                assert not right
            else:
                assert right, (name, wrong)


def test_tables_have_names_and_transform_gives_what_is_asked():
    import pandas as pd

    xs, ys, xt, _ = pair()
    xs, xt = (pd.DataFrame(x, columns=list("abcd")) for x in (xs, xt))
    model = KINDS["tca"](n_components=2).set_output(transform="pandas").fit(xs, ys, xt)
    assert model.feature_names_in_.tolist() == list("abcd")
    out = model.transform(xt)
    assert out.columns.tolist() == ["tca0", "tca1"] == model.get_feature_names_out().tolist()
    assert out.index.equals(xt.index)


def test_an_option_given_again_with_a_default_alone_keeps_what_is_said_of_it():
    from landbridge.methods.core.parameters import bounds_of

    assert bounds_of(KINDS["sinkhorn"])["batch_size"].ge == 1
    assert "Rows of either side" in KINDS["sinkhorn"].__doc__


def test_a_constructor_that_is_written_out_still_does():
    class Plain(FeatureMethod):
        name = "plain"

        def __init__(self, *, depth: int = 3) -> None:
            self.depth = depth

        def fit_head(self, source, target, n_classes, seed):
            raise NotImplementedError

    assert Plain.from_config(Plain.Config(depth=4)).config == Plain.Config(depth=4)
