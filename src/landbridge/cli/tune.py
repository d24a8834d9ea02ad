"""`landbridge tune`: models with structured answers, fine-tuned and judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.config import RunConfig

TASKS = (
    *("token-classification", "text-to-text", "speech-recognition", "speech-to-text"),
    *("segmentation", "detection"),
)


@verb(
    "tune",
    *("steps", "batch", "rate", "seed", "keep_duplicates", "device", "offline", "outside"),
    keys=("data.judge_fraction", "training.threads"),
)
def tune(
    this: Frame,
    found: RunConfig,
    task: Annotated[str, typer.Argument(metavar="TASK", help=f"One of {', '.join(TASKS)}.")],
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA", help="A table, a CoNLL file, or a folder with metadata, masks or COCO."
        ),
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model", metavar="MODEL", help="A folder in Hugging Face's layout, or hf/<id>."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where to keep it.")],
    test: Annotated[
        str | None, typer.Option(metavar="DATA", help="What judges; else a split or a share.")
    ] = None,
    input_column: Annotated[
        str | None, typer.Option("--input", metavar="COLUMN", help="What goes in.")
    ] = None,
    output_column: Annotated[
        str | None, typer.Option("--output", metavar="COLUMN", help="The answers.")
    ] = None,
    lora: Annotated[
        bool, typer.Option("--lora", help="Train low-rank matrices beside the layers (PEFT).")
    ] = False,
    rank: Annotated[int, typer.Option(metavar="N", help="Of LoRA.")] = 8,
    epochs: Annotated[float, typer.Option(metavar="N", help="Passes over the rows.")] = 5.0,
    size: Annotated[
        int | None, typer.Option(metavar="PIXELS", help="Height and width images come to.")
    ] = None,
    length: Annotated[
        int, typer.Option(metavar="TOKENS", help="Of a text that goes in, at most.")
    ] = 128,
    new_tokens: Annotated[
        int, typer.Option(metavar="TOKENS", help="Of a text that is written, at most.")
    ] = 64,
    seconds: Annotated[
        float,
        typer.Option("--seconds", metavar="SECONDS", help="Of a recording that goes in, at most."),
    ] = 20.0,
    threshold: Annotated[
        float, typer.Option(metavar="SHARE", help="Boxes that are less sure are not given.")
    ] = 0.05,
    prefix: Annotated[
        str, typer.Option(metavar="TEXT", help='Put before each text: "summarize: ".')
    ] = "",
    scratch: Annotated[
        bool,
        typer.Option(
            "--scratch/--no-scratch", help="Train the same network from scratch to compare with."
        ),
    ] = True,
) -> None:
    """Fine-tune a model of Hugging Face whose answers have a structure, and judge it.

    `landbridge predict FOLDER DATA` and `landbridge eval FOLDER DATA` work on what it makes.
    """
    from ..tasks.base import TaskOptions
    from ..tasks.fit import tune as fit_task
    from ..tasks.training import FitOptions

    this.run = out
    tuned = fit_task(
        task,
        data,
        model=model,
        out=out,
        test=test,
        options=TaskOptions(
            input=input_column,
            output=output_column,
            length=length,
            new_tokens=new_tokens,
            size=size,
            seconds=seconds,
            threshold=threshold,
            prefix=prefix,
        ),
        fit=FitOptions(
            epochs=epochs,
            steps=found.training.steps,
            batch=found.training.batch or FitOptions.batch,
            rate=found.training.rate,
            lora=lora,
            rank=rank,
            seed=found.seed,
            device=found.training.device,
        ),
        scratch=scratch,
        judge_fraction=found.data.judge_fraction,
        keep_duplicates=found.data.keep_duplicates,
        offline=found.offline,
        outside=found.data.outside,
        events=this.events(),
    )
    value = {"run": str(out), **tuned.facts}
    this.result(value, lambda: _show(out, tuned.verdict))


def _show(out: Path, verdict: dict[str, Any]) -> None:
    from rich.text import Text

    from .tables import console, interval, show_folder, show_rows

    screen = console()
    colour = {"helped": "green", "hurt": "red"}.get(verdict["outcome"], "yellow")
    screen.print()
    screen.print(Text(verdict["sentence"], f"bold {colour}"))
    screen.print()
    names = list(verdict["models"][0]["scores"])
    rows = []
    for row in verdict["models"]:
        gap = row["difference"]
        said = "" if gap is None else f"{100 * gap['value']:+.1f} ({interval(gap)})"
        scores = [f"{100 * row['scores'][name]:.1f}" for name in names]
        rows.append([row["model"], scores[0], interval(row), *scores[1:], said])
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
