"""Options of the command line, configuration keys, Python keywords and docs say the same.

Where they differ, the reason stands here.
"""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache
from pathlib import Path

import pytest
import typer

from landbridge.base.config import OPTIONS as KEYS
from landbridge.cli.app import app
from landbridge.cli.options import OPTIONS
from landbridge.cli.verbs import VERBS

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
READ = "landbridge.domains.read:read_domain"
PYTHON = {
    "transfer": ("landbridge:transfer",),
    "plan": ("landbridge:plan",),
    "shift": (READ, "landbridge.diagnosis.domains:compare_domains"),
    "rank": (READ, "landbridge.diagnosis.rank:rank_backbones"),
    "check": (READ, "landbridge:check"),
    "predict": ("landbridge:Run.predict",),
    "eval": ("landbridge:Run.evaluate",),
    "explain": ("landbridge:Run.explain",),
    "stream": ("landbridge.runs.stream:stream_data",),
    "stress": ("landbridge:stress",),
    "report": ("landbridge:Run.report",),
    "resume": ("landbridge:resume",),
    "merge": ("landbridge:merge",),
    "cluster": ("landbridge:cluster", READ),
    "tune": (
        *("landbridge:tune", "landbridge.structured.options:TaskOptions"),
        "landbridge.structured.options:FitOptions",
    ),
    "multitask": ("landbridge:multitask", READ),
    "federate simulate": (*("landbridge:federate", READ, "landbridge:FederatedOptions"),),
    "align": ("landbridge:align", READ, "landbridge.embeddings.options:AlignOptions"),
    "search": ("landbridge:Space.load", "landbridge:Space.search"),
    "zero-shot": ("landbridge:Space.load", "landbridge:Space.zero_shot"),
}
"""What does in Python what a command does; one function reads, the other works."""
NO_PYTHON = {
    "demo": "a transfer with named settings",
    "methods": "landbridge.methods.core.base.METHODS lists them",
    "backbones": "landbridge.backbones.BACKBONES lists them",
    "config": "about the configuration itself",
    "doctor": "about the machine",
    "trust": "trust= of load and resume",
}

CALLED = {
    "run": "self",
    "space": "self",
    "query": "what",
    ("predict", "data"): "what",
    ("eval", "data"): "what",
    ("explain", "data"): "what",
    ("zero-shot", "data"): "what",
    ("check", "data"): "domain",
    ("cluster", "data"): "target",
    ("resume", "run"): "path",
    ("stream", "run"): "run",
    ("stress", "run"): "run",
    ("stream", "method_options"): "options",
}
"""Arguments whose place says what they are, by option or (verb, option)."""
ONLY_OPTION = {
    ("predict", "out"): "Python gets the rows",
    ("stream", "out"): "Python gets the rows",
    ("zero-shot", "out"): "Python gets the rows",
    ("check", "out"): "Python gets the records of each problem",
    ("shift", "out"): "report.shift.write_shift_page writes the page",
}
ONLY_KEY = {"training.threads": "torch.set_num_threads in Python"}
ONLY_PYTHON = {
    "events": "a terminal shows them",
    "progress": "--quiet",
    "training": "its fields are keys of their own: training.*",
    "fit": "its fields are options",
    "options": "its fields are options",
    ("resume", "trust"): "landbridge trust",
    ("resume", "source"): "objects in memory",
    ("resume", "target"): "objects in memory",
}
INNER = {
    *("what", "name", "labels", "labelled", "usual_label", "split", "parts", "like", "limits"),
    *("holdout_by", "rule", "schema", "together", "allow_missing", "path", "self"),
}
"""What `read_domain` and methods are told by what calls them, or about arrays alone."""
NOT_READ = {
    "cluster": {"target_type"},
    "multitask": {"target_type", "domain", "label", "pattern"},
    "align": {"target_type", "domain", "label", "pattern"},
    "federate simulate": {"domain"},
}
"""What `read_domain` takes and would have no effect."""
FRAME = {"config", "set", "json", "quiet", "debug"}
OTHER_DEFAULT = {
    *("backbone_options", "method_options"),  # none, not an empty one
    *("device", "options"),
    *(
        "batch_size",
        "learning_rate",
    ),  # of a fit of its own, where the configuration says "the method's recipe"
}
"""Keywords whose default has another spelling than the key's."""


@cache
def command(verb):
    found = typer.main.get_command(app)
    for word in verb.split():
        found = found.commands[word]
    return found


def long(parameter):
    """Return an option as it is written, or an argument's name."""
    written = [text for text in parameter.opts if text.startswith("--")]
    return written[0][2:].replace("-", "_") if written else parameter.name


def options_of(verb):
    return {long(one) for one in command(verb).params} - FRAME


def keys_of(verb):
    return set(KEYS if VERBS[verb].keys is None else VERBS[verb].keys)


@cache
def parameters_of(verb):
    found = {}
    for place in PYTHON[verb]:
        module, _, path = place.partition(":")
        thing = importlib.import_module(module)
        for part in path.split("."):
            thing = getattr(thing, part)
        found |= inspect.signature(thing).parameters
    return found


