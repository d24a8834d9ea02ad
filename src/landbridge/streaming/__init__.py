"""Test-time adaptation: a model that goes on learning from the unlabelled rows it answers."""

from .base import ADAPTERS, StreamAdapter
from .stream import Stream, StreamReport, open_stream

__all__ = ["ADAPTERS", "Stream", "StreamAdapter", "StreamReport", "open_stream"]
