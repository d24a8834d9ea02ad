"""Task arithmetic on runs: add, average and take away what each learned on top of one θ₀."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from ..artifacts.free import check_free
from ..artifacts.kinds import RUNS
from ..artifacts.making import check_finished, plain
from ..artifacts.state import FolderState
from ..backbones.open import reopen
from ..base.errors import ConfigError, RunError
from ..base.events import SILENT, Events
from ..base.files import read_json
from ..training.arithmetic import dare, difference, ties, total
from ..training.normalisation import renormalise
from .merged_folder import MergeFacts, write_merged
from .model import Model
from .run import Run

Method = Literal["weighted", "ties", "dare", "add", "negate"]
State = dict[str, torch.Tensor]
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class MergeOptions:
    """What the methods differ by: the weights given, how much is kept, a seed."""

    weights: tuple[float, ...] | None
    density: float
    seed: int

    def shares(self, count: int) -> list[float]:
        """Return weights that add up to 1, alike where none were given."""
        weights = self.weights or (1.0,) * count
        if min(weights) < 0 or sum(weights) <= 0:
            raise ConfigError(
                f"weights {', '.join(f'{w:g}' for w in weights)} have no average",
                hint="give weights from 0 on with one over 0, or --method add",
            )
        return [weight / sum(weights) for weight in weights]


def _weighted(deltas: Sequence[State], own: MergeOptions) -> State:
    return total(deltas, own.shares(len(deltas)))


def _ties(deltas: Sequence[State], own: MergeOptions) -> State:
    return ties(deltas, own.shares(len(deltas)), own.density)


def _dare(deltas: Sequence[State], own: MergeOptions) -> State:
    dropped = [dare(delta, own.density, own.seed + i) for i, delta in enumerate(deltas)]
    return total(dropped, own.shares(len(deltas)))


def _add(deltas: Sequence[State], own: MergeOptions) -> State:
    return total(deltas, own.weights or (1.0,) * len(deltas))


def _negate(deltas: Sequence[State], own: MergeOptions) -> State:
    weights = list(own.weights or (1.0,) * len(deltas))
    kept = 1 if len(deltas) > 1 else 0  # a run alone is taken away from θ₀
    return total(deltas, [*weights[:kept], *(-weight for weight in weights[kept:])])


METHODS: dict[str, Callable[[Sequence[State], MergeOptions], State]] = {
    "weighted": _weighted,
    "ties": _ties,
    "dare": _dare,
    "add": _add,
    "negate": _negate,
}
AVERAGING = ("weighted", "ties", "dare")


def merge(
    runs: Sequence[Path | str | Run],
    *,
    method: Method = "weighted",
    weights: Sequence[float] | None = None,
    density: float = 0.2,
    seed: int = 0,
    data: Any = None,
    outside: bool = False,
    out: Path | str,
    events: Events = SILENT,
) -> Run:
    """Merge runs of the same θ₀ into one that answers like any other.

    Each run is θ₀ + Δ. "weighted": θ₀ + the weighted mean of all Δ. "ties": the same of what
    is large and agrees in sign (Yadav et al., 2023). "dare": of what is left after values are
    dropped at random and the others scaled up (Yu et al., 2024). "add": θ₀ + Σ weight · Δ.
    "negate": the first run's Δ, less those of the others; of a single run θ₀ − Δ (Ilharco et
    al., 2023).

    Heads have no θ₀. Where all runs answer with the same classes, averaging methods average
    the heads as well, matched by class name; otherwise the first run's head stands, and the
    new run's notes say so.

    Parameters
    ----------
    runs : sequence of path or Run
        Finished ones.
    method : {"weighted", "ties", "dare", "add", "negate"}
    weights : sequence of float, optional
        One for each run; all 1 where not given. Averaging methods use their shares.
    density : float, default 0.2
        Share of values that "ties" and "dare" keep.
    seed : int, default 0
        Of what "dare" drops.
    data : path, array or Domain, optional
        Unlabelled examples from which batch normalisation takes its statistics afresh. Without
        them the statistics are merged like weights, which fits less well.
    outside : bool, default False
        Whether metadata and links in a folder of `data` may lead to files outside it.
    out : path
        The new run's folder, which is not there yet.
    events : Events

    Returns
    -------
    Run

    Raises
    ------
    RunError
        Where the runs have another θ₀ or preprocessing, or the folder is there.
    ConfigError
        Where weights or density are out of range.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> y = np.repeat(["ant", "bee"], 60)
    >>> x = np.random.default_rng(0).normal(size=(120, 3)) + 2 * (y == "bee")[:, None]
    >>> settings = {"method": "finetune", "backbone": "mlp", "seeds": 1, "training": {"steps": 20}}
    >>> runs = [landbridge.transfer(None, (x, y + name), **settings) for name in ("", "s")]
    >>> landbridge.merge(runs, method="ties", out="runs/both").path.name
    'both'
    """
    paths = [run.path if isinstance(run, Run) else Path(run) for run in runs]
    own = _options(paths, method, weights, density, seed)
    seals = [check_finished(path, RUNS)["seal"] for path in paths]
    asked = {
        "runs": [str(path.resolve()) for path in paths],
        "seals": seals,
        "method": method,
        "weights": None if own.weights is None else list(own.weights),
        "density": density,
        "seed": seed,
        "data": plain(str(data) if isinstance(data, str | Path) else data),
        "from_memory": not (data is None or isinstance(data, str | Path)),
        **({"outside": True} if outside else {}),
    }
    check_free(out, "merge", plain(asked))
    _same_start(paths)
    models = [Model.load(path, events=events) for path in paths]
    first = models[0]
    states = [model.network.state_dict() for model in models]
    start = _start(first, events)
    notes: list[str] = []
    result = _merged(start, states, method, own)
    result |= _head(models, paths, method, own, notes)
    first.network.load_state_dict(result)
    if data is not None:
        domain = first.read(data, outside=outside, events=events)
        inputs = first.preprocessing.prepare(domain.examples, events=events)
        renormalise(first.network, np.asarray(inputs), first.preprocessing, torch.device("cpu"))
        notes.append(f"batch normalisation's statistics are those of {domain.name}")
    elif any(name.endswith("running_mean") for name in start):
        notes.append(
            "batch normalisation's statistics were merged like weights; unlabelled data "
            "(--data) would give its own"
        )
    for note in notes:
        events.log("note", note)
    theta0 = read_json(paths[0] / "backbone.json")
    facts: MergeFacts = {
        "method": method,
        "runs": [str(path) for path in paths],
        "theta0": theta0["hash"],
        "theta0_name": theta0["name"],
        "weights": None if own.weights is None else list(own.weights),
        "density": density if method in ("ties", "dare") else None,
        "seed": seed if method == "dare" else None,
        "notes": notes,
    }
    write_merged(Path(out), paths[0], first.network.state_dict(), start, facts, asked)
    return Run(Path(out))


def merge_again(path: Path, state: FolderState, events: Events = SILENT) -> Run:
    """Merge the same again where a merge was interrupted; what is there is written anew.

    Raises
    ------
    RunError
        Where it does not say what it was made of, or rows came from memory.
    """
    asked = state.get("asked")
    if not asked:
        raise RunError(
            f"{path} is an unfinished merge of an older version",
            hint=f"remove it, and merge again: {state.get('command') or 'landbridge merge'}",
        )
    if asked["from_memory"]:
        raise RunError(
            f"the rows for {path}'s statistics came from memory, not from files",
            hint=f"call landbridge.merge(..., out={str(path)!r}) again with the same",
        )
    taken = ("method", "weights", "density", "seed", "data", "outside")
    own = {key: asked[key] for key in taken if key in asked}
    return merge(asked["runs"], **own, out=path, events=events)


def _options(
    paths: Sequence[Path],
    method: str,
    weights: Sequence[float] | None,
    density: float,
    seed: int,
) -> MergeOptions:
    if method not in METHODS:
        raise ConfigError(f"no way to merge called {method!r}", hint=f"one of {', '.join(METHODS)}")
    if not paths:
        raise ConfigError("no run to merge", hint="name one run or more")
    if weights is not None and len(weights) != len(paths):
        raise ConfigError(
            f"{len(weights)} weights for {len(paths)} runs", hint="give one weight for each run"
        )
    if not 0 < density <= 1:
        raise ConfigError(f"density = {density}", hint="give a share over 0, up to 1")
    return MergeOptions(None if weights is None else tuple(map(float, weights)), density, seed)


def _same_start(paths: Sequence[Path]) -> None:
    """Raise where two runs cannot be added: another θ₀, or other inputs."""
    first = read_json(paths[0] / "backbone.json")
    inputs = read_json(paths[0] / "preprocessor.json")
    for path in paths[1:]:
        other = read_json(path / "backbone.json")
        if other["hash"] != first["hash"]:
            raise RunError(
                f"{path} has the θ₀ {other['name']} ({other['hash']}), {paths[0]} has "
                f"{first['name']} ({first['hash']})",
                hint="merge runs of the same backbone; of our own nets, of the same seed",
            )
        if read_json(path / "preprocessor.json") != inputs:
            raise RunError(
                f"{path} prepares its inputs otherwise than {paths[0]}",
                hint="merge runs whose preprocessor.json is the same",
            )


def _start(model: Model, events: Events) -> State:
    """Return θ₀'s tensors under the names that a network gives them."""
    assert model.identity is not None
    opened = reopen(model.identity, model.preprocessing, events=events)
    return {f"backbone.{name}": t.clone() for name, t in opened.module.state_dict().items()}


