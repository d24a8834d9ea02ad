"""Which rows are held out for judging: a rule each, one file each."""

from .base import SPLIT_RULES as SPLIT_RULES
from .base import Split as Split
from .base import SplitRows as SplitRows
from .base import SplitRule as SplitRule
from .base import split_rule as split_rule
