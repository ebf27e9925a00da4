"""An exam as a page: of itself alone, without a script, and nothing is fetched for it from anywhere."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template

_PAGES = Path(__file__).parent


def render(exam: Any) -> tuple[str, dict[str, str]]:
    """The page for an `api.exams.ExamDetail`, and the headers that it is sent with."""
    template, style, policy = _prepared()
    return template.render(exam=exam, style=style), {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
    }


@cache
def _prepared() -> "tuple[Template, Any, str]":
    # Not above: a server that nobody asks for a page need not have it in memory.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    pages = Environment(
        loader=FileSystemLoader(_PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (_PAGES / "exam.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return pages.get_template("exam.html"), Markup(style), policy  # noqa: S704 - our own file
