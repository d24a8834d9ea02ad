"""The report: one offline HTML file, and the model card, both made from a run folder alone."""

from .run.build import write_report
from .run.card import write_card

__all__ = ["write_card", "write_report"]
