"""Mend the built HTML where themes and extensions leave readers out."""

from __future__ import annotations

from docutils import nodes


def setup(app) -> dict:
    """Work on each page as it is written."""
    app.connect("doctree-resolved", _name_thumbnails)
    app.connect("html-page-context", _focus_wide_blocks, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _name_thumbnails(app, doctree: nodes.document, docname: str) -> None:
    """Mark thumbnails as decoration: the link beside each carries the title."""
    for image in doctree.findall(nodes.image):
        if "sphx_glr" in image["uri"] and "thumb" in image["uri"]:
            image["alt"] = ""


def _focus_wide_blocks(app, pagename, templatename, context, doctree) -> None:
    """Let the keyboard reach what scrolls sideways: code, output, tables."""
    if "body" in context:
        context["body"] = context["body"].replace("<pre>", '<pre tabindex="0">')
