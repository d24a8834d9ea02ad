"""A page as text: templates, style, and a policy under which it loads nothing.

A Content-Security-Policy forbids every request, and lets only the scripts run whose hashes are
named in it, so that text from a user can never become code.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from landbridge.base.shown import visible

from .blocks import Block
from .inline import soft

if TYPE_CHECKING:
    from .page import Page

_HERE = Path(__file__).parent
_UNITS = re.compile(r"(?<=\d) (?=%|(points|bytes|[kMG]B|min|s|h)\b)")
_HEAD_SCRIPT = (
    "try{var t=localStorage.getItem('landbridge-theme');"
    "if(t)document.documentElement.dataset.theme=t}catch(e){}"
)


def render(page: Page) -> str:
    """Return a page as one HTML text."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=_tied,
    )

    def show(block: Block | None) -> Markup:
        return Markup("") if block is None else Markup(getattr(macros, block.kind)(block))

    environment.filters["soft"] = soft
    environment.filters["tied"] = lambda text: Markup(_tied(str(Markup.escape(text))))
    environment.globals["show"] = show
    macros = environment.get_template("blocks.j2").module
    sections = [(one, [show(block) for block in one.blocks]) for one in page.sections]
    drawn = "".join(text for _, blocks in sections for text in blocks)
    scripts = ["app.js"]
    scripts += ["scatter.js"] if 'class="scatter"' in drawn else []
    scripts += ["recording.js"] if 'class="recording"' in drawn else []
    scripts += ["map.js"] if 'id="map-data"' in drawn else []
    texts = [_packed(file_text(name)) for name in scripts]
    allowed = " ".join(f"'{_hash(script)}'" for script in (_HEAD_SCRIPT, *texts))
    text = environment.get_template("page.html.j2").render(
        page=page,
        sections=sections,
        version=own_version(),
        style=Markup(_style()),
        head_script=Markup(_HEAD_SCRIPT),
        scripts=[Markup(script) for script in texts],
        policy="default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
        f"script-src {allowed}; base-uri 'none'; form-action 'none'",
    )
    # Names are in it: what would turn or hide letters is shown, as on a terminal.
    return visible(text)


def file_text(name: str) -> str:
    """Return a file that lies beside this one."""
    return (_HERE / name).read_text("utf-8")


def own_version() -> str:
    """Return Landbridge's version; "" where it is not installed."""
    try:
        return version("landbridge")
    except PackageNotFoundError:
        return ""


def _tied(text: object) -> object:
    """Keep a number and its unit in one line; what is HTML already is left alone."""
    return _UNITS.sub("\u00a0", text) if type(text) is str else text


def _packed(text: str) -> str:
    """Leave out what only our own eyes need: indents, and lines that are comments."""
    return re.sub(r"^(\s+|//.*\n|/\*.*\*/\n)+", "", text, flags=re.M)


def _style() -> str:
    """Return the style without spaces that say nothing."""
    return re.sub(r"\s*([{};,])\s*|(?<=:) ", r"\1", _packed(file_text("style.css")))


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
