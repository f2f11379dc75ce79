"""What happened while a model was trained."""

from __future__ import annotations

from matplotlib.axes import Axes

from simple_lstm.plots._style import axes, figure, with_unit


@figure
def history(
    history: History | keras.callbacks.History,
    *,
    metric: str = "loss",
    unit: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric over the epochs, for training and for validation data.

    Parameters
    ----------
    history : simple_lstm.training.History or keras.callbacks.History
        What `simple_lstm.training.fit` or ``model.fit`` returned.
    metric : str
        A metric as Keras names it, without ``val_``.
    unit : str
        Unit of the metric.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        With one line for training and, if there is one, one for validation.

    Raises
    ------
    ValueError
        If the metric was not recorded.
    """
    table = history.table if hasattr(history, "table") else _table(history)
    if metric not in table:
        raise ValueError(
            f"plots.history(metric={metric!r}): recorded were "
            f"{', '.join(map(repr, table.columns))}."
        )
    ax = axes(ax)
    ax.plot(table.index, table[metric], "o-", color=PAST, ms=4, label="training")
    if f"val_{metric}" in table:
        validation = table[f"val_{metric}"]
        ax.plot(table.index, validation, "o-", color=MODEL, ms=4, label="validation")
        best = table.index[int(table["val_loss"].argmin())]
        ax.plot(
            best,
            validation[best],
            "o",
            ms=11,
            mfc="none",
            mec=OTHER,
            mew=2,
            label="lowest validation loss",
        )
    name = metric.replace("_", " ")
    short = {"mae": "MAE", "mse": "MSE"}
    ax.set(
        title=f"{short.get(name, name.capitalize())} in each epoch",
        xlabel="epoch",
        ylabel=with_unit(short.get(name, name), unit),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


def _table(history: keras.callbacks.History) -> pd.DataFrame:
    table = pd.DataFrame(history.history)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    return table
