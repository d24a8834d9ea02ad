"""Methods against an adversary: a discriminator of domains, or a second head."""

from __future__ import annotations

from dataclasses import replace

from .core.base import EVERY
from .core.terms import ASSUMES_NO_LABEL_SHIFT, TermMethod, term_method

term_method(
    "dann",
    "features from which a discriminator cannot tell the domains apart",
    "Ganin et al., 2016, JMLR 17(59)",
    needs=replace(ASSUMES_NO_LABEL_SHIFT, target_types=EVERY),
)
term_method(
    "cdan",
    "a discriminator of features and answers cannot tell the domains apart",
    "Long et al., 2018, NeurIPS",
    about="As dann, for a discriminator that sees features and answers together (CDAN+E).",
    needs=ASSUMES_NO_LABEL_SHIFT,
)
term_method(
    "pada",
    "as dann; source classes that the target seems to lack count less",
    "Cao et al., 2018, ECCV (PADA)",
    family="partial",
    needs=replace(
        TermMethod.needs, warning="where all classes are there and their shares differ much"
    ),
)
term_method(
    "mcd",
    "two heads cannot be made to disagree on the target",
    "Saito et al., 2018, CVPR",
    about="In one pass with a gradient reversal in place of the paper's three steps.",
    needs=ASSUMES_NO_LABEL_SHIFT,
)
term_method(
    "mdd",
    "no second head can agree on the source and differ on the target",
    "Zhang et al., 2019, ICML",
    about="The reversal is gentle: at most a tenth of the gradient.",
    needs=ASSUMES_NO_LABEL_SHIFT,
)
