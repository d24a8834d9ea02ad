"""What was carried over, what it cost, and what is needed to repeat it."""

from __future__ import annotations

import json

from markupsafe import Markup

from landbridge.artifacts.called import as_command
from landbridge.base import formatting as fmt
from landbridge.base.typed import JsonObject

from ..blocks import Bars, Block, Blocks, Code, Details, Facts, Heading, Tiles, fine
from ..figures import bar
from ..inline import sentence, soft
from .base import missing, tried
from .read import RunFiles
from .story import facts

_STATES = {
    "transferred": "taken over as they were",
    "reshaped": "taken over with a changed shape",
    "fresh": "started from nothing",
    "unused": "known, and not needed here",
}


def transfer(run: RunFiles) -> Blocks | None:
    """Return the tensors by what became of them."""
    if not run.get("transfer") and "transfer.json" not in run.problems:
        said = "The backbone was not pretrained: no tensor was carried over from another model."
        return [fine(said)]
    found: dict[str, list[tuple[str, str]]] = {state: [] for state in _STATES}
    for name, note in _tensors(run.get("transfer")):
        state = str(note.get("state") or note.get("status") or "")
        if state not in found:
            continue
        rest = {
            k: "×".join(map(str, v)) if isinstance(v, list) else v
            for k, v in note.items()
            if k not in ("name", "state", "status") and v not in (None, "")
        }
        if rest.get("found") == rest.get("wanted"):
            rest["shape"] = rest.pop("found", None)
            rest.pop("wanted", None)
        pairs = "; ".join(f"{k} {v}" for k, v in facts(rest))
        found[state].append((Markup("<code>{}</code>").format(soft(name)), pairs))
    counts = {
        state: fmt.counted(len(tensors), "tensor") for state, tensors in found.items() if tensors
    }
    if not counts:
        return None
    tiles = [(sentence(state), count, _STATES[state]) for state, count in counts.items()]
    return [
        Tiles(tiles),
        *(
            Details(f"{sentence(state)}: {count}", [Facts(found[state], "tensors")])
            for state, count in counts.items()
        ),
    ]


def _tensors(value: JsonObject) -> list[tuple[str, JsonObject]]:
    """Return names with what became of them.

    Any of these is understood: {"tensors": [{"name", "state"}]}, {state: [names]}, {name: state}.
    """
    listed = value.get("tensors")
    if isinstance(listed, list):
        return [(str(e.get("name", "")), e) for e in listed if isinstance(e, dict)]
    entries: list[tuple[str, JsonObject]] = []
    for key, item in (listed if isinstance(listed, dict) else value).items():
        if key in _STATES and isinstance(item, list):
            for e in item:
                note = e if isinstance(e, dict) else {"name": e}
                entries.append((str(note.get("name", "")), {**note, "state": key}))
        elif isinstance(item, str | dict):
            entries.append((str(key), item if isinstance(item, dict) else {"state": item}))
    return entries


def cost(run: RunFiles) -> Blocks:
    """Return time, memory and parameters, and time by stage."""
    plan = _indented(run, "plan")
    blocks: list[Block | None] = [*tried(run, _cost, "cost.json", "The cost is not known:")]
    if plan and not run.merged:
        blocks.append(Details("What the budget allowed", [Code(plan)]))
    return blocks


def _cost(run: RunFiles) -> Blocks | None:
    found = run.get("cost")
    if not found:
        return None
    parameters = found.get("parameters") or {}
    total, moved = fmt.number(parameters.get("total")), fmt.number(parameters.get("moved"))
    share = "of the network"
    if total and moved is not None:
        share = f"{fmt.percent(moved / total)} of {fmt.count(total)}"
    threads = found.get("threads")
    on = f"on {found.get('device', '?')}"
    on += "" if fmt.number(threads) is None else f", {fmt.counted(threads, 'thread')}"
    peak = fmt.number(found.get("peak_mb"))
    tiles = [
        ("Wall-clock time", fmt.seconds(found.get("wall_s")), on),
        ("CPU time", fmt.seconds(found.get("cpu_s")), "all stages, all threads"),
        (
            "Peak memory",
            fmt.size(None if peak is None else peak * 1e6),
            "of all processes together",
        ),
        ("Parameters moved", fmt.count(moved), share),
        ("Stored for reuse", fmt.size(parameters.get("stored_bytes")), "model.safetensors"),
    ]
    stages = [s for s in found.get("stages") or [] if isinstance(s, dict)]
    longest = max((fmt.number(s.get("wall_s")) or 0.0 for s in stages), default=0.0) or 1.0
    bars = []
    for stage in stages:
        name, wall, cpu = str(stage.get("name", "")), stage.get("wall_s"), stage.get("cpu_s")
        took = Markup("{}<small> {} CPU</small>").format(fmt.seconds(wall), fmt.seconds(cpu))
        bars.append((name, bar((fmt.number(wall) or 0.0) / longest, name), took))
    return [
        Tiles(tiles[3:] if run.merged else tiles),  # nothing was trained, so nothing timed
        *([Heading("Wall-clock time by stage"), Bars(bars, "stages")] if bars else []),
    ]


def repeat(run: RunFiles) -> Blocks:
    """Return the command, configuration, versions, hashes and seeds."""
    about, config = run.get("run"), _indented(run, "config")
    typed = as_command(about.get("command"))
    guessed = Markup(
        "With the configuration below saved as <code>config.json</code>; this run did not keep its "
        "own command line."
    )
    versions = {"landbridge": about.get("landbridge"), **(about.get("versions") or {})}
    pairs = [
        ("begun", str(about.get("created") or "")[:19].replace("T", " ")),
        ("seeds", ", ".join(map(str, run.verdict.seeds))),
        *((str(name), str(one)) for name, one in versions.items() if one is not None),
    ]
    code = Markup("<code>{}</code>")
    hashes = [(code.format(name), code.format(digest)) for name, digest in run.hashes().items()]
    return [
        Code(typed or "landbridge transfer --config config.json", "command"),
        fine(guessed) if config and not typed else None,
        Details("Configuration", [Code(config, "config")])
        if config
        else missing(run, "config.json", "The configuration is not known:"),
        Facts([(name, said) for name, said in pairs if said]),
        Details(
            "Hashes of the files this report was made from",
            [Facts(hashes, "tensors")],
        ),
    ]


def _indented(run: RunFiles, name: str) -> str:
    found = run.get(name)
    return json.dumps(found, indent=2, ensure_ascii=False, default=str) if found else ""
