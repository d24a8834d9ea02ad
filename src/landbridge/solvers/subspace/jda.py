"""Joint and balanced distribution adaptation, in one solver.

JDA: Long, Wang, Ding, Sun & Yu, 2013, ICCV. BDA: Wang, Chen, Hao, Feng & Shen, 2017, ICDM.

As TCA, but the means of each class should agree, too; target classes are those that a
classifier in the embedding answers, and the two take turns. M = E Eᵀ has rank C + 1 at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ...inference.layers import UnitRows, squared_distances
from ..kernels.gram import unit_columns
from .kernel_space import EXACT, Embedding, Kernel, kernel_space
from .tca import components, discrepancy, make_pencil, normalised

Classify = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""classify(rows (n, k), labels (n,), others (m, k)) -> labels (m,)"""


@dataclass(frozen=True, eq=False)
class JointEmbedding(Embedding):
    """An embedding and the target labels it was found with.

    Attributes
    ----------
    pseudo_labels : ndarray of int, shape (nt,)
        What the classifier answers in this embedding; the known label where there is one.
    """

    pseudo_labels: np.ndarray


def jda(
    xs: np.ndarray,
    ys: np.ndarray,
    xt: np.ndarray,
    yt: np.ndarray | None = None,
    n_components: int = 20,
    *,
    kernel: Kernel = "primal",
    reg: float = 1.0,
    max_iter: int = 10,
    balance: float = 0.5,
    priors: bool = False,
    unit_rows: bool = True,
    classify: Classify | None = None,
    bandwidth: float | None = None,
    landmarks: int | None = None,
    exact: int = EXACT,
    tolerance: float = 1e-5,
    seed: int = 0,
) -> JointEmbedding:
    """Embed both sides so that their means agree, overall and class by class.

    Parameters
    ----------
    xs, xt : ndarray, shapes (ns, d) and (nt, d)
    ys : ndarray of int, shape (ns,)
        Source labels; below 0 where not known.
    yt : ndarray of int, shape (nt,), optional
        Target labels; below 0 where not known. Known ones are kept.
    n_components : int
        k.
    kernel : {"primal", "linear", "rbf"}
        See `kernel_space`.
    reg : float
        λ, with M of Frobenius norm 1 as in the published code.
    max_iter : int
        How often labels are answered and the embedding solved again, at most: it stops where
        the labels do not change, as then nothing does.
    balance : float
        μ of BDA, M = (1 − μ) C M₀ + μ Σ M_c: 0 is TCA, 0.5 is JDA, 1 the classes only.
    priors : bool
        W-BDA: each class counts by its share on either side, so a shift of class shares is
        not mistaken for one of the classes.
    unit_rows : bool
        Whether embedded rows are divided by their length, as in the papers: this is the last
        of the steps.
    classify : callable, optional
        Labels of the target in the embedding; 1-NN by default, as in the papers.
    bandwidth, landmarks, exact, tolerance, seed
        As in `tca`.

    Returns
    -------
    JointEmbedding
        Notes: "iterations", "changed" (share of answers that changed in the last), "mmd_after".

    Raises
    ------
    ValueError
        Where shapes disagree, no source row is labelled, or an option is out of range.

    Notes
    -----
    A class that one side lacks (in the labels or the answers) has no part in M: there is nothing
    to compare. (Published code lets the other side's mean stand alone there, which draws the
    class towards the origin.)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ys = np.repeat([0, 1], 50)
    >>> xs = rng.normal(size=(100, 4)) + 8 * ys[:, None] * [1, 0, 0, 0]
    >>> xt = xs + rng.normal(size=(100, 4)) + [0, 3, 0, 0]
    >>> found = jda(xs, ys, xt, n_components=2, unit_rows=False)
    >>> bool((found.pseudo_labels == ys).mean() > 0.9)
    True
    """
    ys, given = np.asarray(ys), _target_labels(yt, len(xt))
    if ys.shape != (len(xs),) or not (ys >= 0).any():
        raise ValueError(f"ys has shape {ys.shape}, expected ({len(xs)},) with labels from 0 up")
    if not 0 <= balance <= 1 or max_iter < 1:
        raise ValueError(f"balance = {balance} (0 to 1), max_iter = {max_iter} (1 or more)")
    answer = nearest_label if classify is None else classify
    space = kernel_space(
        xs, xt, kernel, bandwidth=bandwidth, landmarks=landmarks, exact=exact, seed=seed
    )
    pencil = make_pencil(space, tolerance, seed)
    k = components(space, n_components)
    labels, changed, turn = given, 1.0, 0
    while True:
        columns = discrepancies(ys, labels, balance=balance, priors=priors)
        values, w = pencil.solve(space.project(columns), reg, k)
        found = space.embedding(unit_columns(w), values)
        source, target = found.source, found.target
        if unit_rows:
            source, target = unit(source), unit(target)
        rows, taught = source[ys >= 0], ys[ys >= 0]
        if (given >= 0).any():
            rows = np.concatenate([rows, target[given >= 0]])
            taught = np.concatenate([taught, given[given >= 0]])
        answers = np.where(given >= 0, given, answer(rows, taught, target))
        changed = float((answers != labels).mean())
        labels, turn = answers, turn + 1
        if changed == 0 or turn == max_iter:
            break
    found.notes.update(
        iterations=turn, changed=changed, mmd_after=discrepancy(found.source, found.target)
    )
    steps = (*found.steps, UnitRows()) if unit_rows else found.steps
    return JointEmbedding(steps, source, target, values, found.notes, labels)


