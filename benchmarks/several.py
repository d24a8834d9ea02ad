"""Several modalities at once: a digit seen, heard and written; questions about pictures.

    LANDBRIDGE_DATA=... python benchmarks/several.py [digits] [questions]

`digits`: each of the three is noisy, and the judged digits are spoken by people who were never
heard. Fusion is compared with each modality by itself, and is asked again with some missing.
`questions`: whole easy_vqa, whose answers neither the picture nor the question tells alone.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import landbridge
from harness import ran_on, read_result, write_result
from landbridge.base.files import read_json
from landbridge.domains.domain import Domain
from landbridge.domains.modalities.multimodal import MultimodalExamples
from landbridge.domains.read import read_domain
from several_data import digits, questions, together

ALONE = "each alone"
Options = Mapping[str, Any]


def fitted(name: str, target: Domain, method: str, backbone: str, options: Options) -> dict:
    """Return the score for each set of modalities, seed by seed, and what it cost."""
    out = Path(tempfile.mkdtemp()) / "run"
    run = landbridge.transfer(
        None,
        target,
        backbone=backbone,
        backbone_options={k: v for k, v in options.items() if k != "training"},
        method=method,
        candidates=None,
        budget="10h",
        seeds=3,
        training={"threads": 1, **options.get("training", {})},
        out=out,
        offline=True,
        progress=False,
    )
    cost = read_json(out / "cost.json")
    own = {"method": method, "backbone": backbone, "cpu_s": cost["cpu_s"]}
    if (out / "parts.json").exists():
        own |= {key: read_json(out / "parts.json")[key] for key in ("sets", "adds", "rows")}
    else:
        chosen = run.verdict["chosen"]
        own |= {"sets": [{"parts": list(target.examples.parts), **chosen}], "adds": []}
    shutil.rmtree(out.parent)
    best = own["sets"][0]
    print(name, f"{100 * best['mean']:.1f}", f"{own['cpu_s']:.0f} s", flush=True)
    return own


def compare(
    name: str, title: str, rows: Mapping[str, Any], labels: list, split: list, kinds: Sequence
) -> None:
    """Fit each part alone and all together, and keep what was found.

    What the file holds is not fitted again: remove it to measure anew.
    """
    found: dict[str, Any] = read_result(name).get("models", {})
    for label, method, backbone, options in kinds:
        for part in rows if options.get("fusion") == ALONE else [None]:
            whole = read_domain((dict(rows), labels), split=split, name=name)
            use = dict(options)
            if part is not None:
                assert isinstance(whole.examples, MultimodalExamples)
                own, there = whole.examples.part(part)
                assert len(there) == len(whole)
                whole = replace(whole, examples=MultimodalExamples({part: own}))
                use["fusion"] = "late"
            key = f"{label}, {part or options['fusion']}"
            if key in found:
                continue
            found[key] = fitted(key, whole, method, backbone, use)
            result = {"name": name, "kind": "several", "title": title, "models": found}
            write_result(name, result | ran_on())


FUSIONS = (ALONE, "late", "gated", "attention")
PRETRAINED = [("pretrained", "finetune", "fusion", {"fusion": f}) for f in FUSIONS]
NETS = [("small nets", "scratch", "fusion_net", {"fusion": f}) for f in FUSIONS]


def digits_table() -> None:
    """Compare on noisy digits."""
    train, test = digits(1500, "train", 0, True), digits(1000, "test", 0, True)
    rows, labels, split = together(train, test)
    title = "A digit seen, heard and written, all noisy; the judged speakers were never heard"
    compare("several_digits", title, rows, labels, split, PRETRAINED + NETS)


def questions_table() -> None:
    """Compare on easy_vqa."""
    rows, labels, split = together(questions("train"), questions("test"))
    longer = {"training": {"steps": 4000}}
    kinds = [(*kind[:3], {**kind[3], **longer}) for kind in NETS]
    title = "Questions about pictures (easy_vqa, 38,575 to learn from)"
    compare("several_questions", title, rows, labels, split, kinds)


SETS = {"digits": digits_table, "questions": questions_table}


def main(wanted: Sequence[str]) -> None:
    """Run what is asked for."""
    for name in wanted:
        SETS[name]()


if __name__ == "__main__":
    main(sys.argv[1:] or list(SETS))
