"""Windows of a series, and forecasts of it."""

from __future__ import annotations

from matplotlib.axes import Axes

from simple_lstm.plots._style import axes, figure, with_unit


@figure
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
    ax = axes(ax)
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
        ylabel=with_unit(windows.columns[windows.target], unit),
    )
    ax.legend()
    return ax


@figure
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
    ax = axes(ax)
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
    ax.set(title=title, xlabel="time", ylabel=with_unit(str(past.name), unit))
    locator = matplotlib.dates.AutoDateLocator(zone, minticks=3, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator, zone))
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=4)
    return ax
