"""Methods that ask for certain and diverse answers on the target."""

from __future__ import annotations

from dataclasses import replace

from .core.terms import ASSUMES_NO_LABEL_SHIFT, TermMethod, term_method

term_method(
    "infomax",
    "be certain on each target example and diverse over all",
    "Krause et al., 2010, NeurIPS; Liang et al., 2020, ICML",
    needs=ASSUMES_NO_LABEL_SHIFT,
)
term_method(
    "bnm",
    "be certain and diverse on the target, by the batch's nuclear norm",
    "Cui et al., 2020, CVPR",
    needs=ASSUMES_NO_LABEL_SHIFT,
)
term_method(
    "mcc",
    "keep classes from being confused on the target",
    "Jin et al., 2020, ECCV",
    needs=replace(TermMethod.needs, warning="where the target lacks many of the source's classes"),
)
