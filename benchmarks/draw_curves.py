"""Curves and rows of marks for docs/features.md; `draw_features.py` calls them."""

from __future__ import annotations

from typing import Any

import numpy as np

import drawings as d
from feature_tasks import heart_tasks, jda_tasks, review_tasks, surf, surf_tasks
from landbridge.base.seeds import numpy_rng

WIDTH = 800


def percent(share: float) -> str:
    """Return a share in words."""
    return f"{100 * share:.0f} %"


def shares() -> str:
    """Draw class shares estimated from unlabelled rows, against the truth.

    Left: MNIST digits dealt to an even source and an uneven target, so that only the shares
    differ. Right: hospitals, where other things differ, too.
    """
    both = (uneven_digits(), hospital_shares())
    titles = ("Only the shares differ: MNIST", "Other things, too: hospitals")
    body = []
    for i, (title, rows) in enumerate(zip(titles, both, strict=True)):
        panel = d.Panel((50, 445)[i], 40, 320, 326, (0, (0.31, 1)[i]), (len(rows) - 0.5, -0.5))
        ticks = ((0, 10, 20, 30), (0, 20, 40, 60, 80, 100))[i]
        axis = ("share of each digit in the target", "share of ill patients in the target")[i]
        body += [
            panel.frame(title),
            panel.axis_x([(v / 100, f"{v} %") for v in ticks], axis),
        ]
        for row, (name, values) in enumerate(rows):
            place = panel.at([[v, row] for v in values])
            body += [
                d.text(name, panel.left - 12, place[0, 1] + 4, anchor="end"),
                d.segments(place[:1], place[1:2], "#b9c0c6", 1.5, 1),
                d.discs(place[:1], "#8a9299", 4, 1),
                d.segments(place[1:2] - [0, 9], place[1:2] + np.array([0, 9]), d.INK, 3, 1),
                d.discs(place[2:3], d.TARGET, 5, 1),
                d.rings(place[3:4], d.SOURCE, 5),
            ]
    entries = [
        ("disc", "#8a9299", "source"),
        ("line", d.INK, "truth (vertical bar)"),
        ("disc", d.TARGET, "label-shift-em"),
        ("ring", d.SOURCE, "bbse"),
    ]
    body.append(d.legend(entries, 50, 436))
    return d.page(body, WIDTH, 452, "Estimated and true class shares")


