"""Few target labels: every closed form against the problem written out, boosting by the papers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from landbridge.solvers.boosting.tradaboost import tradaboost
from landbridge.solvers.boosting.tradaboost_r2 import adaboost_r2, two_stage_r2, weighted_median
from landbridge.solvers.linear.biased_regularisation import biased_logistic, biased_ridge
from landbridge.solvers.linear.feature_augmentation import feature_augmentation
from landbridge.solvers.linear.joint_weighting import joint_ridge
from landbridge.solvers.linear.ridge import ridge_loo, ridge_solve

ALPHAS = [0.1, 3.0, 100.0]


def sides(n, m, d, k=2, seed=0):
    rng = np.random.default_rng(seed)
    xs, xt = rng.normal(size=(n, d)) + 1, rng.normal(size=(m, d)) - 0.5
    ys, yt = rng.normal(size=(n, k)) + xs[:, :1], rng.normal(size=(m, k)) + xt[:, :1] + 2
    return xs, ys, xt, yt


def biased_by_hand(x, y, w0, b0, alpha, weights, free):
    """Normal equations of Σ w ‖y − Wx − b‖² + α ‖W − W₀‖² (+ α (b − b₀)² where not free)."""
    z = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    penalty = alpha * np.eye(z.shape[1])
    if free:
        penalty[-1, -1] = 0
    prior = np.concatenate([w0, b0[:, None]], axis=1).T
    left = z.T @ (weights[:, None] * z) + penalty
    found = np.linalg.solve(left, z.T @ (weights[:, None] * y) + penalty @ prior)
    return found[:-1].T, found[-1]


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("m", "d"), [(12, 4), (7, 30)])
def test_biased_ridge_and_its_leaving_out(m, d, weighted, free):
    _, _, x, y = sides(1, m, d)
    rng = np.random.default_rng(1)
    w0, b0 = rng.normal(size=(2, d)), rng.normal(size=2)
    weights = rng.uniform(0.3, 2, m) if weighted else np.ones(m)
    trusts = [0.0, 0.5, 1.0]
    before = x.copy(), y.copy()
    fit = biased_ridge(
        x, y, w0, b0, ALPHAS, trusts=trusts, weights=weights if weighted else None,
        free_intercept=free,
    )  # fmt: skip
    errors = np.empty((3, 3))
    every = {}
    for i, trust in enumerate(trusts):
        for j, alpha in enumerate(ALPHAS):
            left = np.empty_like(y)
            for r in range(m):
                kept = np.arange(m) != r
                w, b = biased_by_hand(
                    x[kept], y[kept], trust * w0, trust * b0, alpha, weights[kept], free
                )
                left[r] = w @ x[r] + b
            every[i, j] = left
            errors[i, j] = (weights[:, None] * (left - y) ** 2).mean()
    np.testing.assert_allclose(fit.errors, errors, rtol=1e-7)
    i, j = np.unravel_index(errors.argmin(), (3, 3))
    assert (fit.trust, fit.strength) == (trusts[i], ALPHAS[j])
    np.testing.assert_allclose(fit.left_out, every[i, j], atol=1e-7)
    w, b = biased_by_hand(x, y, fit.trust * w0, fit.trust * b0, fit.strength, weights, free)
    np.testing.assert_allclose(fit.weight, w, atol=1e-8)
    np.testing.assert_allclose(fit.bias, b, atol=1e-8)
    assert np.array_equal(before[0], x)
    assert np.array_equal(before[1], y)


@pytest.mark.parametrize("free", [True, False])
def test_biased_ridge_on_one_row_stays_at_the_source(free):
    w0, b0 = np.array([[1.0, 2.0]]), np.array([0.5])
    fit = biased_ridge(
        np.ones((1, 2)), np.ones((1, 1)), w0, b0, [1.0, 1e9], trusts=[0.0, 1.0],
        free_intercept=free,
    )  # fmt: skip
    assert fit.trust == 1
    assert fit.strength == 1e9
    np.testing.assert_allclose(fit.weight, w0, atol=1e-6)
    assert np.isnan(fit.errors).all()


def test_a_source_that_is_wrong_is_not_trusted():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 5))
    w = rng.normal(size=(1, 5))
    y = x @ w.T + 0.1 * rng.normal(size=(40, 1))
    trusts = [0.0, 1.0]
    assert biased_ridge(x, y, -w, np.zeros(1), ALPHAS, trusts=trusts).trust == 0
    assert biased_ridge(x, y, w, np.zeros(1), ALPHAS, trusts=trusts).trust == 1


@pytest.mark.parametrize("classes", [2, 3])
def test_biased_logistic_is_the_minimum_of_its_formula(classes):
    rng = np.random.default_rng(3)
    k, labels = (1 if classes == 2 else 3), np.arange(14) % classes
    x = rng.normal(size=(14, 3)) + labels[:, None]
    w0, b0 = rng.normal(size=(k, 3)), rng.normal(size=k)
    fit = biased_logistic(x, labels, classes, w0, b0, [2.0], tolerance=1e-13)

    def value(theta):
        w, b = theta[: 3 * k].reshape(k, 3), theta[3 * k :]
        scores = x @ w.T + b
        if k == 1:
            scores = np.concatenate([np.zeros((14, 1)), scores], axis=1)
        loss = (logsumexp(scores, axis=1) - scores[np.arange(14), labels]).sum()
        return loss + ((w - w0) ** 2).sum() + ((b - b0) ** 2).sum()

    best = minimize(value, np.zeros(4 * k), options={"gtol": 1e-9})
    np.testing.assert_allclose(fit.weight, best.x[: 3 * k].reshape(k, 3), atol=1e-4)
    np.testing.assert_allclose(fit.bias, best.x[3 * k :], atol=1e-4)


def test_biased_logistic_keeps_a_class_without_target_rows():
    rng = np.random.default_rng(4)
    centres = 4 * np.eye(3)
    w0, b0 = centres, -8 * np.ones(3)
    labels = np.arange(8) % 2  # class 2 has no row
    x = centres[labels] + rng.normal(size=(8, 3))
    fit = biased_logistic(x, labels, 3, w0, b0, [1.0, 10.0], trusts=[0.0, 1.0])
    assert fit.trust == 1
    new = centres[2] + 0.3 * rng.normal(size=(20, 3))
    assert ((new @ fit.weight.T + fit.bias).argmax(1) == 2).all()
    one = biased_logistic(x[:1], labels[:1], 3, w0, b0, [1.0, 10.0], trusts=[0.0, 1.0])
    assert (one.trust, one.strength) == (1.0, 10.0)


def augmented_by_hand(xs, ys, xt, yt, alpha, weights, free, unlabelled=None, beta=0.0):
    """The 3d features built, an intercept for each side, normal equations; the target's side."""
    n, m, d = len(xs), len(xt), xs.shape[1]
    if not free:
        xs, xt = (np.concatenate([x, np.ones((len(x), 1))], axis=1) for x in (xs, xt))
        if unlabelled is not None:
            unlabelled = np.concatenate([unlabelled, np.ones((len(unlabelled), 1))], axis=1)
    zero_s, zero_t = np.zeros_like(xs), np.zeros_like(xt)
    z = np.concatenate([np.hstack([xs, xs, zero_s]), np.hstack([xt, zero_t, xt])])
    y, w = np.concatenate([ys, yt]), np.concatenate([weights, np.ones(m)])
    if unlabelled is not None:
        u = unlabelled - unlabelled.mean(0) if free else unlabelled
        z = np.concatenate([z, np.hstack([np.zeros_like(u), u, -u])])
        y = np.concatenate([y, np.zeros((len(u), y.shape[1]))])
        w = np.concatenate([w, np.full(len(u), beta)])
    penalty = alpha * np.eye(z.shape[1])
    if free:
        side = np.zeros((len(z), 2))
        side[:n, 0], side[n : n + m, 1] = 1, 1
        z = np.hstack([z, side])
        penalty = np.pad(penalty, (0, 2))
    left = z.T @ (w[:, None] * z) + penalty
    found = np.linalg.solve(left, z.T @ (w[:, None] * y))
    width = xs.shape[1]
    u = (found[:width] + found[2 * width : 3 * width]).T
    return (u, found[-1]) if free else (u[:, :d], u[:, d])


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("beta", [0.0, 0.7])
@pytest.mark.parametrize(("n", "m", "d"), [(40, 6, 4), (12, 5, 40), (30, 8, 20)])
def test_augmentation_is_ridge_on_three_copies(n, m, d, beta, free):
    xs, ys, xt, yt = sides(n, m, d)
    rng = np.random.default_rng(5)
    weights, extra = rng.uniform(0.3, 2, n), rng.normal(size=(9, d))
    extra = extra if beta else None
    fit = feature_augmentation(
        xs, ys, xt, yt, ALPHAS, weights=weights, unlabelled=extra, agreement=beta,
        free_intercept=free,
    )  # fmt: skip
    errors, every = [], []
    for alpha in ALPHAS:
        left = np.empty_like(yt)
        for r in range(m):
            kept = np.arange(m) != r
            w, b = augmented_by_hand(xs, ys, xt[kept], yt[kept], alpha, weights, free, extra, beta)
            left[r] = w @ xt[r] + b
        errors.append(((left - yt) ** 2).mean())
        every.append(left)
    np.testing.assert_allclose(fit.loo_errors, errors, rtol=1e-6)
    best = int(np.argmin(errors))
    assert fit.strength == ALPHAS[best]
    np.testing.assert_allclose(fit.loo_predictions, every[best], atol=1e-7)
    w, b = augmented_by_hand(xs, ys, xt, yt, fit.strength, weights, free, extra, beta)
    np.testing.assert_allclose(fit.weight, w, atol=1e-7)
    np.testing.assert_allclose(fit.bias, b, atol=1e-7)


