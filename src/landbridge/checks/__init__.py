"""What is wrong with data before anything is learned from them: one class a check."""

from .base import CHECKS, DataCheck, Problem, Sides
from .run import check

__all__ = ["CHECKS", "DataCheck", "Problem", "Sides", "check"]