def uneven_digits() -> list[tuple[str, list[float]]]:
    """Return for each digit its share in the source and the target, and two estimates."""
    task = jda_tasks()[1]()
    x, y = task.xs, np.unique(task.ys, return_inverse=True)[1]
    rng = numpy_rng("uneven digits")
    rows = rng.permutation(len(y))
    source, pool = rows[: len(y) // 2], rows[len(y) // 2 :]
    wanted = np.linspace(1, 0.05, 10)[rng.permutation(10)]
    target = pool[rng.random(len(pool)) < wanted[y[pool]]]
    return estimates(x[source], y[source], x[target], y[target], [str(c) for c in range(10)])


def hospital_shares() -> list[tuple[str, list[float]]]:
    """Return the same of the ill, for every pair of hospitals."""
    found = []
    for make in heart_tasks():
        task = make()
        found += estimates(task.xs, task.ys, task.xt, task.yj, ["well", task.name])[1:]
    return found


def estimates(
    xs: np.ndarray, ys: np.ndarray, xt: np.ndarray, yt: np.ndarray, names: list[str]
) -> list[tuple[str, list[float]]]:
    """Return for each class (name, [source, truth, label-shift-em, bbse])."""
    from landbridge.features import BBSE, LabelShiftEM

    count = len(names)
    columns = [np.bincount(labels, minlength=count) / len(labels) for labels in (ys, yt)]
    columns += [kind().fit(xs, ys, xt).target_priors_ for kind in (LabelShiftEM, BBSE)]
    return [(name, [float(c[i]) for c in columns]) for i, name in enumerate(names)]


def few_labels() -> str:
    """Draw accuracy by target labels a class, source-only and target-only beside it."""
    from landbridge.features import FeatureAugmentation, Probe, SourcePrior, WeightedJoint

    task = jda_tasks()[0]()
    (xs, ys), (xt, yt) = surf("Caltech10"), surf("amazon")
    pairs = [
        ("Digits: USPS → MNIST", task.xs, task.ys, task.xt, task.yj),
        ("Objects (SURF): Caltech → amazon", xs, ys, xt, yt),
    ]
    methods = {
        "source-prior": (SourcePrior(), d.TARGET),
        "weighted-joint": (WeightedJoint(), d.SOURCE),
        "feature-augmentation": (FeatureAugmentation(), d.GOOD),
        "target labels alone": (Probe(on="target"), d.PINK),
    }
    counts, draws = (1, 2, 3, 5, 10, 20), 5
    body = []
    for i, (title, xs, ys, xt, yt) in enumerate(pairs):
        panel = d.Panel(66 + i * 370, 40, 345, 270, (-0.3, len(counts) - 0.7), (0.2, 0.9))
        body += [
            panel.frame(title),
            panel.axis_x(list(enumerate(map(str, counts))), "target labels a class"),
            panel.axis_y(
                [(v / 100, "" if i else f"{v} %") for v in range(20, 91, 10)],
                "accuracy on the other target rows" if i == 0 else "",
            ),
        ]
        alone = Probe(on="source").fit(xs, ys, xt).score(xt, yt)
        ends = panel.at([[-0.3, alone], [len(counts) - 0.7, alone]])
        body.append(d.curve(ends, d.MUTED, 1.6, "5 4"))
        found: dict[str, list[list[float]]] = {name: [] for name in methods}
        for count in counts:
            rng = numpy_rng("few labels", title, count)
            scores: dict[str, list[float]] = {name: [] for name in methods}
            for _ in range(draws):
                few = np.zeros(len(yt), bool)
                for c in np.unique(yt):
                    few[rng.choice(np.flatnonzero(yt == c), count, replace=False)] = True
                for name, (model, _) in methods.items():
                    model.fit(xs, ys, xt, yt, labelled_t=few)
                    scores[name].append(model.score(xt[~few], yt[~few]))
            for name, values in scores.items():
                found[name].append(values)
        for name, (_, colour) in methods.items():
            values = np.array(found[name])
            spread = values.std(1, ddof=1)
            middle = np.column_stack([np.arange(len(counts)), values.mean(1)])
            low, high = (panel.at(middle + np.outer(s * spread, [0, 1])) for s in (-1, 1))
            body += [
                d.segments(low, high, colour, 1.2, 0.6),
                d.curve(panel.at(middle), colour),
                d.discs(panel.at(middle), colour, 3.5, 1),
            ]
            print(title, name, values.mean(1).round(3))
    entries = [("line", colour, name) for name, (_, colour) in methods.items()]
    body.append(d.legend([*entries, ("line", d.MUTED, "source alone (dashed)")], 40, 378))
    return d.page(body, WIDTH, 394, "Accuracy by the number of target labels")


def self_training() -> str:
    """Draw the points gained by each round, twelve pairs of reviews and of SURF objects."""
    from landbridge.features import SelfTraining

    shares = SelfTraining().shares
    body = []
    families = (("Reviews, twelve pairs", review_tasks()), ("SURF, twelve pairs", surf_tasks()))
    for i, (title, makers) in enumerate(families):
        panel = d.Panel(66 + i * 370, 40, 345, 250, (-0.2, len(shares) + 0.2), (-6, 12))
        places = [(0, "0 %"), *((k + 1, percent(s)) for k, s in enumerate(shares))]
        body += [
            panel.frame(title),
            panel.axis_x(places, "target rows with pseudo-labels, by round (0 %: source only)"),
            panel.axis_y(
                [(v, "" if i else f"{v:+d}" if v else "0") for v in range(-6, 13, 2)],
                "points of accuracy gained" if i == 0 else "",
            ),
        ]
        every = []
        for make in makers:
            task = make()
            scores = []
            for k in range(len(shares) + 1):
                model = rounds(shares[:k]).fit(task.xs, task.ys, task.xt)
                scores.append(100 * model.score(task.xj, task.yj))
            every.append(np.array(scores) - scores[0])
            points = np.column_stack([np.arange(len(scores)), every[-1]])
            body.append(d.curve(panel.at(points), "#9fb4c4", 1.3))
        mean = np.column_stack([np.arange(len(shares) + 1), np.mean(every, axis=0)])
        body += [d.curve(panel.at(mean), d.TARGET, 3), d.discs(panel.at(mean), d.TARGET, 4, 1)]
        print(title, mean[:, 1].round(1))
    entries = [("line", "#9fb4c4", "one pair of domains"), ("line", d.TARGET, "mean")]
    body.append(d.legend(entries, 62, 358))
    return d.page(body, WIDTH, 374, "Gain of self-training by round")


def rounds(shares: tuple[float, ...]) -> Any:
    """Return self-training that stops after these rounds; source only for none."""
    from landbridge.features import Probe, SelfTraining

    return SelfTraining(shares=shares) if shares else Probe(on="source")


def heads() -> str:
    """Draw what each head gains over ridge on the same components of TCA."""
    from landbridge.features import TCA
    from landbridge.methods.heads.base import HEADS

    names = ("ridge", *(name for name in HEADS if name != "ridge"))
    body = []
    families = (("SURF, twelve pairs", surf_tasks()), ("Digits and COIL, four pairs", jda_tasks()))
    for i, (title, makers) in enumerate(families):
        panel = d.Panel(110 + i * 350, 40, 320, 190, (-25, 25), (len(names) - 0.5, -0.5))
        body += [
            panel.frame(title),
            panel.axis_x(
                [(v, f"{v:+d}" if v else "0") for v in range(-20, 21, 10)],
                "points of accuracy over the ridge head",
            ),
        ]
        found = np.zeros((len(names), len(makers)))
        for column, make in enumerate(makers):
            task = make()
            for row, name in enumerate(names):
                model = TCA(head=name).fit(task.xs, task.ys, task.xt)
                found[row, column] = 100 * model.score(task.xj, task.yj)
        print(title, dict(zip(names, found.mean(1).round(1), strict=True)))
        for row, name in enumerate(names):
            gains = (found[row] - found[0])[:, None]
            points = panel.at(np.concatenate([gains, np.full_like(gains, row)], 1))
            middle = panel.at([[gains.mean(), row]])
            body += [
                d.text(name, panel.left - 10, middle[0, 1] + 4, anchor="end") if i == 0 else "",
                d.discs(points, d.TARGET, 4, 0.45),
                d.segments(middle - [0, 12], middle + np.array([0, 12]), d.INK, 3, 1),
            ]
    entries = [("disc", d.TARGET, "one pair of domains"), ("line", d.INK, "mean (vertical bar)")]
    body.append(d.legend(entries, 110, 298))
    return d.page(body, WIDTH, 314, "Heads on the same components")
