"""Draw the pictures of docs/features.md from fits on real data.

LANDBRIDGE_DATA=... python benchmarks/draw_features.py [weights] [shares] [map] [transport] [space]
    [few-labels] [self-training] [heads]      # all without arguments: some minutes
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import drawings as d
from draw_curves import WIDTH, few_labels, heads, percent, self_training, shares
from feature_tasks import CATEGORIES, heart_tasks, hospital, jda_tasks
from landbridge.base.errors import LandbridgeWarning
from landbridge.base.seeds import numpy_rng

OUT = Path(__file__).parent.parent / "docs" / "images"
DRAWN = 3
"""Classes that a picture shows: two directions tell three apart."""


def directions(x: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return two directions, (d, 2), along which the classes lie apart (Fisher, shrunk)."""
    found = np.unique(labels)
    means = np.array([x[labels == c].mean(0) for c in found])
    within = np.cov((x - means[np.searchsorted(found, labels)]).T)
    within += 0.1 * np.trace(within) / len(within) * np.eye(len(within))
    between = np.linalg.svd(np.linalg.solve(within, (means - means.mean(0)).T), full_matrices=False)
    return np.asarray(between[0][:, :2])


def classes_drawn(
    panel: d.Panel, sides: list[tuple[np.ndarray, np.ndarray]], drawn: list[int]
) -> str:
    """Return source rows as rings and target rows as discs, coloured by class."""
    parts = []
    for draw, (points, labels) in zip((d.rings, d.discs), sides, strict=True):
        for colour, name in zip(d.CLASSES, drawn, strict=True):
            parts.append(draw(panel.at(points[labels == name]), colour))
    return "".join(parts)


def some_rows(labels: np.ndarray, drawn: list[int], each: int) -> np.ndarray:
    """Return indices of up to `each` rows of each class drawn."""
    rng = numpy_rng("rows drawn")
    return np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:each] for c in drawn])


def clip(name: str) -> str:
    """Return the opening of a group that keeps inside a panel whose clip path has this name."""
    return f'<g clip-path="url(#{name})">'


def inside(panel: d.Panel, name: str, body: str) -> str:
    """Return the body, cut at the panel's border."""
    return (
        f'<clipPath id="{name}"><rect x="{panel.left:g}" y="{panel.top:g}" '
        f'width="{panel.width:g}" height="{panel.height:g}"/></clipPath>{clip(name)}{body}</g>'
    )


# reweighting ----------------------------------------------------------------------------------


def weights() -> str:
    """Draw how KLIEP weights the patients of one hospital for another: VA → Hungarian."""
    from landbridge.features import KLIEP, Probe

    task = heart_tasks()[10]()
    model = KLIEP().fit(task.xs, task.ys, task.xt)
    alone = Probe().fit(task.xs, task.ys, task.xt).score(task.xj, task.yj)
    xs, xt = (raw(name, ("age", "thalach")) for name in ("va", "hungarian"))
    known = np.isfinite(xt).all(1)
    jitter = numpy_rng("jitter").uniform(-0.4, 0.4, (len(xs), 2))
    body, ranges = [], ((25, 80), (65, 195))
    for i, title in enumerate(("Source rows count the same", "Weighted by KLIEP")):
        panel = d.Panel(62 + i * 375, 56, 340, 290, *ranges)
        score = alone if i == 0 else model.score(task.xj, task.yj)
        size = np.ones(len(xs)) if i == 0 else model.weights_
        age = np.average(xs[:, 0], weights=size)
        words = f"mean age {age:.1f}; accuracy on the target {percent(score)}"
        body += [
            panel.frame(title, words),
            panel.axis_x([(v, str(v)) for v in range(30, 81, 10)], "age, years"),
            panel.axis_y(
                [(v, str(v)) for v in range(80, 181, 20)], "highest heart rate" if i == 0 else ""
            ),
        ]
        marks = d.discs(panel.at(xt[known]), "#9cc3e0", 2.2, 0.8)
        radius = np.round(2.9 * np.sqrt(size) * 2) / 2
        for value in np.unique(radius):
            rows = (radius == value) & np.isfinite(xs).all(1)
            marks += d.discs(panel.at(xs[rows] + jitter[rows]), d.SOURCE, max(value, 0.5), 0.6)
        body.append(inside(panel, f"w{i}", marks))
    body.append(
        d.legend(
            [
                ("disc", d.SOURCE, "source: Long Beach VA (area = weight)"),
                ("disc", "#9cc3e0", f"target: Hungarian (mean age {np.nanmean(xt[:, 0]):.1f})"),
            ],
            62,
            412,
        )
    )
    return d.page(body, WIDTH, 428, "Source rows near the target get more weight")


