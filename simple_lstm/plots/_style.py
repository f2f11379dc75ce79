"""What all figures share: colors, axes, names, and how an index is checked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.text import Text

# Colors of Okabe & Ito (2008), which color-blind readers can tell apart.
PAST, TRUTH, MODEL, OTHER = "#555555", "#000000", "#0072B2", "#D55E00"
# One color for each part, on every figure of the site (Okabe & Ito, 2008).
GATES = {
    "forget": "#D55E00",
    "input": "#0072B2",
    "candidate": "#009E73",
    "output": "#CC79A7",
    "cell": "#000000",
}

_P = ParamSpec("_P")


def figure(draw: Callable[_P, Axes]) -> Callable[_P, Axes]:
    """Every text that a function writes stands as it is: a dollar is no formula.

    Told text by text, because the setting ``text.parse_math`` would also spoil the
    exponents of logarithmic axes.
    """

    @wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> Axes:
        given = kwargs.get("ax")
        before = {text: text.get_text() for text in _texts(given)}
        ax = draw(*args, **kwargs)
        for text in _texts(ax):
            if text.get_text() != before.get(text, ""):
                text.set_parse_math(False)
        return ax

    return drawn


def _texts(ax: Any) -> list[Text]:
    if ax is None:
        return []
    bars = [image.colorbar for image in ax.images if image.colorbar]
    return [
        text for one in [ax, *(bar.ax for bar in bars)] for text in one.findobj(Text)
    ]


def axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax


def with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name


def check_index(where: str, what: str, index: int, size: int) -> None:
    if not 0 <= index < size:
        raise ValueError(
            f"{where}: there is no {what} {index}; choose one from 0 to {size - 1}."
        )
