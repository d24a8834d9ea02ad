"""From a task to a context: open θ₀, decode once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..backbones.open import open_backbone, own_network
from ..base.config import RunConfig
from ..base.errors import DataError
from ..base.events import SILENT, Events
from ..base.hashing import digest
from ..base.places import cache_folder
from ..domains.compare import usable_classes
from ..domains.domain import Domain
from ..domains.examples import data_of
from ..domains.hint import input_hint
from ..domains.task import Task, reindex
from ..methods.core.resolve import Methods, Setting
from ..targets.codec import TargetCodec
from ..training.batches import Side
from ..verdict.evaluate import labels_print
from .clipping import outside_note
from .context import SMALL, FitContext, StartingNetwork
from .prepared import PreparedData, validation_split
from .source_model import SourceModel
from .teacher import Teacher


def prepare(
    task: Task,
    config: RunConfig,
    path: Path,
    events: Events,
    subdir: str = "data",
    source_model: SourceModel | None = None,
    reading: TargetCodec | None = None,
    teacher: Teacher | None = None,
    sight: Teacher | None = None,
    methods: Methods | None = None,
) -> FitContext:
    """Open θ₀, decode all examples once, and put together what fits need: nothing sealed."""
    methods = methods or Methods(config.method, config.method_options)
    source, target = task.training()
    taught, sight = None, teacher or sight
    if teacher is not None:
        taught = teacher.logits_for(target.examples, task.classes, cache_folder(), events)
    if sight is not None:
        target = sight.seen(target)
        source = None if source is None else sight.seen(source)
    if reading is None:
        granted = [side.labels[side.labeled_mask] for side in (source, target) if side is not None]
        reading = TargetCodec.of(task.target_type, task.classes, granted)
    test_domain = task.target.for_evaluation()
    says = None
    if teacher is not None and len(test_domain):
        says = teacher.logits_for(test_domain.examples, task.classes, cache_folder(), events)
    if sight is not None:
        test_domain = sight.seen(test_domain)
    domains = [d for d in (source, target) if d is not None]
    if source_model is None:
        opened = open_backbone(
            config.backbone,
            input_hint(domains),
            [d.examples for d in domains],
            seed=config.seed,
            options=config.backbone_options or None,
            offline=config.offline,
            events=events,
            named=False,  # whoever wrote the configuration just now has agreed before
        )
    else:
        opened = source_model.opened(offline=config.offline, events=events)
        if target.modality != source_model.preprocessing.modality:
            raise DataError(
                f"{target.name!r} holds {data_of(target.modality)}, and the model "
                f"{source_model.name!r} takes {data_of(source_model.preprocessing.modality)}",
                hint="give data like those that the model was trained on",
            )
        rule = input_hint(domains).rule
        opened = replace(opened, preprocessing=opened.preprocessing.ruled(rule))
    preprocessing = opened.preprocessing

    def inputs(domain: Domain) -> np.ndarray:
        if len(domain) == 0:
            return np.zeros((0, *_stored_shape(target_inputs)), target_inputs.dtype)
        return preprocessing.prepare(domain.examples, cache=cache_folder(), events=events)

    target_inputs = preprocessing.prepare(target.examples, cache=cache_folder(), events=events)
    same_rows = (
        bool(task.target.test_mask.any())
        and not (task.target.test_mask & task.target.held_out).any()
    )
    test_rows = np.zeros(0, np.int64)
    if same_rows:  # transductive: the judged rows are among the target's
        test_rows = np.flatnonzero(task.target.test_mask[~task.target.held_out])
        test_inputs = target_inputs[test_rows]
    else:
        test_inputs = inputs(test_domain)
    source_side, source_own = None, np.zeros(0, np.int64)
    source_classes: tuple[str, ...] = () if source_model is None else source_model.classes
    validation = np.zeros(0, bool)
    classes = task.classes
    if source is not None and task.source is not None:
        raw = task.source.for_training()
        if task.target_type.exclusive:
            own_classes = usable_classes(task.source)
            own = reindex(raw, own_classes)
            shared = set(own_classes) <= set(classes)
            source_classes = classes if shared else own_classes
            source_own = source.labels if shared else own.labels
            labels = np.where(source.labeled_mask, source.labels, -1).astype(np.int64)
            own_labeled = own.labeled_mask
        else:
            source_classes, own_labeled = classes, source.labeled_mask
            source_own = labels = reading.encode(source.labels)
        validation = validation_split(source_own, own_labeled, config.seed)
        source_side = Side(inputs(source), labels, own_labeled, domain=_domains_of(source))
    if source_side is not None and preprocessing.columnar and not opened.identity.pretrained:
        note = outside_note(
            *(source_side.inputs, source_side.labeled_mask & ~validation, target_inputs),
            preprocessing.column_names(),
        )
        if note:
            events.log("warning", note)
    situation = Setting(
        source=task.source_labels,
        target=task.target_labels,
        shared_classes=task.match.kind != "disjoint",
        # Inputs taken as features are as ready to use as a pretrained backbone's.
        pretrained=opened.identity.pretrained or opened.identity.provider == "identity",
        target_type=task.target_type,
        teacher=teacher is not None,
        signal=preprocessing.signal() is not None,
    )
    fallback = None
    fallback_net = own_network(input_hint(domains)) if opened.identity.pretrained else None
    if fallback_net is not None and target.labeled_mask.any():
        alone = replace(task, source=None, source_labels="none", model=None, teacher=None)
        modest = replace(config, backbone=fallback_net, backbone_options={})
        fallback = prepare(
            alone, modest, path, SILENT, SMALL, reading=reading, sight=sight, methods=methods
        )
    data = PreparedData(
        classes=classes,
        source_classes=tuple(source_classes),
        source=source_side,
        source_own=source_own,
        validation=validation,
        target=Side(
            target_inputs,
            reading.encode(target.labels),
            target.labeled_mask,
            None if target.held is None else target.held.groups,
        ),
        test_inputs=test_inputs,
        test_rows=test_rows,
        fingerprints=fingerprints(task, source_model, teacher),
        situation=situation,
        mean=reading.mean,
        spread=reading.std,
        source_state=None if source_model is None else source_model.state,
        teacher=taught,
        teacher_test=says,
    )
    return FitContext(
        path=path,
        config=config,
        methods=methods,
        data=data,
        backbone=StartingNetwork(
            opened.identity, preprocessing, pretrained=situation.pretrained, offline=config.offline
        ),
        subdir=subdir,
        fallback=fallback,
    )


LEAST_ROWS = 20
"""Of each source, for methods to treat sources by themselves."""


def _domains_of(source: Domain) -> np.ndarray | None:
    """Return which of several sources each row is of, None where methods see them as one."""
    if source.groups is None:
        return None
    names, domain = np.unique([group or "" for group in source.groups], return_inverse=True)
    if len(names) < 2 or np.bincount(domain).min() < LEAST_ROWS:
        return None
    return domain.astype(np.int64)


def fingerprints(
    task: Task, source_model: SourceModel | None = None, teacher: Teacher | None = None
) -> dict[str, str]:
    """Return content hashes of all inputs and labels, by which `resume` knows the data again."""
    source, target = task.training()
    test_domain = task.target.for_evaluation()
    found = {
        "target": target.examples.fingerprint(),
        "target labels": _labels_print(target),
        "judged": test_domain.examples.fingerprint() if len(test_domain) else "none",
        "judged labels": labels_print(task.target.sealed),
    }
    if source_model is not None:
        found["source model"] = source_model.digest
    if teacher is not None:
        found["teacher"] = teacher.digest
    if source is not None and task.source is not None:
        found["source"] = source.examples.fingerprint()
        found["source labels"] = _labels_print(task.source.for_training())
    return found


def _labels_print(domain: Domain) -> str:
    if not domain.target_type.exclusive:
        return digest(list(domain.classes), domain.labeled_mask, domain.labels[domain.labeled_mask])
    labels = np.where(domain.labeled_mask, domain.labels, -1)
    return digest(list(domain.classes), labels.astype(np.int64))


def _stored_shape(array: np.ndarray) -> Sequence[int]:
    return array.shape[1:]


def describe(domain: Domain) -> dict[str, object]:
    """Return a domain in plain values, as ``data.json`` holds it; nothing sealed."""
    return {
        "name": domain.name,
        "modality": domain.modality,
        "rows": len(domain),
        "usable": int((~domain.held_out).sum()),
        "judged": int(domain.test_mask.sum()),
        "labelled": domain.labelled,
        "classes": list(domain.classes),
        "target_type": domain.target_type.name,
        "counts": domain.counts(),
        "omissions": [
            {"what": o.what, "count": len(o.rows), "rows": list(o.rows[:20])}
            for o in domain.omissions
        ],
        "notes": list(domain.notes),
        "limits": None if domain.limits is None else list(domain.limits),
        "label_column": domain.label_column,
        "schema": None if domain.schema is None else domain.schema.to_json(),
        "seen": None if domain.seen is None else domain.seen.to_json(),
        "held": None if domain.held is None else domain.held.to_json(),
        "fingerprint": domain.examples.fingerprint(),
    }


def data_facts(
    task: Task, source_model: SourceModel | None = None, teacher: Teacher | None = None
) -> dict[str, object]:
    """Return ``data.json``."""
    match = task.match
    return {
        "source": None if task.source is None else describe(task.source),
        "source_model": None if source_model is None else source_model.facts(),
        "teacher": None if teacher is None else teacher.facts(),
        "target": describe(task.target),
        "setting": task.sentence(),
        "classes": list(task.classes),
        "target_type": task.target_type.name,
        "match": {
            "kind": match.kind,
            "shared": list(match.shared),
            "only_source": list(match.only_source),
            "only_target": list(match.only_target),
            "sentence": match.sentence(),
        },
    }
