"""The options that several verbs share, so that each is worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

CONFIG, DATA, SHOW = "Configuration", "Data", "Output"

AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress; warnings and the result only.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="YAML or JSON file of configuration keys."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set one configuration key, such as training.steps=500; may be repeated. "
        "It wins over every other option and over --config.",
    ),
]


def names(text: str | None) -> list[str] | None:
    """Return names joined by commas as a list."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")]
Data = Annotated[
    str, typer.Argument(metavar="DATA", help='A folder, a table or "sample:NAME", as for transfer.')
]

Source = Annotated[
    str | None,
    typer.Option(
        metavar="DATA",
        help='Where knowledge comes from: a folder, a table or "sample:NAME". '
        "Without it the backbone is the source.",
    ),
]
Target = Annotated[
    str | None,
    typer.Option(metavar="DATA", help='Where it is needed: a folder, a table or "sample:NAME".'),
]
Backbone = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A name from `landbridge backbones`, or auto."),
]
Method = Annotated[
    str | None,
    typer.Option(metavar="NAME", help='A name from `landbridge methods`, "a+b", or auto.'),
]
Budget = Annotated[
    str | None, typer.Option(metavar="TIME", help='Time for the whole run: "90s", "10m", "2h".')
]
Label = Annotated[str | None, typer.Option(metavar="COLUMN", help="Label column of tables.")]
TextColumn = Annotated[
    str | None, typer.Option("--text", metavar="COLUMN", help="Column of texts; a,b joins two.")
]
ImageColumn = Annotated[
    str | None, typer.Option("--image", metavar="COLUMN", help="Column of images or their paths.")
]
AudioColumn = Annotated[
    str | None, typer.Option("--audio", metavar="COLUMN", help="Column of recordings or paths.")
]
Columns = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Feature columns to use; also beside images, texts, sound."),
]
Drop = Annotated[str | None, typer.Option(metavar="A,B", help="Columns to leave out.")]
Categorical = Annotated[
    str | None, typer.Option(metavar="A,B", help="Columns of codes: categories, not quantities.")
]
Numeric = Annotated[str | None, typer.Option(metavar="A,B", help="Columns to read as numbers.")]
DomainColumn = Annotated[
    str | None,
    typer.Option("--domain", metavar="COLUMN", help="Column or file-name part that names domains."),
]
Encoding = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The encoding of text tables that are not UTF-8: cp1252."),
]


Outside = Annotated[
    bool | None,
    typer.Option(
        "--outside/--no-outside",
        help="Let metadata and links in a folder of data lead to files outside it.",
    ),
]
ValueRange = Annotated[
    str | None,
    typer.Option(
        "--value-range",
        metavar="LOW,HIGH",
        help="Black and white in arrays of images and in images of more than 8 bits: 0,4095.",
    ),
]
SourceDomains = Annotated[
    str | None, typer.Option(metavar="A,B", help="Domains that are the source; else all others.")
]
TargetDomains = Annotated[
    str | None,
    typer.Option(metavar="A,B", help="Domains that are the target; --target holds both sides."),
]
Pattern = Annotated[
    str | None,
    typer.Option(
        "--pattern", metavar="PATTERN", help='Of file names, such as "{label}_{speaker}_{take}".'
    ),
]
Answers = Annotated[
    str | None,
    typer.Option(
        metavar="auto|classes|numbers|several|ordinal",
        help="What labels are: a class, a number, several labels at once, or a class in an order.",
    ),
]
TargetLabels = Annotated[
    str | None,
    typer.Option(
        metavar="use|judge",
        help="judge: target labels are for the verdict alone; methods never see them.",
    ),
]
KeepDuplicates = Annotated[
    bool | None,
    typer.Option(
        "--keep-duplicates/--no-keep-duplicates",
        help="Judge on rows that were learned from as well.",
    ),
]
Teacher = Annotated[
    str | None,
    typer.Option(metavar="RUN", help="A finished run whose answers are learned (distillation)."),
]
Student = Annotated[
    str | None,
    typer.Option(
        metavar="MODALITY", help="Of rows with several modalities the one the student sees."
    ),
]
Seeds = Annotated[int | None, typer.Option(metavar="N", help="How many seeds the verdict uses.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="The first seed.")]
Device = Annotated[
    str | None,
    typer.Option(metavar="auto|cpu|cuda|mps", help="Where networks run; auto: a GPU if any."),
]
Offline = Annotated[
    bool | None, typer.Option("--offline/--no-offline", help="Forbid every download.")
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="The run's folder; it must not exist or be empty."),
]
Steps = Annotated[
    int | None,
    typer.Option(metavar="N", help="Steps of training, instead of what epochs or budget give."),
]
Batch = Annotated[int | None, typer.Option(metavar="ROWS", help="Rows of a step.")]
Rate = Annotated[float | None, typer.Option(metavar="X", help="Learning rate.")]

OPTIONS: dict[str, tuple[str, Any]] = {
    "source": ("data.source", Source),
    "target": ("data.target", Target),
    "backbone": ("backbone", Backbone),
    "method": ("method", Method),
    "budget": ("budget", Budget),
    "label": ("data.label", Label),
    "text": ("data.text", TextColumn),
    "image": ("data.image", ImageColumn),
    "audio": ("data.audio", AudioColumn),
    "columns": ("data.columns", Columns),
    "drop": ("data.drop", Drop),
    "categorical": ("data.categorical", Categorical),
    "numeric": ("data.numeric", Numeric),
    "encoding": ("data.encoding", Encoding),
    "value_range": ("data.value_range", ValueRange),
    "outside": ("data.outside", Outside),
    "domain": ("data.domain", DomainColumn),
    "source_domains": ("data.source_domains", SourceDomains),
    "target_domains": ("data.target_domains", TargetDomains),
    "pattern": ("data.pattern", Pattern),
    "answers": ("data.answers", Answers),
    "target_labels": ("data.target_labels", TargetLabels),
    "keep_duplicates": ("data.keep_duplicates", KeepDuplicates),
    "teacher": ("teacher", Teacher),
    "student": ("student", Student),
    "steps": ("training.steps", Steps),
    "batch": ("training.batch", Batch),
    "rate": ("training.rate", Rate),
    "seeds": ("seeds", Seeds),
    "seed": ("seed", Seed),
    "device": ("training.device", Device),
    "offline": ("offline", Offline),
}
"""Options with a configuration key behind them, as verbs show them: key and what typer takes."""
LISTS = (
    *("columns", "drop", "categorical", "numeric", "value_range"),
    *("source_domains", "target_domains"),
)
"""Those of them that take several values joined by commas."""
ROWS = (
    *("text", "image", "audio", "columns", "drop", "categorical", "numeric", "encoding"),
    *("value_range", "outside"),
)
"""What says how rows are read."""
READING = ("label", *ROWS, "domain", "pattern", "answers")
"""What says how labelled data are read."""
TRANSFER = tuple(name for name in OPTIONS if name not in ("steps", "batch", "rate"))
"""Of `transfer` and `plan`; how networks are trained is the method's recipe (--set training.*)."""
