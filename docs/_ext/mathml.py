"""Equations as MathML, made while the site is built: no script, no fonts to load."""

from __future__ import annotations

import html

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number


def setup(app) -> dict:
    """Offer the renderer that ``html_math_renderer`` names in conf.py."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer, node: nodes.math) -> None:
    writer.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def _block(writer, node: nodes.math_block) -> None:
    """An equation of its own, which scrolls by itself where it is too wide."""
    name = f' id="{node["ids"][0]}"' if node["ids"] else ""
    writer.body.append(f'<div class="math" tabindex="0"{name}>')
    if node["number"]:
        number = get_node_equation_number(writer, node)
        writer.body.append(f'<span class="eqno">({number})</span>')
    writer.body.append(_mathml(node, as_block=True) + "</div>\n")
    raise nodes.SkipNode


def _mathml(node: nodes.Node, *, as_block: bool) -> str:
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        text = f"equation not understood: {error}: {node.astext()}"
        logging.getLogger(__name__).warning(text, location=node)
        return f"<code>{html.escape(node.astext())}</code>"
