"""Nothing in the package turns data into code: what could is listed here, with its reason."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import landbridge

ROOT = Path(landbridge.__file__).parent
PICKLES = ("pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "runpy", "code")
MAY_IMPORT = {
    ("backbones/custom_code.py", "pickle"): "modules handed over, opened by agreement alone",
    ("backbones/custom_code.py", "cloudpickle"): "the same, kept",
    (
        "training/process_group.py",
        "pickle",
    ): "from rank 0 of the same command, never a file",
    ("backbones/weights.py", "pickle"): "its error, to name a file that is none of tensors",
}
RUNS = (
    *("eval", "exec", "compile", "__import__", "import_module", "exec_module", "entry.load"),
    *("pickle.load", "pickle.loads", "read_pickle", "yaml.load", "full_load", "unsafe_load"),
    *("torch.hub.load", "Popen", "system", "check_call", "check_output", "subprocess.run"),
)
"""Calls that run what they are given; with a dot the whole name, else its end, or a built-in."""
MAY_CALL = {
    ("backbones/custom_code.py", "pickle.loads"): "after `require`",
    ("training/process_group.py", "pickle.loads"): "from the first process of the same command",
    (
        "training/process_group.py",
        "subprocess.Popen",
    ): "of Python itself, as a follower",
    ("backbones/custom_code.py", "compile"): "of the bytes that were agreed to",
    ("backbones/custom_code.py", "loader.exec_module"): "of the same",
    ("backbones/custom_code.py", "importlib.import_module"): "after `require`",
    ("base/config_file.py", "yaml.load"): "with a SafeLoader of fewer types",
    ("artifacts/kinds.py", "import_module"): "of a fixed list",
    ("base/registry.py", "importlib.import_module"): "landbridge's own modules",
    ("base/registry.py", "entry.load"): "entry points of what is installed",
    ("base/threads.py", "importlib.import_module"): "of a fixed list",
    ("__init__.py", "importlib.import_module"): "of a fixed list",
    ("base/moved.py", "importlib.import_module"): "of a fixed list",
    ("isolation/process.py", "subprocess.Popen"): "of Python itself, on landbridge's own `serve`",
    ("isolation/serve.py", "importlib.import_module"): "what landbridge's own `isolated` named",
}
SAFELY = {
    "torch.load": ("weights_only", "True"),
    "np.load": ("allow_pickle", "False"),
    "numpy.load": ("allow_pickle", "False"),
    "keras.saving.load_model": ("safe_mode", "True"),
    **{
        f"{kind}.{how}": ("trust_remote_code", "False")
        for kind in ("AutoConfig", "AutoModel", "AutoTokenizer", "AutoFeatureExtractor")
        for how in ("from_pretrained", "from_config")
    },
    "kind.from_pretrained": ("trust_remote_code", "False"),
}
"""Calls that run nothing only with an option."""


_LOOKED_AT = (ast.Import, ast.ImportFrom, ast.Call, ast.keyword, ast.Dict)


@cache
def _nodes() -> list[tuple[str, ast.AST]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        found += [(file, node) for node in ast.walk(tree) if isinstance(node, _LOOKED_AT)]
    return found


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _calls() -> list[tuple[str, str, ast.Call]]:
    return [(file, _name(n.func), n) for file, n in _nodes() if isinstance(n, ast.Call)]


def test_no_file_imports_what_unpickles():
    met = set()
    for file, node in _nodes():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        met |= {(file, name.partition(".")[0]) for name in names}
    assert {pair for pair in met if pair[1] in PICKLES} == set(MAY_IMPORT)


def test_no_call_runs_what_it_reads():
    def runs(name: str) -> bool:
        if name in RUNS:
            return True
        last = name.rpartition(".")[2]
        return last in RUNS and last not in ("eval", "compile", "exec", "system")  # of networks

    assert {(file, name) for file, name, _ in _calls() if runs(name)} == set(MAY_CALL)


def test_calls_that_could_run_something_are_told_not_to():
    met = set()
    for file, name, call in _calls():
        if name not in SAFELY:
            continue
        met.add(name)
        option, value = SAFELY[name]
        given = {k.arg: ast.unparse(k.value) for k in call.keywords}
        # **known holds it where the same goes to two calls: see below
        assert given.get(option) == value or None in given, f"{file}:{call.lineno}: {name}"
    assert {"torch.load", "np.load", "keras.saving.load_model", "AutoModel.from_pretrained"} <= met


def test_remote_code_is_never_switched_on():
    values = []
    for _, node in _nodes():
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            values.append(ast.unparse(node.value))
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            values += [
                ast.unparse(value)
                for key, value in pairs
                if isinstance(key, ast.Constant) and key.value == "trust_remote_code"
            ]
    assert len(values) > 5
    assert set(values) == {"False"}
