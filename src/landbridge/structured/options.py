"""How a task's rows are read and answered, and how its model is fitted."""

from __future__ import annotations

from dataclasses import dataclass

from ..base.fields import option
from ..base.renamed import renamed_keywords


@dataclass(frozen=True)
class TaskOptions:
    """How rows are read and answered; saved with the model.

    Attributes
    ----------
    input, output : str or None
        Columns of what goes in and of the answers; found by their names where not given.
    length : int
        Tokens of a text at most; longer ones are cut, which is counted and said.
    new_tokens : int
        Of a text that is written, at most.
    size : int or None
        Height and width that images are brought to; as the model's own configuration says where
        not given, else 256.
    seconds : float
        Of a recording at most.
    threshold : float
        Boxes that are less sure are not given.
    prefix : str
        What is put before each text that goes in, such as "summarize: ".
    """

    input: str | None = option(None, "What goes in.", "COLUMN")
    output: str | None = option(None, "The answers.", "COLUMN")
    length: int = option(128, "Of a text that goes in, at most.", "TOKENS")
    new_tokens: int = option(64, "Of a text that is written, at most.", "TOKENS")
    size: int | None = option(None, "Height and width images come to.", "PIXELS")
    seconds: float = option(20.0, "Of a recording that goes in, at most.", "SECONDS")
    threshold: float = option(0.05, "Boxes that are less sure are not given.", "SHARE")
    prefix: str = option("", 'Put before each text: "summarize: ".', "TEXT")


@renamed_keywords
@dataclass(frozen=True)
class FitOptions:
    """How a model is fitted.

    Attributes
    ----------
    epochs : float
        Passes over the rows, kept between 50 and 20,000 steps.
    steps : int or None
        Instead of `epochs`.
    batch_size : int
    learning_rate : float or None
        5e-5 as default, 5e-4 with LoRA.
    lora : bool
        Train low-rank matrices beside the layers, and a new head.
    rank : int
        Of these.
    seed : int
    device : str
    """

    epochs: float = option(5.0, "Passes over the rows.", "N")
    steps: int | None = None
    batch_size: int = 8
    learning_rate: float | None = None
    lora: bool = option(False, "Train low-rank matrices beside the layers (PEFT).")
    rank: int = option(8, "Of LoRA.", "N")
    seed: int = 0
    device: str = "auto"

    def count(self, rows: int) -> int:
        """Return the steps for so many rows."""
        wished = round(self.epochs * rows / self.batch_size)
        return self.steps or min(20_000, max(50, wished))

    @property
    def speed(self) -> float:
        """The learning rate."""
        return self.learning_rate or (5e-4 if self.lora else 5e-5)
