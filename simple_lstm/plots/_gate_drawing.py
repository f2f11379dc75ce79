"""The pieces of the figures of an LSTM's inside: see `gates`, `cell_step` in plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import MaxNLocator

from simple_lstm.cell import Trace

# One color for each part, on every figure of the site (Okabe & Ito, 2008).
GATES = {
    "forget": "#D55E00",
    "input": "#0072B2",
    "candidate": "#009E73",
    "output": "#CC79A7",
    "cell": "#000000",
}
BELOW_ZERO, LINES = "#A66F00", "#555555"


def one_sample(
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


def check_index(where: str, what: str, index: int, size: int) -> None:
    if not 0 <= index < size:
        raise ValueError(
            f"{where}: there is no {what} {index}; choose one from 0 to {size - 1}."
        )


def sorted_units(cell: np.ndarray) -> list[int]:
    """Units in the order of their part in the first principal component."""
    centered = cell - cell.mean(axis=0)
    _, _, directions = np.linalg.svd(centered, full_matrices=False)
    return np.argsort(directions[0]).tolist()


def draw_input(ax: Axes, x: np.ndarray) -> None:
    """Up to three features as lines, more as a heat map."""
    if x.shape[1] <= 3:
        for number, feature in enumerate(x.T):
            line = ["-", "--", ":"][number]
            ax.plot(feature, line, color=LINES, label=f"feature {number}")
        if x.shape[1] > 1:
            ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    else:
        ax.imshow(x.T, cmap="Greys", aspect="auto", interpolation="nearest")
        ax.set_yticks([])
        ax.grid(visible=False)
    _name_panel(ax, "input")


def draw_units(ax: Axes, name: str, values: np.ndarray, units: list[int]) -> None:
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
    colors = ["white", GATES[name]] if is_gate else [BELOW_ZERO, "white", GATES[name]]
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


def label_steps(ax: Axes, labels: Sequence[str] | None, time_steps: int) -> None:
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


def draw_flow(ax: Axes, now: dict[str, float], before: float) -> None:
    """The belt of the cell state, from left to right, and the gates below it."""
    belt, gate = 2.9, 0.2
    kept, written = before * now["forget"], now["input"] * now["candidate"]
    shown = np.tanh(now["cell"])
    hidden = now["output"] * shown
    arrow = {"arrowstyle": "-|>", "color": LINES, "shrinkA": 0, "shrinkB": 0, "lw": 1.4}

    def connect(start, end, text=""):
        ax.annotate("", end, start, arrowprops=arrow)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        ax.annotate(text, middle, (0, 6), textcoords="offset points", ha="center")

    def box(place, name, value, color):
        style = {"boxstyle": "round,pad=0.45", "fc": "white", "ec": color, "lw": 2}
        text = f"{name}\n{value:.3f}"
        ax.text(place[0], place[1], text, ha="center", va="center", bbox=style)

    def circle(place, sign):
        ax.plot(*place, "o", ms=19, mfc="white", mec=LINES, mew=1.4)
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
    box((12.8, belt), "hidden\nstate", hidden, LINES)
    box((2.4, gate), "forget\ngate", now["forget"], GATES["forget"])
    box((4.3, gate), "input\ngate", now["input"], GATES["input"])
    box((6.3, gate), "candidate", now["candidate"], GATES["candidate"])
    box((10.8, gate), "output\ngate", now["output"], GATES["output"])