def test_augmentation_on_one_target_row_float32_and_scale():
    xs, ys, xt, yt = sides(60, 1, 5)
    fit = feature_augmentation(xs, ys, xt, yt, ALPHAS)
    assert np.isnan(fit.loo_errors).all()
    assert np.isfinite(fit.weight).all()
    xs, ys, xt, yt = sides(60, 7, 5)
    plain = feature_augmentation(xs, ys, xt, yt, [2.0])
    large = feature_augmentation(xs * 1000, ys, xt * 1000, yt, [2e6])
    np.testing.assert_allclose(large.weight * 1000, plain.weight, rtol=1e-6, atol=1e-10)
    short = feature_augmentation(xs.astype(np.float32), ys, xt.astype(np.float32), yt, [2.0])
    np.testing.assert_allclose(short.weight, plain.weight, atol=1e-5)


@pytest.mark.parametrize(("n", "m", "d"), [(25, 6, 3), (10, 5, 30)])
def test_joint_ridge_is_judged_on_target_rows_left_out(n, m, d):
    xs, ys, xt, yt = sides(n, m, d)
    weights = np.random.default_rng(6).uniform(0.3, 2, n)
    shares = [0.0, 0.3, 0.9]
    fit = joint_ridge(xs, ys, xt, yt, ALPHAS, shares=shares, weights=weights)
    errors = np.empty((3, 3))
    for i, share in enumerate(shares):
        each = np.concatenate([share * weights / weights.sum(), np.full(m, (1 - share) / m)])
        each *= n + m
        if share == 0:
            each = np.concatenate([np.zeros(n), np.ones(m)])
        x, y = np.concatenate([xs, xt]), np.concatenate([ys, yt])
        for j, alpha in enumerate(ALPHAS):
            lost = []
            for r in range(m):
                kept = (np.arange(n + m) != n + r) & (each > 0)
                model = Ridge(alpha=alpha, solver="cholesky")
                model.fit(x[kept], y[kept], sample_weight=each[kept])
                lost.append((model.predict(xt[r : r + 1])[0] - yt[r]) ** 2)
            errors[i, j] = np.mean(lost)
    np.testing.assert_allclose(fit.errors, errors.min(1), rtol=1e-6)
    i, j = np.unravel_index(errors.argmin(), (3, 3))
    assert (fit.share, fit.path.strength) == (shares[i], ALPHAS[j])
    assert fit.left_out.shape == yt.shape


