"""Read, check, split and seal: folders, tables, arrays and samples -> `Domain` and `Task`."""

from __future__ import annotations

from .compare import ClassMatch, compare_classes
from .domain import Domain, Examples, Omission
from .hint import input_hint
from .modalities.image import ImagePreprocessing
from .modalities.images import ImageExamples
from .modalities.table import TableExamples
from .modalities.tabular import TablePreprocessing
from .read import read_domain
from .readers.base import READERS, Reader, ReadOptions
from .sealing import seal
from .task import Task, check_task

__all__ = [
    "READERS",
    "ClassMatch",
    "Domain",
    "Examples",
    "ImageExamples",
    "ImagePreprocessing",
    "Omission",
    "ReadOptions",
    "Reader",
    "TableExamples",
    "TablePreprocessing",
    "Task",
    "check_task",
    "compare_classes",
    "input_hint",
    "read_domain",
    "seal",
]
