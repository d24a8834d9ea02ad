"""`landbridge tune`: models with structured answers, fine-tuned and judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ..base.typed import JsonObject
from ..structured.options import FitOptions, TaskOptions
from . import options as o
from .frame import Frame
from .verbs import verb

TASKS = (
    *("token-classification", "text-to-text", "speech-recognition", "speech-to-text"),
    *("segmentation", "detection"),
)


@verb(
    "tune",
    *("steps", "batch_size", "learning_rate", "seed", "holdout", "keep_duplicates"),
    *("device", "offline", "outside"),
    keys=("data.test_size", "training.threads"),
    fields=(TaskOptions, FitOptions),
)
def tune(
    this: Frame,
    task: Annotated[str, o.argument("TASK", f"One of {', '.join(TASKS)}.")],
    data: Annotated[
        str, o.argument("DATA", "A table, a CoNLL file, or a folder with metadata, masks or COCO.")
    ],
    model: Annotated[str, o.own("MODEL", "A folder in Hugging Face's layout, or hf/<id>.")],
    out: Annotated[Path, o.own("FOLDER", "Where to keep it.")],
    test: Annotated[str | None, o.own("DATA", "What judges; else a split or a share.")] = None,
    scratch: Annotated[
        bool, o.own("", "Train the same network from scratch to compare with.")
    ] = True,
) -> None:
    """Fine-tune a model of Hugging Face whose answers have a structure, and judge it.

    `landbridge predict FOLDER DATA` and `landbridge eval FOLDER DATA` work on what it makes.
    """
    from ..structured.fit import tune as fit_task

    this.run = out
    tuned = fit_task(
        task,
        data,
        model=model,
        out=out,
        test=test,
        options=TaskOptions(**this.keywords(TaskOptions)),
        fit=FitOptions(**this.keywords(FitOptions)),
        scratch=scratch,
        events=this.events(),
        **this.given,
    )
    value = {"run": str(out), **tuned.facts}
    this.result(value, lambda: _show(out, tuned.verdict))


def _show(out: Path, found: JsonObject) -> None:
    from rich.text import Text

    from ..base.formatting import as_points, hundredths
    from ..structured.evaluation import TunedVerdict
    from .tables import console, interval, show_folder, show_rows

    verdict = TunedVerdict.from_json(found)
    screen = console()
    colour = {"helped": "green", "hurt": "red"}.get(verdict.outcome, "yellow")
    screen.print()
    screen.print(Text(verdict.sentence, f"bold {colour}"))
    screen.print()
    names = list(verdict.models[0].scores)
    rows = []
    for one in verdict.models:
        gap = one.difference
        said = "" if gap is None else f"{as_points(gap.value, '')} ({interval(gap)})"
        scores = [hundredths(one.scores[name]) for name in names]
        rows.append([one.model, scores[0], interval(one.main), *scores[1:], said])
    heads = ["model", names[0], "95 %", *names[1:], "tuned is better by"]
    show_rows(screen, heads, rows, right=(1,))
    screen.print()
    show_folder(
        screen,
        out,
        ("every answer", "{}/predictions.jsonl"),
        ("model, for transformers", "{}/model"),
        ("use it", "landbridge predict {} DATA"),
    )
