"""What may come next."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simple_lstm.plots._style import figure


@figure
def next_characters(
    chances: Mapping[str, pd.Series], *, most: int = 12, ax: Axes | None = None
) -> Axes:
    """Draw what may come next, in several ways to draw it.

    Parameters
    ----------
    chances : mapping of str to pandas.Series
        What ``characters.probabilities`` returned, each by the name it has in the
        legend.
    most : int
        How many characters are drawn: the likeliest of the first series.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        With a group of bars for each character, a bar for each series.

    Raises
    ------
    ValueError
        If there is no series.
    """
    if not chances:
        raise ValueError("plots.next_characters: there is no series to draw.")
    first = next(iter(chances.values()))
    shown = first.sort_values(ascending=False, kind="stable").index[:most].tolist()
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 3.4))
    width = 0.84 / len(chances)
    for number, (name, series) in enumerate(chances.items()):
        places = np.arange(len(shown)) + (number - (len(chances) - 1) / 2) * width
        ax.bar(places, series.reindex(shown, fill_value=0), width, label=name)
    names = [_name_of(character) for character in shown]
    ax.set_xticks(range(len(shown)), names)
    for label in ax.get_xticklabels():
        short = len(label.get_text()) == 1
        label.set(**({"family": "monospace"} if short else {"rotation": 35}))
    ax.grid(axis="x", visible=False)
    ax.set(title="What may come next", xlabel="next character", ylabel="probability")
    ax.legend()
    return ax


def _name_of(character: str) -> str:
    """What cannot be seen by its name or number, all else as it is."""
    names = {" ": "space", "\n": "new line", "\t": "tab"}
    seen = character if character.isprintable() else repr(character)[1:-1]
    return names.get(character, seen)
