"""Named arrays: a model, a change of one, or what a strategy remembers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

Arrays = dict[str, np.ndarray]


def added(model: Arrays, change: Arrays, share: float = 1.0) -> Arrays:
    """Return model + share · change, in the model's own types; what does not change stays."""
    moved = {
        name: (model[name] + share * own).astype(model[name].dtype) for name, own in change.items()
    }
    return model | moved


def difference(after: Arrays, before: Arrays, names: Collection[str]) -> Arrays:
    """Return after − before of some arrays."""
    return {name: after[name] - before[name] for name in sorted(names)}


def zeros(like: Arrays, names: Collection[str]) -> Arrays:
    """Return arrays of 0 as some of another's."""
    return {name: np.zeros_like(like[name]) for name in sorted(names)}


def named(prefix: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Return arrays under ``prefix.name``."""
    return {f"{prefix}.{name}": own for name, own in arrays.items()}


def under(prefix: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    """Return what is under ``prefix.``, without it."""
    start = f"{prefix}."
    return {n.removeprefix(start): own for n, own in arrays.items() if n.startswith(start)}


def size(arrays: Mapping[str, np.ndarray]) -> int:
    """Return the bytes that arrays take."""
    return sum(own.nbytes for own in arrays.values())


def flat(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return all numbers in one float64 array, by name."""
    return np.concatenate([np.ravel(arrays[n]).astype(np.float64) for n in sorted(arrays)])


def weighted_mean(parts: Sequence[Arrays], weights: np.ndarray) -> Arrays:
    """Return the mean of arrays of the same names, in float64."""
    shares = np.asarray(weights, np.float64) / float(np.sum(weights))
    return {
        name: np.asarray(
            sum(w * part[name].astype(np.float64) for w, part in zip(shares, parts, strict=True))
        )
        for name in sorted(parts[0])
    }
