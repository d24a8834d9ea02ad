"""The report: one offline HTML file, and the model card, both made from a run folder alone."""

from .build import write_report
from .card import write_card

__all__ = ["write_card", "write_report"]