def discrepancies(
    ys: np.ndarray, yt: np.ndarray, *, balance: float = 0.5, priors: bool = False
) -> np.ndarray:
    """Return E (n, r) with M = E Eᵀ of Frobenius norm 1: all rows, then each class.

    Parameters
    ----------
    ys, yt : ndarray of int, shapes (ns,) and (nt,)
        Below 0 where not known: such rows count for the first column only.
    balance, priors
        As in `jda`.

    Examples
    --------
    >>> e = discrepancies(np.array([0, 1]), np.array([0, -1]))
    >>> (e / e[0, 0]).round(2).tolist()[:2]
    [[1.0, 1.41], [1.0, 0.0]]
    """
    ns, nt = len(ys), len(yt)
    shared = np.intersect1d(ys[ys >= 0], yt[yt >= 0])
    classes = max(1, len(np.unique(ys[ys >= 0])))
    both = np.concatenate([np.full(ns, 1 / ns), np.full(nt, -1 / nt)])
    columns = [np.sqrt(classes * (1 - balance)) * both]
    for c in shared if balance > 0 else ():
        source, target = ys == c, yt == c
        of_source, of_target = 1.0, 1.0
        if priors:
            of_source = np.sqrt(classes * source.sum() / (ys >= 0).sum())
            of_target = np.sqrt(classes * target.sum() / (yt >= 0).sum())
        column = np.concatenate(
            [source * (of_source / source.sum()), target * (-of_target / target.sum())]
        )
        columns.append(np.sqrt(balance) * column)
    if balance == 1 and len(columns) > 1:
        columns = columns[1:]
    elif balance == 1:  # no class to compare yet: compare all
        columns = [both]
    return normalised(np.stack(columns, axis=1))


def nearest_label(rows: np.ndarray, labels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the label of the nearest row for each of `others`, in bounded memory.

    Examples
    --------
    >>> nearest_label(np.array([[0.0], [5.0]]), np.array([3, 7]), np.array([[4.0]])).tolist()
    [7]
    """
    anchors, queries = torch.from_numpy(rows), torch.from_numpy(others)
    out = np.empty(len(others), labels.dtype)
    step = max(1, 4_000_000 // max(1, len(rows)))
    for start in range(0, len(others), step):
        near = squared_distances(queries[start : start + step], anchors).argmin(1)
        out[start : start + step] = labels[near.numpy()]
    return out


def unit(rows: np.ndarray) -> np.ndarray:
    """Return rows divided by their length; a row of zeros stays."""
    length = np.sqrt((rows * rows).sum(1, keepdims=True))
    return rows / np.where(length == 0, 1, length)


def _target_labels(yt: np.ndarray | None, n: int) -> np.ndarray:
    given = np.full(n, -1) if yt is None else np.asarray(yt)
    if given.shape != (n,):
        raise ValueError(f"yt has shape {given.shape}, expected ({n},)")
    return given