def _merged(start: State, states: Sequence[State], method: str, own: MergeOptions) -> State:
    """Return θ₀ + the merged Δ; statistics are no weights, so nothing of them is dropped."""
    weights = {k: v for k, v in start.items() if not k.endswith(STATISTICS)}
    rest = {k: v for k, v in start.items() if k not in weights}
    merged = METHODS[method]([difference(state, weights) for state in states], own)
    plain = "weighted" if method in AVERAGING else method
    merged |= METHODS[plain]([difference(state, rest) for state in states], own)
    result = {}
    for name, value in start.items():
        result[name] = value + merged[name] if name in merged else states[0][name].clone()
        if name.endswith("running_var"):  # taking away may not leave less than no variance
            result[name].clamp_(min=1e-5)
    return result


def _head(
    models: Sequence[Model], paths: Sequence[Path], method: str, own: MergeOptions, notes: list[str]
) -> State:
    """Return the head's tensors, averaged by class name where that makes sense."""
    first = models[0]
    head = {f"head.{k}": v.clone() for k, v in first.network.head.state_dict().items()}
    if len(models) == 1:
        return head
    odd = [p for m, p in zip(models, paths, strict=True) if set(m.classes) != set(first.classes)]
    steps = [p for m, p in zip(models, paths, strict=True) if "weight" not in _names(m)]
    if odd or steps or method not in AVERAGING:
        why = (
            f"{odd[0]} answers with other classes"
            if odd
            else f"{steps[0]}'s head is no linear layer"
            if steps
            else f"{method!r} adds what was learned on top of θ₀, and heads have no θ₀"
        )
        notes.append(f"the head is that of {paths[0]}: {why}")
        return head
    shares = own.shares(len(models))
    for name in ("weight", "bias"):
        head[f"head.{name}"] = torch.stack(
            [
                share * getattr(model.network.head, name).detach()[_order(model, first)]
                for model, share in zip(models, shares, strict=True)
            ]
        ).sum(0)
    return head


def _names(model: Model) -> set[str]:
    return set(model.network.head.state_dict())


def _order(model: Model, first: Model) -> list[int]:
    place = {name: i for i, name in enumerate(model.classes)}
    return [place[name] for name in first.classes]