def test_ridge_judged_rows_choose():
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(30, 4)), rng.normal(size=(30, 1))
    judged = np.arange(30) < 6
    weights = rng.uniform(0.5, 2, 30)
    for rows, values in ((x, y), (np.tile(x, (1, 10)), y)):
        path = ridge_loo(rows, values, ALPHAS, weights=weights, eval_mask=judged)
        for j, alpha in enumerate(ALPHAS):
            one = ridge_loo(rows, values, [alpha], weights=weights)
            error = (weights[:, None] * (one.loo_predictions - values) ** 2)[judged].mean()
            assert path.loo_errors[j] == pytest.approx(error)
    with pytest.raises(ValueError, match="judged"):
        ridge_loo(x, y, [1.0], eval_mask=np.zeros(30, dtype=bool))
    with pytest.raises(ValueError, match="judged"):
        ridge_loo(x, y, [1.0], eval_mask=np.ones(3, dtype=bool))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "d"), [(40, 6), (9, 30), (20, 20)])
def test_ridge_solve_is_scikit_learns(n, d, weighted):
    _, _, x, y = sides(1, n, d)
    weights = np.random.default_rng(8).integers(0, 3, n).astype(float) if weighted else None
    weight, bias = ridge_solve(x, y, 0.7, weights)
    model = Ridge(alpha=0.7, solver="cholesky").fit(x, y, sample_weight=weights)
    np.testing.assert_allclose(weight, model.coef_, atol=1e-9)
    np.testing.assert_allclose(bias, model.intercept_, atol=1e-9)


