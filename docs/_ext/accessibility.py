"""Mend the built HTML where themes and extensions leave readers out."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes

_REPAIRS = {
    # What scrolls sideways can be reached with the keyboard.
    "<pre>": '<pre tabindex="0">',
    # A heading has a level, and each of two landmarks of a kind its name.
    'class="caption" role="heading">': 'class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="Page">',
    # Every page has a title.
    '\n<div id="search-results">': '\n<h1>Search</h1><div id="search-results">',
}


def setup(app) -> dict:
    """Name thumbnails as pages are made, repair the rest when all are written."""
    app.connect("doctree-resolved", _name_thumbnails)
    app.connect("build-finished", _repair)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _name_thumbnails(app, doctree: nodes.document, docname: str) -> None:
    """Mark thumbnails as decoration: the link beside each carries the title."""
    for image in doctree.findall(nodes.image):
        if "sphx_glr" in image["uri"] and "thumb" in image["uri"]:
            image["alt"] = ""


def _repair(app, exception) -> None:
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = mended = page.read_text(encoding="utf-8")
        for flaw, remedy in _REPAIRS.items():
            mended = mended.replace(flaw, remedy)
        if mended != text:
            page.write_text(mended, encoding="utf-8")
