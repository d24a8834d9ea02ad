"""One offline page that shows how two domains differ and what that speaks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.files import write_text

from . import html
from .figures import bar
from .scatter import Series, scatter
from .view_shift_drawings import (
    column_picture,
    distance_track,
    parts_bar,
    score_histograms,
    share_rows,
)

if TYPE_CHECKING:
    from landbridge.diagnosis import Finding
    from landbridge.diagnosis.domains import Compared

_TONES = {
    "none": "good",
    "slight": "plain",
    "moderate": "unsure",
    "strong": "bad",
    "unclear": "plain",
}
_DRAWN = 12


def write_shift_page(compared: Compared, path: Path | str) -> Path:
    """Write the page.

    Parameters
    ----------
    compared : Compared
        What `landbridge.diagnosis.domains.compare_domains` gave.
    path : path
        The file to write.

    Returns
    -------
    path
    """
    view = shift_view(compared)
    page = html.render(
        "shift.html.j2",
        view,
        first="advice",
        styles=["shift.css"],
        scripts=["scatter.js"] if view["points"] else [],
    )
    write_text(Path(path), page)
    return Path(path)


def shift_view(compared: Compared) -> dict[str, Any]:
    """Return what the page shows, drawings included."""
    found = compared.diagnosis
    findings = found.findings
    source, target = compared.source.name, compared.target.name
    if source == target:
        source, target = f"{source} (source)", f"{target} (target)"
    kind = compared.source.examples.noun
    return {
        "source": source,
        "target": target,
        "rows": [f"{fmt.count(n)} {kind}" for n in found.rows],
        "features": fmt.count(found.features),
        "backbone": compared.backbone,
        "match": compared.match,
        "advice": found.advice,
        "checks": _checks(findings),
        "distances": _distances(findings),
        "told": _told(findings.get("domain-classifier")),
        "points": _points(findings.get("moments"), (source, target)),
        "parts": _parts(findings.get("moments")),
        "cures": _cures(findings),
        "shares": _shares(findings.get("label-shift")),
        "columns": _columns(findings.get("columns")),
        "conditional": findings.get("conditional"),
        "skipped": [(_title(name), why) for name, why in found.skipped],
        "notes": found.notes,
    }


def _title(name: str) -> str:
    from landbridge.diagnosis import DIAGNOSES

    return DIAGNOSES.get(name).title


def _checks(findings: dict[str, Finding]) -> list[dict[str, str]]:
    from landbridge.diagnosis import DIAGNOSES

    rows = []
    for name, finding in findings.items():
        check = DIAGNOSES.get(name)
        rows.append(
            {
                "title": check.title,
                "summary": check.summary,
                "paper": check.paper,
                "severity": finding.severity,
                "tone": _TONES[finding.severity],
                "sentence": finding.sentence,
                "figures": ", ".join(
                    f"{key.replace('_', ' ')} {fmt.figure(value)}"
                    for key, value in finding.figures.items()
                ),
            }
        )
    return rows


def _distances(findings: dict[str, Finding]) -> list[dict[str, Any]]:
    """Return each distance on its own scale, beside what chance gives."""
    rows = []
    for name, key, what in (
        ("domain-classifier", "distance", "0: nobody can tell them apart; 2: anybody can"),
        ("mmd", "statistic", "in deviations of what chance gives, over all kernel widths"),
        ("sliced-wasserstein", "distance", "in standard deviations of a domain"),
    ):
        finding = findings.get(name)
        if finding is None:
            continue
        null = list(finding.details["null"])
        value = float(finding.figures[key])
        track = distance_track(
            value,
            null,
            finding.figures.get("low"),
            finding.figures.get("high"),
            f"{_title(name)} {value:.2f}",
            2.0 if name == "domain-classifier" else None,
        )
        rows.append(
            {
                "title": _title(name),
                "what": what,
                "track": track,
                "value": f"{value:.2f}",
                "p": fmt.p_value(finding.figures["p"]),
            }
        )
    return rows


def _told(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    return {
        "drawing": score_histograms(finding.details),
        "right": fmt.percent(1 - finding.figures["error"], 0),
    }


def _points(finding: Finding | None, names: tuple[str, str]) -> Markup | None:
    if finding is None:
        return None
    source, target = (np.asarray(finding.details[key]) for key in ("source", "target"))
    series = [
        Series(names[0], source[:, 0], source[:, -1], "base", diamond=True),
        Series(names[1], target[:, 0], target[:, -1], "accent"),
    ]
    label = "Rows of both domains along the two directions in which they vary most"
    return scatter(series, label, id="plane", width=640, height=340)


def _parts(finding: Finding | None) -> Markup | None:
    if finding is None:
        return None
    shares = [(part, finding.figures[part]) for part in ("mean", "scale", "correlation")]
    return parts_bar(shares) if any(share > 0 for _, share in shares) else None


def _cures(findings: dict[str, Finding]) -> list[dict[str, Any]]:
    """Return how much of the difference each kind of correction takes away."""
    rows = []
    for name, key, title, what in (
        ("label-shift", "explained", "Class weights", "of the A-distance"),
        ("overlap", "explained", "Weights on rows", "of MMD²"),
        ("moments", "explained_by_mean", "A shift of the mean", "of MMD², on other rows"),
        ("moments", "explained_by_map", "A linear map", "of MMD², on other rows"),
    ):
        value = findings[name].figures.get(key) if name in findings else None
        known = fmt.number(value)
        if known is None:
            continue
        note = ""
        if name == "overlap":
            share = findings[name].figures["effective_share"]
            note = f"{fmt.percent(share, 0)} of the source's rows still count"
        rows.append(
            {
                "title": title,
                "note": note,
                "track": bar(known, f"{title}: {fmt.percent(known, 0)}"),
                "value": fmt.percent(known, 0),
                "what": what,
            }
        )
    return rows


def _shares(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    return {
        **share_rows(finding.details),
        "sentence": finding.sentence,
        "severity": finding.severity,
        "counted": bool(finding.figures["counted"]),
    }


def _columns(finding: Finding | None) -> dict[str, Any] | None:
    if finding is None:
        return None
    rows = []
    for column in finding.details["columns"]:
        before, after = column["missing"]
        distance = fmt.number(column["distance"])
        kind = "KS distance" if column["kind"] == "numbers" else "total variation"
        rows.append(
            {
                "name": column["name"],
                "changed": column["p_holm"] <= 0.05,
                "distance": fmt.DASH if distance is None else f"{distance:.2f}",
                "kind": kind,
                "missing": f"{fmt.percent(before, 0)} → {fmt.percent(after, 0)}"
                if before or after
                else "",
                "p": fmt.p_value(column["p_holm"]),
                "effect": bar(column["effect"], f"{column['name']}: {column['effect']:.2f}"),
                "picture": column_picture(column) if "source" in column else None,
            }
        )
    drawn = [row for row in rows if row["picture"]][:_DRAWN]
    return {"sentence": finding.sentence, "rows": rows, "drawn": drawn}
