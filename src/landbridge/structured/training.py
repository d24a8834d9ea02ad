"""One fit of a task's model by transformers' own Trainer: resumable, on one device or many."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..backbones.transformers_config import quietly
from ..base.errors import RunError, TrainingError
from ..base.events import Events
from ..base.files import read_json
from ..training.devices import find_device
from .base import Example, Inputs, StructuredTask
from .options import FitOptions


class _Rows:
    """Examples as the Trainer takes them, encoded when they are asked for."""

    def __init__(self, task: StructuredTask, examples: Sequence[Example]) -> None:
        self.task, self.examples = task, examples

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Inputs:
        return self.task.encode(self.examples[index])


def train_model(
    task: StructuredTask,
    model: Any,
    examples: Sequence[Example],
    options: FitOptions,
    work: Path,
    name: str,
    events: Events,
) -> Any:
    """Train a model, going on from the last checkpoint in `work` where there is one.

    Raises
    ------
    TrainingError
        Where the loss is not finite.
    """
    import numpy as np
    from transformers import Trainer, TrainerCallback, TrainingArguments
    from transformers.trainer_callback import PrinterCallback, ProgressCallback

    steps = options.count(len(examples))
    place = find_device(options.device)
    work.mkdir(parents=True, exist_ok=True)
    arguments = TrainingArguments(
        output_dir=str(work),
        per_device_train_batch_size=options.batch_size,
        max_steps=steps,
        learning_rate=options.speed,
        lr_scheduler_type="cosine",
        warmup_steps=round(0.1 * steps),
        weight_decay=0.01,
        seed=options.seed,
        data_seed=options.seed,
        use_cpu=place == "cpu",
        report_to=[],
        disable_tqdm=True,
        logging_steps=max(1, steps // 40),
        save_strategy="steps",
        save_steps=max(25, steps // 5),
        save_total_limit=1,
        remove_unused_columns=False,
        label_names=["labels"],
        log_level="error",
        dataloader_pin_memory=place != "cpu",
    )
    with events.progress(name, steps) as bar:

        class Heard(TrainerCallback):
            """Forwards steps to the bar, and stops where a loss is not finite."""

            def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
                bar.advance(state.global_step)

            def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
                bar.advance(1)

            def on_log(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
                loss = (rest.get("logs") or {}).get("loss")
                if loss is None:
                    return
                if not np.isfinite(float(loss)):
                    raise TrainingError(
                        f"{name}: the loss is {loss} at step {state.global_step}",
                        hint="lower the learning rate (--learning-rate)",
                    )
                bar.advance(0, loss=float(loss))
                events.log("step", fit=name, step=state.global_step, steps=steps, loss=float(loss))

        trainer = Trainer(
            model=model,
            args=arguments,
            data_collator=task.collate,
            train_dataset=_Rows(task, examples),
            callbacks=[Heard()],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.remove_callback(ProgressCallback)
        begun = _begun(work)
        with quietly():
            trainer.train(resume_from_checkpoint=True if begun else None)
    return model.cpu().eval()


def _begun(work: Path) -> bool:
    """Say whether there is a whole checkpoint; what a kill left half-written is taken away."""
    found = False
    for checkpoint in work.glob("checkpoint-*"):
        try:
            read_json(checkpoint / "trainer_state.json")  # it is written last
            found = True
        except RunError:
            shutil.rmtree(checkpoint)
    return found
