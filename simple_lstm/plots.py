"""One function a figure. Each takes ``ax=None`` and returns the Axes, but for text.

``plt.style.use("simple_lstm.simple_lstm")`` gives the look of the gallery. The colors
can be told apart by color-blind readers (Okabe & Ito, 2008); ``GATES`` holds those of
the parts of an LSTM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import matplotlib.dates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from simple_lstm import _gate_drawing as drawing
from simple_lstm import _values
from simple_lstm._colored_text import ColoredSource as ColoredSource
from simple_lstm._colored_text import ColoredText as ColoredText
from simple_lstm._gate_drawing import GATES as GATES
from simple_lstm.evaluation import Scoreboard

if TYPE_CHECKING:
    import keras

    from simple_lstm.cell import Trace
    from simple_lstm.preprocessing import Windows
    from simple_lstm.training import History

PAST, TRUTH, MODEL, OTHER = "#555555", "#000000", "#0072B2", "#D55E00"
_P = ParamSpec("_P")


def _figure(draw: Callable[_P, Axes]) -> Callable[_P, Axes]:
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


@_figure
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
    ax = _axes(ax)
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
        ylabel=_with_unit(short.get(name, name), unit),
    )
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return ax


@_figure
def windows(
    windows: Windows,
    *,
    number: int = 0,
    known: str | None = None,
    unit: str = "",
    step: str = "time steps",
    ax: Axes | None = None,
) -> Axes:
    """Draw one window: what the model sees, and what it has to say.

    Parameters
    ----------
    windows : simple_lstm.preprocessing.Windows
        From which one is drawn.
    number : int
        Which one, counted from 0.
    known : str, optional
        A column known ahead to draw beside the targets.
    unit : str
        Unit of the target column.
    step : str
        What a time step is called, for example "hours".
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        With time steps on the x axis, 0 being the first one to forecast.
    """
    start = windows.starts[[number]]
    past = windows.inputs_at(start)[0, :, windows.target]
    ax = _axes(ax)
    ax.axvspan(-0.5, windows.horizon - 0.5, color=MODEL, alpha=0.08, lw=0)
    ax.plot(np.arange(-windows.lookback, 0), past, ".-", color=PAST, label="inputs")
    ahead = np.arange(windows.horizon)
    ax.plot(
        ahead,
        windows.targets_at(start)[0],
        ".-",
        color=MODEL,
        label="targets, to forecast",
    )
    if known is not None:
        column = windows.known_column(known)
        values = windows.known_at(start)
        assert values is not None  # or there were no such column
        ax.plot(ahead, values[0, :, column], "--", color=OTHER, label=f"known: {known}")
    ax.set(
        title=f"One window: {windows.lookback} {step} in, {windows.horizon} {step} out",
        xlabel=f"{step} from the start of the forecast",
        ylabel=_with_unit(windows.columns[windows.target], unit),
    )
    ax.legend()
    return ax


@_figure
def forecast(
    past: pd.Series,
    forecasts: Mapping[str, pd.Series],
    *,
    truth: pd.Series | None = None,
    interval: pd.DataFrame | None = None,
    unit: str = "",
    title: str = "Forecast",
    ax: Axes | None = None,
) -> Axes:
    """Draw forecasts after the past they start from, with the truth if it is known.

    Parameters
    ----------
    past : pandas.Series
        The last known values, with their times as index and a name.
    forecasts : mapping of str to pandas.Series
        Each forecast by the name it has in the legend, with its times as index.
    truth : pandas.Series, optional
        What came.
    interval : pandas.DataFrame, optional
        Drawn as an area from its first column to its last, whose names stand in the
        legend.
    unit : str
        Unit of all the values.
    title : str
        Title of the figure.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        With times on the x axis, in the time zone of the past.

    Raises
    ------
    ValueError
        If some of the times have a time zone and others have none.
    """
    zone = getattr(past.index, "tz", None)
    for name, values in {**forecasts, "truth": truth, "interval": interval}.items():
        other = zone if values is None else getattr(values.index, "tz", None)
        if (zone is None) != (other is None):
            raise ValueError(
                f"plots.forecast: the times of {name!r} have the zone {other}, those "
                f"of the past {zone}. Give both a zone, or none: "
                f"series.tz_localize({zone and str(zone)!r})."
            )
    ax = _axes(ax)
    ax.plot(past.index, past, color=PAST, label="past")
    if truth is not None:
        ax.plot(truth.index, truth, color=TRUTH, lw=2.4, label="truth")
    if interval is not None:
        first, last = interval.columns[[0, -1]]
        ax.fill_between(
            interval.index,
            interval[first],
            interval[last],
            color=MODEL,
            alpha=0.2,
            lw=0,
            label=f"{first} to {last}",
        )
    styles = [(MODEL, "-"), (OTHER, "--"), ("#009E73", ":"), ("#CC79A7", "-.")]
    for position, (name, values) in enumerate(forecasts.items()):
        color, line = styles[position % len(styles)]
        ax.plot(values.index, values, line, color=color, label=name)
    ax.set(title=title, xlabel="time", ylabel=_with_unit(str(past.name), unit))
    locator = matplotlib.dates.AutoDateLocator(zone, minticks=3, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator, zone))
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=4)
    return ax


@_figure
def scoreboard(board: Scoreboard, *, ax: Axes | None = None) -> Axes:
    """Draw a scoreboard as bars, the best one in color, the best baseline as a line.

    An error that is more than two and a half times that of the best baseline has its
    bar cut, and its score ends in an arrow, so that the others can be told apart.

    Parameters
    ----------
    board : simple_lstm.evaluation.Scoreboard
        With the baselines, and the models added to them.
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


