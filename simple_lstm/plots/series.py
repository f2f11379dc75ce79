"""Windows of a series, and forecasts of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from simple_lstm._protocols import Windows
from simple_lstm.plots._style import (
    MODEL,
    OTHER,
    PAST,
    TRUTH,
    axes,
    check_index,
    figure,
    with_unit,
)


@figure
def windows(
    windows: Windows,
    *,
    number: int = 0,
    covariate: str | None = None,
    unit: str = "",
    step: str = "time steps",
    ax: Axes | None = None,
) -> Axes:
    """Draw one window: what the model sees, and what it has to forecast.

    Parameters
    ----------
    windows : simple_lstm.forecasting.Windows
        What ``forecasting.make_windows`` returned.
    number : int
        Which window, counted from 0.
    covariate : str, optional
        A column of the future covariates to draw beside the targets.
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

    Raises
    ------
    ValueError
        If there is no such window or covariate.
    """
    check_index("plots.windows", "window", number, len(windows.origins))
    origin = windows.origins[[number]]
    past = windows.past_at(origin)[0, :, windows.target]  # (lookback,)
    ahead = np.arange(windows.horizon)
    targets = windows.targets_at(origin)[0]  # (horizon,)
    ax = axes(ax)
    ax.axvspan(-0.5, windows.horizon - 0.5, color=MODEL, alpha=0.08, lw=0)
    ax.plot(np.arange(-windows.lookback, 0), past, ".-", color=PAST, label="past")
    ax.plot(ahead, targets, ".-", color=MODEL, label="targets, to forecast")
    if covariate is not None:
        column = windows.future_column(covariate)
        future = windows.future_at(origin)
        assert future is not None  # or there were no such column
        name = f"known in advance: {covariate}"
        ax.plot(ahead, future[0, :, column], "--", color=OTHER, label=name)
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
    y_true: pd.Series | None = None,
    interval: pd.DataFrame | None = None,
    unit: str = "",
    title: str = "Forecast",
    ax: Axes | None = None,
) -> Axes:
    """Draw forecasts after the past they start from, with what came if it is known.

    Parameters
    ----------
    past : pandas.Series
        The last known values, with their times as index and a name.
    forecasts : mapping of str to pandas.Series
        Each forecast by the name it has in the legend, with its times as index.
    y_true : pandas.Series, optional
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
    given = [*forecasts.items(), ("y_true", y_true), ("interval", interval)]
    _check_zones(zone, [(name, one) for name, one in given if one is not None])
    ax = axes(ax)
    ax.plot(past.index, past, color=PAST, label="past")
    if y_true is not None:
        ax.plot(y_true.index, y_true, color=TRUTH, lw=2.4, label="truth")
    if interval is not None:
        first, last = interval.columns[[0, -1]]
        ends = interval[first], interval[last]
        area: Any = {
            "color": MODEL,
            "alpha": 0.2,
            "lw": 0,
            "label": f"{first} to {last}",
        }
        ax.fill_between(interval.index, *ends, **area)
    styles = [(MODEL, "-"), (OTHER, "--"), ("#009E73", ":"), ("#CC79A7", "-.")]
    for position, (name, values) in enumerate(forecasts.items()):
        color, line = styles[position % len(styles)]
        ax.plot(values.index, values, line, color=color, label=name)
    ax.set(title=title, xlabel="time", ylabel=with_unit(str(past.name), unit))
    locator = AutoDateLocator(zone, minticks=3, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, zone))
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=4)
    return ax


def _check_zones(
    zone: tzinfo | None, given: list[tuple[str, pd.Series | pd.DataFrame]]
) -> None:
    """Refuse times without a zone beside times that have one."""
    for name, values in given:
        other = getattr(values.index, "tz", None)
        if (zone is None) != (other is None):
            raise ValueError(
                f"plots.forecast: the times of {name!r} have the zone {other}, those "
                f"of the past {zone}. Give both a zone, or none: "
                f"series.tz_localize({zone and str(zone)!r})."
            )
