"""Puts the report together: one HTML file with its data, charts, tables, figures and words.

Usage: imported by build_report.py; nothing to run.

Whatever comes from data is text: the template escapes it, and JSON in the page has no character
that could end its block. A Content-Security-Policy allows the page's own scripts by their hash and
no network at all. The same marts give the same bytes.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

ASSETS = Path(__file__).resolve().parent / "report"
SCRIPTS = (
    "format.js", "statistics.js", "cubes.js", "compute.js", "headlines.js", "state.js",
    "tables.js", "figures.js", "charts.js", "tiles.js", "main.js",
)  # fmt: skip
# What could end a script element, start a tag or an entity, or break a line of JavaScript
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def safe_json(value: Any) -> Markup:
    """JSON that stays data wherever it stands in a page."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    for character, escaped in UNSAFE.items():
        text = text.replace(character, escaped)
    return Markup(text)


def packed(content: bytes) -> Markup:
    """Compressed bytes as text; the same bytes on every run."""
    return Markup(base64.b64encode(gzip.compress(content, 9, mtime=0)).decode())


def library() -> bytes:
    """The chart library from its package, as one script without imports."""
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").encode()


def script() -> str:
    """The page's own scripts as one."""
    parts = [(ASSETS / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return "(() => {\n'use strict';\n" + "\n".join(parts) + "\n})();"


def hashed(text: str) -> str:
    """The source expression of an inline script or style."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """A policy under which the page runs its own code and can reach nothing."""
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(hashed(text) for text in scripts)}",
            f"style-src {' '.join(hashed(text) for text in styles)}",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def render(content: dict[str, Any], page: dict[str, Any], cube_bytes: bytes) -> str:
    """The page; `content` is what the template words, `page` what the scripts read."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (ASSETS / "style.css").read_text(encoding="utf-8")
    code, chart_library = script(), library()
    return environment.get_template("page.html.j2").render(
        **content,
        policy=policy([code, chart_library.decode()], [style]),
        style=Markup(style),
        script=Markup(code),
        library=packed(chart_library),
        page_data=safe_json(page),
        cube_data=packed(cube_bytes),
    )
