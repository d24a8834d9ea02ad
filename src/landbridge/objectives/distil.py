"""A teacher's answers to the same rows: knowledge distillation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from ..base.errors import ConfigError
from .base import TERMS, PhaseContext, StepBatch, Term, at_least_single


def distillation(
    student: torch.Tensor, teacher: torch.Tensor, temperature: float = 2.0
) -> torch.Tensor:
    """Return T² · KL(teacher ‖ student) of softened answers, mean over rows (Hinton et al., 2015).

    Parameters
    ----------
    student, teacher : float tensor (n, c)
        Logits. A class whose teacher's logit is −inf has no part in what is taught. Rows whose
        teacher says NaN are left out; no gradient flows into `teacher`.
    temperature : float, default 2

    Returns
    -------
    float tensor ()
        0 where no row is taught.
    """
    finite = ~teacher.isnan().any(1)
    own = F.log_softmax(at_least_single(student)[finite] / temperature, dim=1)
    wanted = torch.softmax(teacher.detach()[finite] / temperature, dim=1).to(own.dtype)
    if not bool(finite.any()):
        return 0 * student.sum()
    return temperature**2 * F.kl_div(own, wanted, reduction="batchmean")


@TERMS.register("distil")
class Distil(Term):
    """The teacher's softened answers to target rows, which the student is to give as well.

    The teacher may see another modality of the same rows.
    """

    summary = "a teacher's answers to the same rows, softened"
    paper = "Hinton et al., 2015, Distilling the Knowledge in a Neural Network"
    views = frozenset({"target"})

    @dataclass(frozen=True)
    class Config:
        """`temperature` that softens both sides' answers."""

        temperature: float = 2.0

    def __init__(self, dim: int, n_classes: int, config: object = None) -> None:
        super().__init__(dim, n_classes, config)
        self.teacher: torch.Tensor | None = None

    def prepare(self, setting: PhaseContext) -> None:
        """Take the teacher's answers to all target rows."""
        if setting.teacher is None:
            raise ConfigError("distil has no teacher", hint="name a finished run: --teacher RUN")
        self.teacher = setting.teacher

    def forward(self, step: StepBatch) -> torch.Tensor:
        """Return `distillation` of the batch."""
        assert step.target is not None
        assert self.teacher is not None
        assert step.target.rows is not None
        wanted = self.teacher.to(step.target.rows.device)[step.target.rows]
        return distillation(step.target.logits, wanted, self.config.temperature)
