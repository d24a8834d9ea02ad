"""How two domains differ, before any method is run: checks, and what they speak for."""

from .advice import Advice, Advised, advice
from .base import DIAGNOSES, Check, Finding
from .diagnose import Diagnosis, diagnose
from .pair import DomainPair

__all__ = [
    "DIAGNOSES",
    "Advice",
    "Advised",
    "Check",
    "Diagnosis",
    "DomainPair",
    "Finding",
    "advice",
    "diagnose",
]
