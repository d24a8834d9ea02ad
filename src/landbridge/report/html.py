"""What all pages share: templates, style, and a policy under which they load nothing.

A Content-Security-Policy forbids every request, and lets only the scripts run whose hashes are
named in it, so that text from a user can never become code.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.shown import visible

_HERE = Path(__file__).parent
_HEAD_SCRIPT = (
    "try{var t=localStorage.getItem('landbridge-theme');"
    "if(t)document.documentElement.dataset.theme=t}catch(e){}"
)


def render(
    template: str,
    model: Mapping[str, Any],
    *,
    first: str = "verdict",
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> str:
    """Return a page as one HTML text.

    Parameters
    ----------
    template : str
        A file beside this one that extends ``shell.html.j2``.
    model : mapping
        What it shows.
    first : str, default "verdict"
        The id of the section that the mark leads to.
    styles : sequence of str
        Files beside this one, after ``style.css``.
    scripts : sequence of str
        Files beside this one that run after ``app.js``.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["count"] = fmt.count
    environment.filters["soft"] = _soft
    environment.globals["counted"] = fmt.counted
    texts = [file_text(name) for name in ("app.js", *scripts)]
    allowed = " ".join(f"'{_hash(script)}'" for script in (_HEAD_SCRIPT, *texts))
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'"
    )
    shared = {
        "version": own_version(),
        "first": first,
        "style": Markup("\n".join(map(file_text, ("style.css", *styles)))),
        "head_script": Markup(_HEAD_SCRIPT),
        "scripts": [Markup(script) for script in texts],
        "policy": policy,
    }
    # Names are in it: what would turn or hide letters is shown, as on a terminal.
    return visible(environment.get_template(template).render(**{**shared, **model}))


def file_text(name: str) -> str:
    """Return a file that lies beside this one."""
    return (_HERE / name).read_text("utf-8")


def own_version() -> str:
    """Return Landbridge's version; "" where it is not installed."""
    try:
        return version("landbridge")
    except PackageNotFoundError:
        return ""


def _soft(text: object) -> Markup:
    """Escape a name and let it break after its own signs rather than inside a word."""
    return Markup(re.sub(r"([+_/.])(?=.)", r"\1<wbr>", str(Markup.escape(text))))


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
