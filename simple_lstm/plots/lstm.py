"""The inside of an LSTM."""

from __future__ import annotations

from matplotlib.axes import Axes

from simple_lstm.plots._style import axes, figure, with_unit


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