def raw(name: str, columns: tuple[str, ...]) -> np.ndarray:
    """Return columns of a hospital as they are, NaN where missing."""
    import csv

    assert not set(columns) & set(CATEGORIES)
    with tempfile.TemporaryDirectory() as folder:
        lines = list(csv.DictReader(hospital(name, Path(folder)).open()))
    return np.array([[float(line[key] or "nan") for key in columns] for line in lines])


# mapping, transport, spaces -------------------------------------------------------------------


def mapping() -> str:
    """Draw digits of both sides before and after the Monge map: MNIST → USPS."""
    from landbridge.features import Monge, Probe

    task = jda_tasks()[1]()
    drawn = sorted(np.unique(task.ys).tolist())[:DRAWN]
    domain = np.repeat([1, -1], [len(task.xs), len(task.xt)])
    x, y = np.concatenate([task.xs, task.xt]), np.concatenate([task.ys, task.yj])
    shown = Monge(scaling="none")
    moved = shown.fit_transform(x, y, sample_domain=domain, labelled=domain > 0)[domain > 0]
    alone = Probe().fit(task.xs, task.ys, task.xt).score(task.xj, task.yj)
    mapped = shown.score(task.xj, task.yj)
    own = np.isin(task.ys, drawn)
    basis = directions(moved[own], task.ys[own])
    rs, rt = (some_rows(labels, drawn, 60) for labels in (task.ys, task.yj))
    pairs = [
        ("As they are", task.xs, f"source only: {percent(alone)} right"),
        ("Source mapped (monge)", moved, f"{percent(mapped)} right"),
    ]
    every = np.concatenate([task.xs[rs] @ basis, moved[rs] @ basis, task.xt[rt] @ basis])
    body = []
    for i, (title, source, words) in enumerate(pairs):
        panel = d.Panel(20 + i * 390, 56, 370, 330, *d.square(every, 0.003))
        sides = [(source[rs] @ basis, task.ys[rs]), (task.xt[rt] @ basis, task.yj[rt])]
        body += [
            panel.frame(title, words),
            inside(panel, f"m{i}", classes_drawn(panel, sides, drawn)),
        ]
    body.append(class_legend(drawn, "MNIST", "USPS", 412))
    return d.page(body, WIDTH, 428, "Digits before and after a map of second moments")


def class_legend(drawn: list[int], source: str, target: str, y: float, first: int = 1) -> str:
    """Return what rings, discs and colours mean; classes are counted from `first` in the file."""
    entries = [("ring", d.INK, f"source: {source}"), ("disc", d.INK, f"target: {target}")]
    entries += [
        ("disc", colour, str(name - first)) for colour, name in zip(d.CLASSES, drawn, strict=True)
    ]
    return d.legend(entries, 20, y)


