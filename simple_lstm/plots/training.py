"""What happened while a model was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from simple_lstm._protocols import History
from simple_lstm.plots._style import MODEL, OTHER, PAST, axes, figure, with_unit


@figure
def history(
    history: History, *, metric: str = "loss", unit: str = "", ax: Axes | None = None
) -> Axes:
    """Draw a metric over the epochs, for training and for validation data.

    Parameters
    ----------
    history : keras.callbacks.History
        What ``model.fit`` returned.
    metric : str
        A metric as Keras names it, without ``val_``.
    unit : str
        Unit of the metric.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        With one line for training and, if there is one, one for validation. A circle
        marks the epoch with the lowest validation loss, unless that is never a number.

    Raises
    ------
    ValueError
        If it is no history, or the metric was not recorded.
    """
    if not hasattr(history, "history"):
        raise ValueError(
            f"plots.history: history is a {type(history).__name__}; give what "
            "model.fit returned."
        )
    recorded = history.history
    if metric not in recorded:
        raise ValueError(
            f"plots.history(metric={metric!r}): recorded were "
            f"{', '.join(map(repr, recorded))}."
        )
    ax = axes(ax)
    epochs = np.arange(1, len(recorded[metric]) + 1)
    ax.plot(epochs, recorded[metric], "o-", color=PAST, ms=4, label="training")
    if f"val_{metric}" in recorded:
        values, losses = recorded[f"val_{metric}"], recorded["val_loss"]
        ax.plot(epochs, values, "o-", color=MODEL, ms=4, label="validation")
        if not np.isnan(losses).all():
            best = int(np.nanargmin(losses))
            circle: Any = {"ms": 11, "mfc": "none", "mec": OTHER, "mew": 2}
            name = "lowest validation loss"
            ax.plot(epochs[best], values[best], "o", label=name, **circle)
    name = metric.replace("_", " ")
    short = {"mae": "MAE", "mse": "MSE"}
    ax.set_title(f"{short.get(name, name.capitalize())} in each epoch")
    ax.set(xlabel="epoch", ylabel=with_unit(short.get(name, name), unit))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax
