"""KLIEP, uLSIF, RuLSIF, Gaussian and discriminator weights: known ratios, generic solvers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.linear_model import LogisticRegression

from landbridge.solvers.density_ratio.base import KernelRatio, effective_sample_size
from landbridge.solvers.density_ratio.discriminator_weights import discriminator_weights
from landbridge.solvers.density_ratio.gaussian_ratio import gaussian_ratio
from landbridge.solvers.density_ratio.kliep import kliep
from landbridge.solvers.density_ratio.kmm import kmm
from landbridge.solvers.density_ratio.neighbour_weights import neighbour_weights
from landbridge.solvers.density_ratio.ulsif import loo_scores, ulsif
from landbridge.solvers.label_shift.mixture_proportions import mixture_proportions

ONE = (np.zeros(1), np.eye(1), np.full(1, 0.7), np.full((1, 1), 0.6))
"""Means and covariances of source and target; in both cases the ratio is bounded."""
THREE = (
    np.zeros(3),
    np.array([[1.0, 0.5, 0.2], [0.5, 1.5, 0.3], [0.2, 0.3, 0.8]]),
    np.array([0.4, -0.3, 0.3]),
    np.array([[0.6, 0.2, 0.0], [0.2, 0.8, 0.1], [0.0, 0.1, 0.5]]),
)
KERNELS = {
    "kliep": kliep,
    "ulsif": ulsif,
    "rulsif": lambda xs, xt, **options: ulsif(xs, xt, relative=0.1, **options),
}
ALL = {
    **KERNELS,
    "kmm": kmm,
    "gaussian": gaussian_ratio,
    "discriminator": discriminator_weights,
    "neighbours": neighbour_weights,
}
each = pytest.mark.parametrize("name", ALL)


def draw(truth, n=1500, m=1100, seed=0):
    rng = np.random.default_rng(seed)
    mean_s, cov_s, mean_t, cov_t = truth
    xs = rng.multivariate_normal(mean_s, cov_s, n)
    xt = rng.multivariate_normal(mean_t, cov_t, m)
    ratio = multivariate_normal(mean_t, cov_t).pdf(xs) / multivariate_normal(mean_s, cov_s).pdf(xs)
    return xs, xt, ratio / ratio.mean()


# Known ratios ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("kliep", 0.03),
        ("ulsif", 0.06),
        ("rulsif", 0.12),  # of the relative ratio, so flatter by intent
        ("gaussian", 0.01),
    ],
)
@pytest.mark.parametrize("truth", [ONE, THREE], ids=["1d", "3d"])
def test_ratio_of_two_gaussians(name, error, truth):
    xs, xt, ratio = draw(truth)
    found = ALL[name](xs, xt)
    share = np.mean((found.weights - ratio) ** 2) / np.var(ratio)
    assert share < error * (4 if truth is THREE else 1)  # ten moments to estimate, not two
    moved = np.average(xs, axis=0, weights=found.weights)
    np.testing.assert_allclose(moved, xt.mean(0), atol=0.15)


@pytest.mark.parametrize("name", ["kmm", "neighbours"])
def test_rough_weights_are_right_on_average(name):
    # One matches a mean and not a density, the other counts: rows vary, neighbourhoods do not.
    xs, xt, ratio = draw(ONE, 3000, 3000)
    options = {"smoothing": 0.0} if name == "neighbours" else {}  # it adds 1 to every count
    found = ALL[name](xs, xt, **options).weights
    for some in np.array_split(np.argsort(xs[:, 0])[150:-150], 8):
        assert found[some].mean() == pytest.approx(ratio[some].mean(), abs=0.15)


def test_relative_ratio_is_the_relative_one():
    xs, xt, _ = draw(ONE, 3000, 3000)
    density_t = multivariate_normal(*ONE[2:]).pdf(xs)
    density_s = multivariate_normal(*ONE[:2]).pdf(xs)
    truth = density_t / (0.5 * density_t + 0.5 * density_s)
    found = ulsif(xs, xt, relative=0.5)
    assert np.mean((found.ratio(xs) - truth) ** 2) / np.var(truth) < 0.02
    # ½ ∫ p_mix (r − 1)²
    points = np.linspace(-6, 6, 4001)[:, None]
    t, s = multivariate_normal(*ONE[2:]).pdf(points), multivariate_normal(*ONE[:2]).pdf(points)
    mixed = 0.5 * t + 0.5 * s
    divergence = 0.5 * np.trapezoid(mixed * (t / mixed - 1) ** 2, points[:, 0])
    assert found.divergence == pytest.approx(divergence, abs=0.03)


def test_log_ratio_estimates_the_divergence():
    xs, xt, _ = draw(ONE, 4000, 4000)
    kl = 0.5 * (0.6 + 0.7**2 - 1 - np.log(0.6))
    assert kliep(xs, xt).log_likelihood == pytest.approx(kl, abs=0.03)


def test_discriminator_of_equal_covariances_is_the_true_ratio():
    # log p_t − log p_s is linear then, so logistic regression has the right form.
    rng = np.random.default_rng(0)
    shift = np.array([0.8, -0.4])
    xs, xt = rng.normal(size=(4000, 2)), rng.normal(size=(2500, 2)) + shift
    truth = xs @ shift - 0.5 * (0.8**2 + 0.4**2)
    found = discriminator_weights(xs, xt)
    assert np.abs(found.log_ratios - truth).mean() < 0.08
    assert found.weights[truth > 1].mean() > 1 > found.weights[truth < -1].mean()
    assert np.average(xs[:, 0], weights=found.weights) == pytest.approx(0.8, abs=0.1)


def test_discriminator_agrees_with_scikit_learn():
    xs, xt, _ = draw(THREE, 300, 200)
    found = discriminator_weights(xs, xt, alphas=0.01, cross_fit=False)
    x = np.concatenate([xs, xt])
    variance = np.mean((x - x.mean(0)) ** 2)
    theirs = LogisticRegression(C=1 / (0.01 * variance * 500), tol=1e-10, max_iter=1000)
    theirs.fit(x, np.arange(500) >= 300)
    want = theirs.decision_function(xs) + np.log(300 / 200)
    np.testing.assert_allclose(found.log_ratios, want, atol=2e-3)


def test_gaussian_ratio_in_logarithms():
    xs, xt, _ = draw(THREE, 400, 300)
    found = gaussian_ratio(xs, xt, shrinkage=0.0)
    want = multivariate_normal(xt.mean(0), np.cov(xt.T, ddof=0)).logpdf(xs)
    want -= multivariate_normal(xs.mean(0), np.cov(xs.T, ddof=0)).logpdf(xs)
    np.testing.assert_allclose(found.log_ratios, want, rtol=1e-6, atol=1e-6)


# Optima ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_mixture_proportions_against_a_generic_solver(seed):
    rng = np.random.default_rng(seed)
    a = np.exp(rng.normal(size=(40, 8)) * 2)
    found = mixture_proportions(a)
    assert found.gap <= 1e-9
    assert found.proportions.sum() == pytest.approx(1)
    theirs = minimize(
        lambda v: -np.log(np.maximum(a @ v, 1e-300)).mean(),
        np.full(8, 1 / 8),
        jac=lambda v: -(1 / np.maximum(a @ v, 1e-300)) @ a / 40,
        bounds=[(0, 1)] * 8,
        constraints={"type": "eq", "fun": lambda v: v.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.log_likelihood >= -theirs.fun - 1e-9
    slope = (1 / (a @ found.proportions)) @ a / 40  # Kuhn and Tucker: 1 where used, below elsewhere
    assert slope.max() <= 1 + 1e-8
    np.testing.assert_allclose(slope[found.proportions > 1e-8], 1, atol=1e-6)


def test_mixture_proportions_where_components_are_alike():
    rng = np.random.default_rng(0)
    a = np.exp(rng.normal(size=(200, 5)))
    a = np.concatenate([a, a[:, :2], np.zeros((200, 1)), a * (1 + 1e-9)], axis=1)
    plain = mixture_proportions(a[:, :5])
    found = mixture_proportions(a)
    assert found.gap <= 1e-9
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    alone = mixture_proportions(np.ones((1, 1)))
    assert alone.proportions.tolist() == [1]


@pytest.mark.parametrize("width", [0.2, 0.5, 1.5])
def test_kliep_reaches_the_optimum(width):
    xs, xt, _ = draw(ONE, 80, 25)
    found = kliep(xs, xt, bandwidths=width)

    def kernel(x):
        return np.exp(-((x - xt.T) ** 2) / (2 * width**2))

    to_t, mass = kernel(xt), kernel(xs).mean(0)
    theirs = minimize(
        lambda v: -np.log(to_t @ (v / mass)).mean(),
        np.full(25, 1 / 25),
        jac=lambda v: -(1 / (to_t @ (v / mass))) @ to_t / 25 / mass,
        bounds=[(0, 1)] * 25,
        constraints={"type": "eq", "fun": lambda v: v.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 1000},
    )
    assert found.log_likelihood == pytest.approx(-theirs.fun, abs=1e-6)
    assert found.log_likelihood >= -theirs.fun - 1e-9
    assert np.log(found.ratio(xt)).mean() == pytest.approx(found.log_likelihood, abs=1e-9)
    assert found.ratio(xs).mean() == pytest.approx(1)
    np.testing.assert_allclose(found.ratio(xs), found.weights, rtol=1e-9)


def test_kliep_chooses_the_width_by_held_out_likelihood():
    xs, xt, _ = draw(ONE, 1000, 1000)
    found = kliep(xs, xt, bandwidths=[0.01, 0.5, 30.0])
    assert found.bandwidth == 0.5
    assert np.argmax(found.scores) == 1
    # Scores are of rows that neither the fit nor its centres saw, fold by fold.
    other = [kliep(xs, xt, bandwidths=w).log_likelihood for w in (0.01, 0.5, 30.0)]
    assert found.scores[0] < other[0]
    assert abs(found.scores[1] - other[1]) < 0.05


def test_kliep_where_kernels_underflow():
    # exp(−(40 / 0.1)² / 2) is 0 as a float; its logarithm is a number.
    xs, xt = np.arange(5.0)[:, None], np.arange(5.0)[:, None] + 40
    found = kliep(xs, xt, bandwidths=0.1)
    assert np.isfinite(found.log_likelihood)
    assert found.gap < 1e-9
    assert found.weights.argmax() == 4
    assert found.weights.mean() == pytest.approx(1)
    assert np.isfinite(found.ratio.log(np.full((1, 1), 1e6))).all()


@pytest.mark.parametrize("relative", [0.0, 0.3])
def test_leave_one_out_is_exact(relative):
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(size=(14, 2)), rng.normal(size=(11, 2)) + 0.5
    centres = xt[:6]

    def kernel(x):
        return np.exp(-((x[:, None] - centres) ** 2).sum(2) / 2)

    k_s, k_t, alphas = kernel(xs), kernel(xt), np.array([1e-3, 0.1, 2.0])
    rows_s, rows_t = rng.permutation(14)[:11], rng.permutation(11)
    want = np.zeros(3)
    for s, strength in enumerate(alphas):
        for i, j in zip(rows_s, rows_t, strict=True):
            kept_s, kept_t = np.delete(k_s, i, 0), np.delete(k_t, j, 0)
            h = (1 - relative) * kept_s.T @ kept_s / 13 + relative * kept_t.T @ kept_t / 10
            a = np.maximum(np.linalg.solve(h + strength * np.eye(6), kept_t.mean(0)), 0)
            at_s, at_t = k_s[i] @ a, k_t[j] @ a
            want[s] += 0.5 * relative * at_t**2 + 0.5 * (1 - relative) * at_s**2 - at_t
    got = loo_scores(k_s, k_t, rows_s, rows_t, alphas, relative)
    np.testing.assert_allclose(got, want / 11, rtol=1e-9)


def test_ulsif_closed_form():
    xs, xt, _ = draw(ONE, 60, 40)
    found = ulsif(xs, xt, bandwidths=0.6, alphas=0.05)
    k_s = np.exp(-((xs - xt.T) ** 2) / (2 * 0.36))
    k_t = np.exp(-((xt - xt.T) ** 2) / (2 * 0.36))
    a = np.linalg.solve(k_s.T @ k_s / 60 + 0.05 * np.eye(40), k_t.mean(0))
    want = k_s @ np.maximum(a, 0)
    np.testing.assert_allclose(found.weights, want / want.mean(), rtol=1e-8)
    np.testing.assert_allclose(found.ratio(xs), want, rtol=1e-8)


# Neighbours -----------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [2, 30])
def test_neighbours_by_brute_force(d):
    rng = np.random.default_rng(d)
    xs, xt = rng.normal(size=(50, d)), rng.normal(size=(80, d)) + 0.5
    xs[7] = xs[3]  # twice the same row: they share
    nearest = ((xt[:, None] - xs) ** 2).sum(2).argmin(1)
    counts = np.bincount(nearest, minlength=50).astype(float)
    counts[[3, 7]] = counts[3] / 2
    found = neighbour_weights(xs, xt)
    assert found.counts.tolist() == counts.tolist()
    np.testing.assert_allclose(found.weights, (counts + 1) * 50 / (80 + 50))
    assert neighbour_weights(xs, xt, smoothing=0.0).weights[counts == 0].sum() == 0


# What all of them keep ------------------------------------------------------------------------


def test_effective_sample_size():
    assert effective_sample_size(np.full(9, 0.3)) == pytest.approx(9)
    assert effective_sample_size(np.array([0, 5e-320, 0])) == 1
    assert effective_sample_size(np.array([1e300, 1e300])) == pytest.approx(2)
    assert effective_sample_size(np.array([1.0, 2, 3])) == pytest.approx(36 / 14)
    for wrong in ([], [0.0], [-1.0, 2.0], [np.nan]):
        with pytest.raises(ValueError, match="weights"):
            effective_sample_size(np.array(wrong))


@each
def test_mean_one_types_seeds_and_inputs(name):
    xs, xt, _ = draw(THREE, 120, 90)
    before = xs.copy(), xt.copy()
    xs.setflags(write=False)
    xt.setflags(write=False)
    found, again = ALL[name](xs, xt), ALL[name](xs, xt)
    assert found.weights.shape == (120,)
    assert found.weights.dtype == np.float64
    assert found.weights.mean() == pytest.approx(1)
    assert (found.weights >= 0).all()
    np.testing.assert_array_equal(found.weights, again.weights)
    assert np.array_equal(xs, before[0])
    assert np.array_equal(xt, before[1])
    assert found.effective_sample_size == pytest.approx(effective_sample_size(found.weights))
    short = ALL[name](xs.astype(np.float32), xt.astype(np.float32))
    assert short.weights.dtype == np.float32
    np.testing.assert_allclose(short.weights, found.weights, atol=0.05)


@each
@pytest.mark.parametrize("change", ["times 1000", "offset", "orders"])
def test_units_do_not_matter(name, change):
    xs, xt, _ = draw(THREE, 150, 100)
    found = ALL[name](xs, xt).weights
    if change == "times 1000":
        np.testing.assert_allclose(ALL[name](xs * 1000, xt * 1000).weights, found, atol=1e-4)
    elif change == "offset":
        np.testing.assert_allclose(ALL[name](xs + 1e4, xt + 1e4).weights, found, atol=1e-3)
    else:
        columns = [2, 0, 1]
        other = ALL[name](xs[:, columns], xt[:, columns]).weights
        np.testing.assert_allclose(other, found, atol=1e-4)


@each
@pytest.mark.parametrize(
    "case", ["d > n", "constant", "all equal", "one target", "one each", "far"]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_awkward_inputs_stay_finite(name, case, dtype):
    rng = np.random.default_rng(0)
    xs, xt = rng.normal(size=(40, 6)), rng.normal(size=(25, 6)) + 0.5
    if case == "d > n":
        xs, xt = rng.normal(size=(12, 60)), rng.normal(size=(9, 60)) + 0.5
    elif case == "constant":
        xs[:, 2], xt[:, 2] = 0.1, 0.1
        xs[:, 4], xt[:, 4] = 3.0, -3.0
    elif case == "all equal":
        xs[:], xt[:] = 2.0, 2.0
    elif case == "one target":
        xt = xt[:1]
    elif case == "one each":
        xs, xt = xs[:1], xt[:1]
    elif case == "far":
        xt = xt + 50
    found = ALL[name](xs.astype(dtype), xt.astype(dtype))
    assert found.weights.dtype == dtype
    assert np.isfinite(found.weights).all()
    assert (found.weights >= 0).all()
    assert found.weights.mean() == pytest.approx(1, rel=1e-4)
    assert 1 - 1e-6 <= found.effective_sample_size <= len(xs) * (1 + 1e-6)
    if case in ("all equal", "one each"):
        np.testing.assert_allclose(found.weights, 1, atol=1e-5)


@each
def test_refuses(name):
    xs, xt, _ = draw(THREE, 20, 20)
    find = ALL[name]
    with pytest.raises(ValueError, match="fit together"):
        find(xs, xt[:, :2])
    with pytest.raises(ValueError, match="not empty"):
        find(xs[:0], xt)
    wrong = xt.copy()
    wrong[3, 1] = np.nan
    with pytest.raises(ValueError, match="row 3"):
        find(xs, wrong)


def test_refuses_options():
    xs, xt, _ = draw(THREE, 20, 20)
    for find in KERNELS.values():
        with pytest.raises(ValueError, match="bandwidths"):
            find(xs, xt, bandwidths=0.0)
        with pytest.raises(ValueError, match="n_centres"):
            find(xs, xt, n_centres=0)
    with pytest.raises(ValueError, match="relative"):
        ulsif(xs, xt, relative=1.0)
    for find in (ulsif, discriminator_weights):
        with pytest.raises(ValueError, match="alphas"):
            find(xs, xt, alphas=[-1.0])
    for find in (kliep, discriminator_weights):
        with pytest.raises(ValueError, match="folds"):
            find(xs, xt, folds=1)
    with pytest.raises(ValueError, match="shrinkage"):
        gaussian_ratio(xs, xt, shrinkage=2.0)
    with pytest.raises(ValueError, match="smoothing"):
        neighbour_weights(xs, xt, smoothing=-1.0)


def test_kernel_ratio():
    ratio = KernelRatio(np.array([[0.0], [2.0]]), np.log([0.5, 2.0]), 1.5)
    x = np.linspace(-3, 3, 7)[:, None]
    want = 0.5 * np.exp(-(x[:, 0] ** 2) / 4.5) + 2 * np.exp(-((x[:, 0] - 2) ** 2) / 4.5)
    np.testing.assert_allclose(ratio(x), want)