def transport() -> str:
    """Draw where optimal transport moves source digits: USPS → MNIST."""
    from landbridge.features import Probe, SinkhornTransport
    from landbridge.methods.core.scaling import scaled

    task = jda_tasks()[0]()
    drawn = sorted(np.unique(task.ys).tolist())[:DRAWN]
    model = SinkhornTransport().fit(task.xs, task.ys, task.xt)
    alone = Probe().fit(task.xs, task.ys, task.xt).score(task.xj, task.yj)
    target = model.transform(task.xt)
    source = scaled(task.xs, task.xt, model.scaling).source
    own = np.isin(task.ys, drawn)
    basis = directions(model.images_[own], task.ys[own])
    rt, rs = some_rows(task.yj, drawn, 70), some_rows(task.ys, drawn, 25)
    start, end = source[rs] @ basis, model.images_[rs] @ basis
    points = target[rt] @ basis
    panel = d.Panel(20, 56, 760, 370, *d.square(np.concatenate([start, end, points]), 0.004))
    marks = ""
    for colour, name in zip(d.CLASSES, drawn, strict=True):
        marks += d.discs(panel.at(points[task.yj[rt] == name]), colour, 2.6, 0.35)
    for colour, name in zip(d.CLASSES, drawn, strict=True):
        on = task.ys[rs] == name
        a, b = panel.at(start[on]), panel.at(end[on])
        marks += (
            d.segments(a, b, colour, 1.2, 0.7) + d.rings(a, colour, 4) + d.discs(b, colour, 4, 1)
        )
    body = [
        panel.frame(
            "Each source digit moves to the mean of the target digits that it is matched with",
            f"accuracy on the target {percent(alone)} → {percent(model.score(task.xj, task.yj))}",
        ),
        inside(panel, "t", marks),
        d.legend(
            [
                ("ring", d.INK, "USPS digit"),
                ("disc", d.INK, "where it went"),
                ("disc", "#b9c0c6", "MNIST digits"),
                *(
                    ("disc", colour, str(name - 1))
                    for colour, name in zip(d.CLASSES, drawn, strict=True)
                ),
            ],
            20,
            452,
        ),
    ]
    return d.page(body, WIDTH, 468, "Lines from source rows to their images")


def space() -> str:
    """Draw objects in the raw space, TCA's, and MEDA's answers: COIL 1 → 2."""
    from landbridge.features import MEDA, TCA, Probe

    task = jda_tasks()[2]()
    domain = np.repeat([1, -1], [len(task.xs), len(task.xt)])
    x, y = np.concatenate([task.xs, task.xt]), np.concatenate([task.ys, task.yj])
    tca, meda = TCA(), MEDA().fit(task.xs, task.ys, task.xt)
    common = tca.fit_transform(x, y, sample_domain=domain, labelled=domain > 0)
    alone = Probe().fit(task.xs, task.ys, task.xt)
    scores = [model.score(task.xj, task.yj) for model in (alone, tca, meda)]
    answers = np.concatenate([meda.decision_function(part) for part in (task.xs, task.xt)])
    drawn = hardest(alone.predict(task.xj), task.yj)
    shown = np.isin(y, drawn)
    titles = ("Raw pixels", "Components of tca", "Answers of meda")
    body = []
    for i, (title, rows) in enumerate(zip(titles, (x, common, answers), strict=True)):
        learned = shown & (domain > 0)
        basis = directions(rows[learned], y[learned])
        points = rows[shown] @ basis
        panel = d.Panel(20 + i * 258, 56, 244, 270, *d.square(points, 0))
        sides = [(points[domain[shown] == s], y[shown][domain[shown] == s]) for s in (1, -1)]
        words = ("source only: " if i == 0 else "") + f"{percent(scores[i])} right"
        body += [panel.frame(title, words), classes_drawn(panel, sides, drawn)]
    body.append(class_legend(drawn, "half of the views", "other views", 356, first=0))
    return d.page(body, WIDTH, 372, "Three of twenty objects in three spaces")


def hardest(answers: np.ndarray, truth: np.ndarray) -> list[int]:
    """Return the classes most often answered wrongly."""
    found = np.unique(truth)
    wrong = [(answers[truth == c] != c).mean() for c in found]
    return sorted(found[np.argsort(wrong)[-DRAWN:]].tolist())


PICTURES: dict[str, Callable[[], str]] = {
    "weights": weights,
    "shares": shares,
    "map": mapping,
    "transport": transport,
    "space": space,
    "few-labels": few_labels,
    "self-training": self_training,
    "heads": heads,
}


def main(wanted: list[str]) -> None:
    """Draw what is asked for."""
    import torch

    torch.set_num_threads(1)
    for name in wanted:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LandbridgeWarning)
            drawn = PICTURES[name]()
        path = OUT / f"features-{name}.svg"
        path.write_text(drawn, "utf-8")
        print(path, f"{len(drawn) / 1024:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:] or list(PICTURES))