@_figure
def confusion(
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    classes: Sequence[str],
    ax: Axes | None = None,
) -> Axes:
    """Draw which classes are taken for which, as counts and as parts of each row.

    Parameters
    ----------
    truth, prediction : array_like of int, shape (samples,)
        Labels, counted from 0.
    classes : sequence of str
        What the labels are called, in their order.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        A row for each true class, a column for each answer; the color is the part of
        its row.

    Raises
    ------
    ValueError
        If a label has no name, or there is not one prediction for each truth.
    """
    from sklearn.metrics import confusion_matrix

    true, said = (
        _numbered(what, values, classes)
        for what, values in {"truth": truth, "prediction": prediction}.items()
    )
    if len(true) != len(said):
        raise ValueError(
            f"plots.confusion: {len(true)} values of the truth, but {len(said)} of the "
            "prediction. Give one for each."
        )
    places = range(len(classes))
    counts = confusion_matrix(true, said, labels=places)
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if ax is None:
        side = 1.6 + 0.62 * len(classes)
        _, ax = plt.subplots(figsize=(side + 1.2, side))
    image = ax.imshow(parts, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        count, ink = counts[row, column], "wk"[int(parts[row, column] < 0.55)]
        ax.text(column, row, f"{count:,}", ha="center", va="center", color=ink)
    ax.set_xticks(places, classes)
    ax.set_yticks(places, classes)
    if len(classes) > 3:
        plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    ax.set(title="What is taken for what", xlabel="the model says", ylabel="truth")
    ax.grid(visible=False)
    assert ax.figure is not None
    ax.figure.colorbar(image, ax=ax, label="part of the row")
    return ax


def colored_text(
    words: Sequence[str] | Sequence[Sequence[str]],
    values: ArrayLike | Sequence[ArrayLike],
    *,
    limits: tuple[float, float] = (0.0, 1.0),
) -> ColoredText:
    """Show a number for each word of a text, in color and as digits under the word.

    Unlike the other functions here, this one returns no Axes but text: a notebook and
    the gallery show it in color, ``print`` without. What stands in the words is never
    taken for HTML.

    Parameters
    ----------
    words : sequence of str, or sequence of sequences of str
        The words of one text, or of several, each on a line of its own.
    values : array_like, or sequence of array_like
        A number for each word, for example the probability after it.
    limits : tuple of float
        Numbers at or below the first are orange, at or above the second blue, those
        half-way white.

    Returns
    -------
    simple_lstm.plots.ColoredText
        To be the last line of a cell, or to print.

    Raises
    ------
    ValueError
        If there is not one number for each word, a number is missing (NaN), or the
        limits are not in order.

    Examples
    --------
    >>> from simple_lstm import plots
    >>> plots.colored_text(["not", "bad"], [0.31, 0.64])
    not  bad
    0.31 0.64
    """
    if isinstance(words, str):
        raise ValueError("plots.colored_text: words is one text; give text.split().")
    if not limits[0] < limits[1]:
        raise ValueError(
            f"plots.colored_text(limits={limits}): the first must be the smaller one."
        )
    several = any(not isinstance(word, str) for word in words)
    texts: Any = words if several else [words]
    rows: Any = values if several else [values]
    if len(texts) != len(rows):
        raise ValueError(
            f"plots.colored_text: {len(texts)} texts but values for {len(rows)}."
        )
    lines = []
    for text, row in zip(texts, rows, strict=True):
        numbers = np.asarray(row, dtype=float)
        if numbers.shape != (len(text),):
            raise ValueError(
                f"plots.colored_text: {len(text)} words but values of shape "
                f"{numbers.shape}; give one number for each word."
            )
        if np.isnan(numbers).any():
            first = text[int(np.isnan(numbers).argmax())]
            raise ValueError(
                f"plots.colored_text: the number of {first!r} is missing (NaN)."
            )
        lines.append(list(zip(text, numbers.tolist(), strict=True)))
    return ColoredText(lines, limits)


def colored_source(
    text: str, values: ArrayLike, *, limits: tuple[float, float] = (-1.0, 1.0)
) -> ColoredSource:
    """Show a number for each character of a text by the color behind it.

    Line breaks and spaces stay as they are. Like `colored_text`, this returns no Axes
    but text: a notebook and the gallery show it in color, ``print`` writes marks of
    different height under each line. Nothing in the text is taken for HTML.

    Parameters
    ----------
    text : str
        For example the source code of a program.
    values : array_like, shape (characters,)
        A number for each character, for example the hidden state of one unit.
    limits : tuple of float
        Numbers at or below the first are orange, at or above the second blue, those
        half-way white.

    Returns
    -------
    simple_lstm.plots.ColoredSource
        To be the last line of a cell, or to print.

    Raises
    ------
    ValueError
        If there is not one number for each character, a number is missing (NaN), or the
        limits are not in order.

    References
    ----------
    Karpathy, A., Johnson, J., & Fei-Fei, L. (2015). Visualizing and understanding
    recurrent networks. https://arxiv.org/abs/1506.02078

    Examples
    --------
    >>> from simple_lstm import plots
    >>> plots.colored_source("f(x)", [-1, 1, 1, 0.2])
    f(x)
    ▁██▅
    """
    numbers = np.asarray(values, dtype=float)
    if not isinstance(text, str) or numbers.shape != (len(text),):
        what = f"{len(text)} characters" if isinstance(text, str) else type(text)
        raise ValueError(
            f"plots.colored_source: {what} but values of shape {numbers.shape}; give "
            "one text, and one number for each of its characters."
        )
    if not limits[0] < limits[1]:
        raise ValueError(
            f"plots.colored_source(limits={limits}): the first must be the smaller one."
        )
    if np.isnan(numbers).any():
        raise ValueError(
            f"plots.colored_source: {int(np.isnan(numbers).sum()):,} of the numbers "
            "are missing (NaN)."
        )
    return ColoredSource(text, numbers, limits)


@_figure
def next_characters(
    chances: Mapping[str, pd.Series], *, most: int = 12, ax: Axes | None = None
) -> Axes:
    """Draw what may come next, in several ways to draw it.

    Parameters
    ----------
    chances : mapping of str to pandas.Series
        From `simple_lstm.generation.probabilities`, each by the name it has in the
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


@_figure
def gates(
    trace: Trace,
    *,
    sample: int = 0,
    units: int | Sequence[int] | None = None,
    labels: Sequence | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what happens inside an LSTM while it reads one sequence.

    Time runs from left to right. On top stands what comes in, under it the forget gate,
    the input gate, the candidate, the output gate and the cell state. With one unit
    each is a line; with more each is a heat map, one row a unit. Rows have the same
    order in all of them: units whose cell states go together stand together. A gray
    ground marks steps that were masked.

    Parameters
    ----------
    trace : simple_lstm.cell.Trace
        From `simple_lstm.gates.trace` or `simple_lstm.cell.forward`.
    sample : int
        Which sequence, if the trace has several.
    units : int or sequence of int, optional
        Which units, in this order; all of them, sorted, if not given.
    labels : sequence, optional
        What to write at each time step: characters, words, hours. In the order in which
        the layer reads: reversed, if it goes backwards.
    ax : matplotlib.axes.Axes, optional
        Whose place to take; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        A frame without axes of its own. Its ``child_axes`` are the panels from top to
        bottom, followed by their color bars.

    Raises
    ------
    ValueError
        If there is not one label for each time step, or no such sample or unit, or
        ``units`` is empty.

    References
    ----------
    Karpathy, A., Johnson, J., & Fei-Fei, L. (2015). Visualizing and understanding
    recurrent networks. https://arxiv.org/abs/1506.02078
    """
    x, parts = drawing.one_sample("plots.gates", trace, sample)
    time_steps = len(x)
    labels = None if labels is None else list(map(str, labels))
    if labels is not None and len(labels) != time_steps:
        raise ValueError(
            f"plots.gates: {len(labels)} labels for {time_steps} time steps; give one "
            "for each."
        )
    if units is None:
        units = drawing.sorted_units(parts["cell"])
    units = [int(unit) for unit in np.atleast_1d(units)]
    if not units:
        raise ValueError("plots.gates: units is empty; name one, or leave it out.")
    for unit in units:
        drawing.check_index("plots.gates", "unit", unit, trace.weights.units)
    if ax is None:
        width = min(10, max(7, 0.16 * time_steps))
        _, ax = plt.subplots(figsize=(width, 3.6 + 0.3 * min(len(units), 12)))
    one = f"Unit {units[0]} of an LSTM" if len(units) == 1 else "Inside an LSTM"
    ax.set_title(one + ", one row a unit" * (len(units) > 1), pad=24)
    ax.axis("off")
    panels = [ax.inset_axes((0, 1 - (row + 0.86) / 6, 1, 0.86 / 6)) for row in range(6)]
    drawing.draw_input(panels[0], x)
    for panel, (name, values) in zip(panels[1:], parts.items(), strict=True):
        drawing.draw_units(panel, name, values[:, units], units)
    for panel in panels:
        panel.set_xlim(-0.5, time_steps - 0.5)
        drawing.label_steps(panel, labels, time_steps)
        panel.tick_params(axis="x", length=0, labelbottom=panel is panels[-1])
    panels[0].tick_params(axis="x", labeltop=True)
    panels[-1].set_xlabel("time step")
    return ax


@_figure
def cell_step(
    trace: Trace,
    step: int,
    *,
    unit: int = 0,
    sample: int = 0,
    ax: Axes | None = None,
) -> Axes:
    """Draw one time step of one unit as a flow, with the numbers it computes with.

    Parameters
    ----------
    trace : simple_lstm.cell.Trace
        From `simple_lstm.gates.trace` or `simple_lstm.cell.forward`.
    step : int
        Which time step, counted from 0 in the order in which the layer reads.
    unit : int
        Which unit, counted from 0.
    sample : int
        Which sequence, if the trace has several.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if not given.

    Returns
    -------
    matplotlib.axes.Axes
        Without ticks: places in it have no unit.

    Raises
    ------
    ValueError
        If there is no such step, unit or sample, or the step was masked.
    """
    x, parts = drawing.one_sample("plots.cell_step", trace, sample)
    drawing.check_index("plots.cell_step", "step", step, len(x))
    drawing.check_index("plots.cell_step", "unit", unit, trace.weights.units)
    now = {name: float(values[step, unit]) for name, values in parts.items()}
    if np.isnan(now["input"]):
        raise ValueError(f"plots.cell_step: step {step} was masked, so no gate acted.")
    first = trace.state[1] if trace.state[1].ndim == 1 else trace.state[1][sample]
    before = float(parts["cell"][step - 1, unit] if step else first[unit])
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 3.6))
    drawing.draw_flow(ax, now, before)
    ax.set(title=f"Time step {step}, unit {unit}", xlim=(-1, 13.7), ylim=(-0.9, 3.8))
    ax.axis("off")
    return ax


def _table(history: keras.callbacks.History) -> pd.DataFrame:
    table = pd.DataFrame(history.history)
    table.index = pd.RangeIndex(1, len(table) + 1, name="epoch")
    return table


def _numbered(what: str, values: ArrayLike, classes: Sequence[str]) -> np.ndarray:
    """Labels as numbers of classes, shape (samples,)."""
    what = f"plots.confusion: the values of {what}"
    labels, kind = _values.labels(what, values)
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


def _name_of(character: str) -> str:
    """What cannot be seen by its name or number, all else as it is."""
    names = {" ": "space", "\n": "new line", "\t": "tab"}
    seen = character if character.isprintable() else repr(character)[1:-1]
    return names.get(character, seen)


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots()[1] if ax is None else ax


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