def boosting_case(seed=0, n=60, m=14):
    """A source that agrees with the target on half of its rows."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n + m, 3))
    y = (x[:, 0] + 0.5 * x[:, 1] > 0).astype(int)
    y[: n // 2] = 1 - y[: n // 2]
    return x, y, n


def stump(x, y):
    def fit(weights):
        model = DecisionTreeClassifier(max_depth=2, random_state=0)
        model.fit(x, y, sample_weight=weights)
        return model, model.predict(x)

    return fit


def tradaboost_by_the_paper(x, y, n, n_estimators):
    """Figure 1 of Dai et al. (2007), line by line; h in {0, 1}."""
    m = len(y) - n
    w = np.full(n + m, 1 / (n + m))
    beta = 1 / (1 + np.sqrt(2 * np.log(n) / n_estimators))
    hypotheses, betas = [], []
    for _ in range(n_estimators):
        p = w / w.sum()
        model = DecisionTreeClassifier(max_depth=2, random_state=0)
        h = model.fit(x, y, sample_weight=p * len(p)).predict(x)
        error = (w[n:] * np.abs(h - y)[n:]).sum() / w[n:].sum()
        error = max(error, 0.5 / m)  # ours: an error of 0 is half a row's
        assert error < 0.5
        beta_t = error / (1 - error)
        w[:n] *= beta ** np.abs(h - y)[:n]
        w[n:] *= beta_t ** -np.abs(h - y)[n:].astype(float)
        hypotheses.append(model)
        betas.append(beta_t)
    first = int(np.ceil(n_estimators / 2)) - 1

    def answer(new):
        left = np.ones(len(new))
        right = 1.0
        for model, b in zip(hypotheses[first:], betas[first:], strict=True):
            left = left * b ** -model.predict(new).astype(float)
            right = right * b**-0.5
        return (left >= right).astype(int)

    return answer, w / w.sum()


@pytest.mark.parametrize("n_estimators", [1, 7, 10])
def test_tradaboost_is_the_papers(n_estimators):
    x, y, n = boosting_case()
    found = tradaboost(stump(x, y), y, n, 2, n_estimators)
    answer, weights = tradaboost_by_the_paper(x, y, n, n_estimators)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-9)
    new = np.random.default_rng(9).normal(size=(300, 3))
    votes = np.zeros((300, 2))
    for model, say in zip(found.models, found.estimator_weights, strict=True):
        votes[np.arange(300), model.predict(new)] += say
    clear = np.abs(votes[:, 0] - votes[:, 1]) > 1e-9
    assert clear.mean() > 0.9
    np.testing.assert_array_equal(votes.argmax(1)[clear], answer(new)[clear])
    assert len(found.models) == n_estimators - int(np.ceil(n_estimators / 2)) + 1


def test_tradaboost_turns_from_source_rows_that_are_wrong():
    x, y, n = boosting_case()
    found = tradaboost(stump(x, y), y, n, 2, 20)
    wrong, right = found.weights[: n // 2].mean(), found.weights[n // 2 : n].mean()
    assert right > 3 * wrong


def test_tradaboost_drains_the_source_and_dynamic_does_not():
    """A fixed learner that is right on the source and wrong on 3 of 12 target rows (ε = 1/4)."""
    labels = np.arange(42) % 2
    answers = labels.copy()
    answers[[30, 34, 38]] = 1 - answers[[30, 34, 38]]
    plain = tradaboost(lambda w: (None, answers), labels, 30, 2, 2)
    dynamic = tradaboost(lambda w: (None, answers), labels, 30, 2, 2, dynamic=True)
    # Together the target's weights grow by 2 (1 − ε) = 1.5; the source's stay, or grow as much.
    np.testing.assert_allclose(plain.source_share, [30 / 42, 30 / (30 + 12 * 1.5)])
    np.testing.assert_allclose(dynamic.source_share, [30 / 42, 30 / 42])


def test_tradaboost_without_any_error_and_with_nothing_but_errors():
    labels = np.arange(10) % 3
    found = tradaboost(lambda w: (None, labels), labels, 6, 3, 6)
    assert found.errors.tolist() == [0] * 6
    np.testing.assert_allclose(found.weights, 0.1)
    np.testing.assert_allclose(
        found.estimator_weights, np.log(7) + np.log(2)
    )  # (1 − 1/8) / (1/8), 3 classes
    bad = tradaboost(lambda w: ("last", (labels + 1) % 3), labels, 6, 3, 6)
    assert bad.errors.tolist() == [1] * 6
    assert bad.models == ["last"]
    assert bad.estimator_weights.tolist() == [1]
    assert np.isfinite(bad.weights).all()
    alone = tradaboost(lambda w: (None, labels), labels, 1, 3, 4)
    assert np.isfinite(alone.weights).all()


@pytest.mark.parametrize(
    ("n_source", "n_estimators", "message"),
    [(0, 5, "both sides"), (4, 5, "both"), (2, 0, "n_estimators")],
)
def test_tradaboost_refuses(n_source, n_estimators, message):
    labels = np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=message):
        tradaboost(lambda w: (None, labels), labels, n_source, 2, n_estimators)


def tree(x, y):
    def fit(weights):
        used = weights > 0
        model = DecisionTreeRegressor(max_depth=3, random_state=0)
        model.fit(x[used], y[used], sample_weight=weights[used])
        return model, model.predict(x)

    return fit


def adaboost_r2_by_the_paper(x, y, n, weights, n_estimators):
    """Drucker's algorithm with linear loss, source weights frozen."""
    w = weights / weights.sum()
    models, say = [], []
    for _ in range(n_estimators):
        used = w > 0
        model = DecisionTreeRegressor(max_depth=3, random_state=0)
        model.fit(x[used], y[used], sample_weight=(w * len(w))[used])
        off = np.abs(model.predict(x) - y)
        loss = off / off[used].max()
        error = (w * loss)[used].sum()
        if error >= 0.5:
            break
        beta = error / (1 - error)
        models.append(model)
        say.append(np.log(1 / beta))
        own = w[n:].sum()
        w[n:] = w[n:] * beta ** (1 - loss[n:])
        w[n:] *= own / w[n:].sum()
    return models, say


