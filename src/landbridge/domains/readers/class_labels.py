"""Names of classes that a `datasets` schema holds, at any depth, in the place of their numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ...base.errors import DataError
from ...base.typed import JsonObject

_LISTS = ("Sequence", "List", "LargeList")


def features_of(metadata: Mapping[bytes, bytes] | None) -> JsonObject:
    """Return the features that ``datasets`` wrote into a schema's metadata, {} without any.

    Raises
    ------
    DataError
        Where they are there and cannot be read: numbers would stand for names in silence.
    """
    if not metadata or b"huggingface" not in metadata:
        return {}
    try:
        found = json.loads(metadata[b"huggingface"])
        features = (found.get("info") or {}).get("features") or {}
        if isinstance(features, dict):
            return features
        reason = f"features are a {type(features).__name__}"
    except (ValueError, AttributeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
    raise DataError(
        f"the schema's names of classes (metadata 'huggingface') cannot be read: {reason}",
        hint="write the file again, or drop the schema's metadata to keep numbers",
    )


def class_names(feature: Any) -> list[str] | None:
    """Return the names of a ClassLabel; None of anything else."""
    if isinstance(feature, Mapping) and feature.get("_type") == "ClassLabel":
        names = feature.get("names")
        return [str(name) for name in names] if isinstance(names, list) else None
    return None


def has_names(feature: Any) -> bool:
    """Whether a ClassLabel is in a feature, at any depth."""
    if class_names(feature):
        return True
    if isinstance(feature, Mapping):
        return any(has_names(inner) for inner in feature.values())
    return isinstance(feature, list) and any(has_names(inner) for inner in feature)


def named(value: Any, feature: Any, where: str) -> Any:
    """Return a value with names of classes in the place of numbers; -1 is no label.

    Raises
    ------
    DataError
        For a number that no name belongs to, saying `where`.
    """
    names = class_names(feature)
    if names is not None:
        return _name(value, names, where)
    if isinstance(feature, list) and feature:
        feature = {"_type": "List", "feature": feature[0]}
    if not isinstance(feature, Mapping):
        return value
    if feature.get("_type") in _LISTS:
        inner = feature.get("feature")
        if isinstance(value, Mapping):  # a sequence of structs is stored as a struct of lists
            per_key = inner if isinstance(inner, Mapping) else {}
            return {k: named(v, [per_key.get(k)], where) for k, v in value.items()}
        return [named(v, inner, where) for v in value] if _is_list(value) else value
    if isinstance(value, Mapping) and not isinstance(feature.get("_type"), str):
        return {k: named(v, feature.get(k), where) for k, v in value.items()}
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _name(value: Any, names: Sequence[str], where: str) -> Any:
    if value is None or isinstance(value, str):
        return value
    if value == -1:
        return None
    if isinstance(value, int) and 0 <= value < len(names):
        return names[value]
    raise DataError(
        f"{where} holds the class {value!r}, and the schema names {len(names)} classes",
        hint=f"numbers go from 0 to {len(names) - 1}; -1 is no label",
    )
