"""How good models are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from simple_lstm import _compared_values
from simple_lstm.evaluation import Scoreboard
from simple_lstm.plots._style import MODEL, OTHER, figure


@figure
def scoreboard(board: Scoreboard, *, ax: Axes | None = None) -> Axes:
    """Draw a scoreboard as bars, the best one in color, the best baseline as a line.

    An error that is more than two and a half times that of the best baseline has its
    bar cut, and its score ends in an arrow, so that the others can be told apart.

    Parameters
    ----------
    board : simple_lstm.evaluation.Scoreboard
        Of baselines and models.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        With one bar for each row, in their order from the top.
    """
    names, scores = list(board.scores), list(board.scores.values())
    baseline = scores[names.index(board.best_baseline)]
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 0.45 * len(names) + 1.2))
    colors = [MODEL if name == board.best else "#b9bec4" for name in names]
    end = max(scores)
    if board.metric != "accuracy" and baseline:
        end = min(end, 2.5 * baseline)
    places = range(len(names))
    bars = ax.barh(places, np.minimum(scores, end), color=colors)
    ax.set_yticks(places, names)
    labels = [board.format(score) + (" →" if score > end else "") for score in scores]
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    ax.bar_label(bars, labels, padding=5, bbox=white)
    line = ax.axvline(baseline, color=OTHER, ls="--", zorder=0)
    ax.invert_yaxis()
    ax.margins(x=0.2)
    ax.grid(axis="y", visible=False)
    better = "higher" if board.metric == "accuracy" else "lower"
    metric = f"{board.metric[0].upper()}{board.metric[1:]}"
    ax.set_title(f"{metric} on the test data", pad=26)
    ax.set_xlabel(f"{board.heading}, {better} is better")
    # Between title and bars, where there is room for a name of any length.
    place: Any = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderpad": 0.2}
    ax.legend([line], [f"best baseline: {board.best_baseline}"], **place)
    return ax


@figure
def confusion(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    classes: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Draw a confusion matrix: how often each class is predicted for each true class.

    Parameters
    ----------
    y_true, y_pred : array_like of int, shape (samples,)
        True and predicted labels, counted from 0.
    classes : sequence of str
        What the labels are called, in their order.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each true class, a column for each predicted class, with the counts.
        Colors show which share of its true class a count is.

    Raises
    ------
    ValueError
        If a label has no name, or there is not one prediction for each true label.
    """
    from sklearn.metrics import confusion_matrix

    true = _numbered("y_true", y_true, classes)
    predicted = _numbered("y_pred", y_pred, classes)
    if len(true) != len(predicted):
        raise ValueError(
            f"plots.confusion: {len(true)} values of y_true, but {len(predicted)} of "
            "y_pred. Give one for each."
        )
    places = range(len(classes))
    counts = confusion_matrix(true, predicted, labels=places)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if ax is None:
        side = 1.6 + 0.62 * len(classes)
        _, ax = plt.subplots(figsize=(side + 1.2, side))
    image = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        # Black or white, whichever has the better contrast.
        ink = "black" if shares[row, column] < 0.715 else "white"
        ax.text(column, row, f"{count:,}", ha="center", va="center", color=ink)
    ax.set_xticks(places, classes)
    ax.set_yticks(places, classes)
    if len(classes) > 3:
        plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    ax.set(title="Confusion matrix", xlabel="predicted class", ylabel="true class")
    ax.grid(visible=False)
    assert ax.figure is not None
    ax.figure.colorbar(image, ax=ax, label="share of the true class")
    return ax


def _numbered(what: str, values: ArrayLike, classes: Sequence[str]) -> np.ndarray:
    """Labels as numbers of classes, shape (samples,)."""
    what = f"plots.confusion: the values of {what}"
    labels, kind = _compared_values.labels(what, values)
    if kind == "text":
        raise ValueError(
            f"{what} are text; expected numbers from 0, the places in classes. Give "
            "[classes.index(text) for text in values]."
        )
    if labels.ndim != 1:
        raise ValueError(
            f"{what} have shape {labels.shape}; expected (samples,). Give np.ravel of "
            "them, if there is one label for each sample."
        )
    unnamed = [one for one in labels.tolist() if not 0 <= one < len(classes)]
    if unnamed:
        raise ValueError(
            f"{what}: the label {unnamed[0]} has no name among the {len(classes)} "
            "classes; labels are the integers from 0. Name more classes."
        )
    return labels.astype(int)