def regression_case():
    rng = np.random.default_rng(11)
    x = rng.normal(size=(90, 3))
    y = np.sin(2 * x[:, 0]) + x[:, 1] + 0.1 * rng.normal(size=90)
    y[:35] = -y[:35]  # half of the 70 source rows
    return x, y, 70


def test_adaboost_r2_is_druckers():
    x, y, n = regression_case()
    weights = np.full(90, 1 / 90)
    models, say = adaboost_r2(tree(x, y), y, n, weights, 6)
    theirs, other = adaboost_r2_by_the_paper(x, y, n, weights.copy(), 6)
    assert len(models) == len(theirs)
    np.testing.assert_allclose(say, other)
    for a, b in zip(models, theirs, strict=True):
        np.testing.assert_allclose(a.predict(x), b.predict(x), atol=1e-12)


def test_two_stage_r2_finds_the_rows_that_fit():
    x, y, n = regression_case()

    def predict(models, rows):
        return np.stack([m.predict(x[rows]) for m in models])

    found = two_stage_r2(tree(x, y), predict, y, n, steps=6, n_estimators=5, folds=4)
    m, total = 20, 90
    shares = m / total + np.arange(6) / 5 * (1 - m / total)
    np.testing.assert_allclose(found.target_share, shares)
    assert found.weights[n:].sum() == pytest.approx(shares[found.step], rel=1e-6)
    assert found.step == int(found.errors.argmin())
    if 0 < found.step < 5:
        assert found.weights[35:70].sum() > found.weights[:35].sum()
    # Step by step: first as it is, last the target alone.
    models, say = adaboost_r2(tree(x, y), y, n, np.full(total, 1 / total), 5)
    assert np.isfinite(found.errors).all()
    assert weighted_median(predict(models, np.arange(90)), say).shape == (90,)


def test_weighted_median():
    rng = np.random.default_rng(12)
    answers, say = rng.normal(size=(7, 40)), rng.uniform(0.1, 2, 7)
    found = weighted_median(answers, say)
    for j in range(40):
        order = np.argsort(answers[:, j])
        below = np.cumsum(say[order])
        assert found[j] == answers[order[np.flatnonzero(below >= below[-1] / 2)[0]], j]
