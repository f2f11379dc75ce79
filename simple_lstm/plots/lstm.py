"""The inside of an LSTM."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from simple_lstm.cell import Trace
from simple_lstm.plots._style import GATES, check_index, figure

_BELOW_ZERO, _LINES = "#A66F00", "#555555"


@figure
def gates(
    trace: Trace,
    *,
    sample: int = 0,
    units: int | Sequence[int] | None = None,
    labels: Sequence | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what happens inside an LSTM while it reads one sequence.

    Time runs from left to right. The input is on top; below it are the forget gate, the
    input gate, the candidate, the output gate and the cell state. With one unit each is
    a line; with more each is a heat map, one row a unit. Rows have the same order in
    all of them: units with similar cell states are neighbors. Masked steps are gray.

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
    x, parts = _one_sample("plots.gates", trace, sample)
    time_steps = len(x)
    written = None if labels is None else list(map(str, labels))
    if written is not None and len(written) != time_steps:
        raise ValueError(
            f"plots.gates: {len(written)} labels for {time_steps} time steps; give one "
            "for each."
        )
    shown = _chosen_units(units, parts["cell"])
    if ax is None:
        width = min(10, max(7, 0.16 * time_steps))
        _, ax = plt.subplots(figsize=(width, 3.6 + 0.3 * min(len(shown), 12)))
    one = f"Unit {shown[0]} of an LSTM" if len(shown) == 1 else "Inside an LSTM"
    ax.set_title(one + ", one row a unit" * (len(shown) > 1), pad=24)
    ax.axis("off")
    panels = [ax.inset_axes((0, 1 - (row + 0.86) / 6, 1, 0.86 / 6)) for row in range(6)]
    _draw_input(panels[0], x)
    for panel, (name, values) in zip(panels[1:], parts.items(), strict=True):
        _draw_units(panel, name, values[:, shown], shown)
    for panel in panels:
        panel.set_xlim(-0.5, time_steps - 0.5)
        _label_steps(panel, written, time_steps)
        panel.tick_params(axis="x", length=0, labelbottom=panel is panels[-1])
    panels[0].tick_params(axis="x", labeltop=True)
    panels[-1].set_xlabel("time step")
    return ax


@figure
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
    x, parts = _one_sample("plots.cell_step", trace, sample)
    check_index("plots.cell_step", "step", step, len(x))
    check_index("plots.cell_step", "unit", unit, trace.weights.units)
    now = {name: float(values[step, unit]) for name, values in parts.items()}
    if np.isnan(now["input"]):
        raise ValueError(f"plots.cell_step: step {step} was masked, so no gate acted.")
    first = trace.state[1] if trace.state[1].ndim == 1 else trace.state[1][sample]
    before = float(parts["cell"][step - 1, unit] if step else first[unit])
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 3.6))
    _draw_flow(ax, now, before)
    ax.set(title=f"Time step {step}, unit {unit}", xlim=(-1, 13.7), ylim=(-0.9, 3.8))
    ax.axis("off")
    return ax


def _one_sample(
    where: str, trace: Trace, sample: int
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Input (time_steps, features) and parts (time_steps, units) of one sequence."""
    if not isinstance(trace, Trace):
        raise ValueError(
            f"{where}: trace is a {type(trace).__name__}; give what gates.trace or "
            "cell.forward returned."
        )
    names = {
        "forget": trace.forget,
        "input": trace.input,
        "candidate": trace.candidate,
        "output": trace.output,
        "cell": trace.cell,
    }
    samples = len(trace.x) if trace.x.ndim == 3 else 1
    check_index(where, "sample", sample, samples)
    if trace.x.ndim == 2:
        return trace.x, names
    return trace.x[sample], {name: part[sample] for name, part in names.items()}


def _chosen_units(units: int | Sequence[int] | None, cell: np.ndarray) -> list[int]:
    """Numbers of the units to draw; all of them, sorted, if none are named."""
    if units is None:
        return _sorted_units(cell)
    chosen = [int(unit) for unit in np.atleast_1d(units)]
    if not chosen:
        raise ValueError("plots.gates: units is empty; name one, or leave it out.")
    for unit in chosen:
        check_index("plots.gates", "unit", unit, cell.shape[-1])
    return chosen


def _sorted_units(cell: np.ndarray) -> list[int]:
    """Units in the order of their part in the first principal component."""
    centered = cell - cell.mean(axis=0)
    _, _, directions = np.linalg.svd(centered, full_matrices=False)
    return np.argsort(directions[0]).tolist()


def _draw_input(ax: Axes, x: np.ndarray) -> None:
    """Up to three features as lines, more as a heat map."""
    if x.shape[1] <= 3:
        for number, feature in enumerate(x.T):
            line = ["-", "--", ":"][number]
            ax.plot(feature, line, color=_LINES, label=f"feature {number}")
        if x.shape[1] > 1:
            ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    else:
        ax.imshow(x.T, cmap="Greys", aspect="auto", interpolation="nearest")
        ax.set_yticks([])
        ax.grid(visible=False)
    _name_panel(ax, "input")