def keywords_of(verb):
    return set(parameters_of(verb))


def called(verb, name):
    return CALLED.get((verb, name), CALLED.get(name, name))


def test_every_command_is_looked_at():
    groups = {verb.split()[0] for verb in PYTHON}
    assert set(typer.main.get_command(app).commands) == {*groups, *NO_PYTHON}
    assert {f"federate {name}" for name in command("federate").commands} <= {*PYTHON}
    assert set(VERBS) == {*PYTHON, *NO_PYTHON} - {"config", "trust"}


@pytest.mark.parametrize("verb", VERBS)
def test_an_option_is_a_key_that_has_an_effect(verb):
    shared = set(VERBS[verb].options)
    assert shared <= options_of(verb)
    assert {OPTIONS[name].key for name in shared} <= keys_of(verb) <= set(KEYS)
    own = options_of(verb) - shared
    in_doubt = own & set(OPTIONS)
    # of shift, rank and cluster they are arguments, of stream, merge and stress something else
    assert in_doubt <= {"source", "target", "method", "batch_size", "budget"}


@pytest.mark.parametrize("verb", PYTHON)
def test_a_key_has_an_option_where_any_command_has_one(verb):
    keys = {key for key in keys_of(verb) if KEYS[key].metavar is not None}
    if VERBS[verb].keys is None:
        keys = {key for key in keys if not key.startswith("training.")}
    assert keys <= {OPTIONS[name].key for name in VERBS[verb].options}


@pytest.mark.parametrize("verb", PYTHON)
def test_an_option_is_a_keyword(verb):
    options = {name for name in options_of(verb) if (verb, name) not in ONLY_OPTION}
    assert {called(verb, name) for name in options} <= keywords_of(verb)
    keys = {key for key in keys_of(verb) if key not in ONLY_KEY}
    if VERBS[verb].keys is None:
        keys = {key for key in keys if not key.startswith("training.")}
    assert {called(verb, key.rpartition(".")[2]) for key in keys} <= keywords_of(verb)


@pytest.mark.parametrize("verb", PYTHON)
def test_a_keyword_is_an_option_or_a_key(verb):
    options = {called(verb, name) for name in options_of(verb)}
    keys = {called(verb, key.rpartition(".")[2]) for key in keys_of(verb)}
    excused = {name for name in ONLY_PYTHON if isinstance(name, str)} | INNER
    excused |= {name[1] for name in ONLY_PYTHON if name[0] == verb} | NOT_READ.get(verb, set())
    assert keywords_of(verb) - excused - {"columns"} <= options | keys


@pytest.mark.parametrize("verb", PYTHON)
def test_a_keyword_has_the_default_of_its_key(verb):
    found = {n: p.default for n, p in parameters_of(verb).items() if p.default is not p.empty}
    keys = {called(verb, KEYS[key].name): KEYS[key].default for key in keys_of(verb)}
    own = {called(verb, long(one)): one.default for one in command(verb).params if not one.required}
    for said in (keys, {name: own[name] for name in own if name not in VERBS[verb].options}):
        assert {n for n in said.keys() & found if found[n] != said[n]} <= OTHER_DEFAULT


def test_plan_has_the_signature_of_transfer():
    import landbridge

    own, whole = (inspect.signature(f).parameters for f in (landbridge.plan, landbridge.transfer))
    assert list(own.values()) == [one for name, one in whole.items() if name != "out"]


def test_whatever_is_opened_reads_outside_its_folder_where_that_is_said():
    from landbridge.artifacts.kinds import KINDS

    for _, kind in KINDS.items():
        opened = inspect.signature(kind.opener()).return_annotation
        module = importlib.import_module(kind.opener().__module__)
        for name in ("predict", "evaluate"):
            own = inspect.signature(getattr(getattr(module, opened), name)).parameters
            assert own["outside"].default is False, (opened, name)


def table():
    """Return the rows of the documents' table: option, key, keyword, commands."""
    rows = []
    for key, known in KEYS.items():
        own = known.name
        option = None if known.metavar is None else own
        keyword = f"`{own}`" if key not in ONLY_KEY else ""
        if key.startswith("training.") and own not in keywords_of("transfer"):
            keyword = f"`training={{'{own}': ...}}`" if option is None else f"`{own}`"
        verbs = [
            verb + "*" * (option is not None and option not in VERBS[verb].options)
            for verb in PYTHON
            if key in keys_of(verb)
        ]
        shown = f"`--{option.replace('_', '-')}`" if option else ""
        rows.append(f"| {shown} | `{key}` | {keyword} | {', '.join(verbs)} |")
    return rows


def test_the_documents_have_the_same_table():
    text = DOCS.read_text("utf-8")
    found = re.findall(r"^\| (?:`--[a-z-]+`)? ?\| `[a-z_.]+` \|.*\|$", text, re.MULTILINE)
    right = table()
    assert found == right, "docs/cli.md should have:\n" + "\n".join(right)
