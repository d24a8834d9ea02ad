"""What commands import when they first need it: the server does it once, its forks have it."""

import pyarrow.csv
import pyarrow.dataset
import pydantic.dataclasses
import pydantic.type_adapter

import landbridge.api
from landbridge.backbones.base import BACKBONES
from landbridge.domains.modalities.base import PREPROCESSINGS
from landbridge.domains.readers.base import READERS
from landbridge.methods.core.base import METHODS
from landbridge.objectives.base import TERMS
from landbridge.report.html import render
from landbridge.report.page import Outcome, Page
from landbridge.structured.base import TASKS
from landbridge.targets.registry import TARGET_TYPES

IMPORTED = (pyarrow.csv, pyarrow.dataset, pydantic.dataclasses, pydantic.type_adapter)
IMPORTED += (landbridge.api,)
for _registry in (BACKBONES, METHODS, PREPROCESSINGS, READERS, TARGET_TYPES, TASKS, TERMS):
    list(_registry)
render(Page("", "", [Outcome("helped")], []))  # the templates are translated