def _draw_units(ax: Axes, name: str, values: np.ndarray, units: list[int]) -> None:
    """One unit as a line, several as a heat map with its color bar."""
    is_gate = name in ("forget", "input", "output")
    _name_panel(ax, {"cell": "cell state"}.get(name, name + " gate" * is_gate))
    limit = 1.0 if name != "cell" else float(np.abs(values).max()) or 1.0
    low = 0.0 if is_gate else -limit
    if len(units) == 1:
        ax.plot(values[:, 0], ".-", color=GATES[name])
        for step in np.flatnonzero(np.isnan(values[:, 0])):
            ax.axvspan(step - 0.5, step + 0.5, color="0.8", lw=0)
        ax.fill_between(range(len(values)), values[:, 0], color=GATES[name], alpha=0.2)
        ax.set(ylim=(low - 0.08 * limit, 1.08 * limit))
        return
    colors = ["white", GATES[name]] if is_gate else [_BELOW_ZERO, "white", GATES[name]]
    image = ax.imshow(
        values.T,
        cmap=LinearSegmentedColormap.from_list(name, colors).with_extremes(bad="0.8"),
        vmin=low,
        vmax=limit,
        aspect="auto",
        interpolation="nearest",
    )
    ax.grid(visible=False)
    few = len(units) <= 8
    ax.set_yticks(range(len(units)) if few else [], map(str, units) if few else [])
    ax.tick_params(axis="y", labelsize=7, length=0)
    bar = ax.inset_axes((1.01, 0, 0.012, 1))
    ax.figure.colorbar(image, cax=bar, ticks=[low, limit], format="%.3g")
    bar.tick_params(labelsize=8, length=2)


def _name_panel(ax: Axes, name: str) -> None:
    ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=10, labelpad=12)


def _label_steps(ax: Axes, labels: Sequence[str] | None, time_steps: int) -> None:
    if labels is None:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        return
    short = max(map(len, labels)) == 1
    every = 1 if short else -(-time_steps // 40)
    places = range(0, time_steps, every)
    ax.set_xticks(places, [labels[place] for place in places])
    if short:
        ax.tick_params(axis="x", labelfontfamily="monospace")
    elif max(map(len, labels)) * time_steps > 80:
        ax.tick_params(axis="x", labelrotation=60)


def _draw_flow(ax: Axes, now: dict[str, float], before: float) -> None:
    """The belt of the cell state, from left to right, and the gates below it."""
    belt, gate = 2.9, 0.2
    kept, written = before * now["forget"], now["input"] * now["candidate"]
    shown = np.tanh(now["cell"])
    hidden = now["output"] * shown
    arrow = {
        "arrowstyle": "-|>",
        "color": _LINES,
        "shrinkA": 0,
        "shrinkB": 0,
        "lw": 1.4,
    }

    def connect(start, end, text=""):
        ax.annotate("", end, start, arrowprops=arrow)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        ax.annotate(text, middle, (0, 6), textcoords="offset points", ha="center")

    def box(place, name, value, color):
        style = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": color, "lw": 2}
        text = f"{name}\n{value:.3f}"
        ax.text(place[0], place[1], text, ha="center", va="center", bbox=style)

    def circle(place, sign):
        ax.plot(*place, "o", ms=19, mfc="white", mec=_LINES, mew=1.4)
        ax.text(place[0], place[1], sign, ha="center", va="center", fontsize=13)

    connect((0, belt), (2.1, belt))
    connect((2.7, belt), (4.9, belt), f"{kept:.3f}")
    connect((5.5, belt), (7.1, belt))
    connect((8.7, belt), (10.5, belt), f"  tanh\n{shown:.3f}")
    connect((11.1, belt), (12.1, belt))
    connect((2.4, gate), (2.4, belt - 0.34))
    connect((4.5, gate), (5.05, 1.4))
    connect((6.1, gate), (5.4, 1.4))
    connect((5.2, 1.95), (5.2, belt - 0.34))
    ax.text(5.35, 2.2, f"{written:.3f}", va="center")
    connect((10.8, gate), (10.8, belt - 0.34))
    circle((2.4, belt), "×")
    circle((5.2, belt), "+")
    circle((5.2, 1.65), "×")
    circle((10.8, belt), "×")
    box((0, belt), "cell state\nbefore", before, GATES["cell"])
    box((8, belt), "cell state\nafter", now["cell"], GATES["cell"])
    box((12.8, belt), "hidden\nstate", hidden, _LINES)
    box((2.4, gate), "forget\ngate", now["forget"], GATES["forget"])
    box((4.3, gate), "input\ngate", now["input"], GATES["input"])
    box((6.3, gate), "candidate", now["candidate"], GATES["candidate"])
    box((10.8, gate), "output\ngate", now["output"], GATES["output"])
