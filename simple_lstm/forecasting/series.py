"""Evenly spaced numbers: read, filled, with a calendar, split in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simple_lstm.forecasting._reading import read_series as read_series
from simple_lstm.forecasting._time_index import check_sorted, following
from simple_lstm.forecasting._time_index import frequency as frequency


def fill_gaps(frame: pd.DataFrame, *, limit: int) -> pd.DataFrame:
    """Fill short gaps with the last value seen, and say how many.

    Only the past is used: a filled value never depends on a later row. In a gap of
    more than ``limit`` steps the first ``limit`` are filled; the others stay NaN, and
    `simple_lstm.forecasting.make_windows` drops the windows that touch them.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (rows, columns)
        Evenly spaced in time, gaps as NaN.
    limit : int
        How many steps a value may be carried on, at least 1.

    Returns
    -------
    pandas.DataFrame
        A filled copy of the same shape; ``frame`` itself is not changed.

    Raises
    ------
    ValueError
        If ``limit`` is below 1, or the times are unsorted, duplicate or uneven.

    Examples
    --------
    >>> import pandas as pd
    >>> from simple_lstm import forecasting
    >>> hours = pd.date_range("2024-01-01", periods=5, freq="h")
    >>> frame = pd.DataFrame({"sales": [3, None, None, None, 4]}, index=hours)
    >>> forecasting.fill_gaps(frame, limit=2)["sales"].tolist()
    fill_gaps: filled 2 of 3 missing values; 1 stays missing (longest gap: 3 steps).
    [3.0, 3.0, 3.0, nan, 4.0]
    """
    if limit < 1:
        raise ValueError(
            f"fill_gaps(limit={limit}): the limit must be at least 1 step."
        )
    if not isinstance(frame, pd.DataFrame):
        raise ValueError(
            f"fill_gaps: this is a {type(frame).__name__}; give a data frame, for "
            "example traffic[['vehicles']]."
        )
    frequency(frame.index)
    filled = frame.ffill(limit=limit)
    before, after = int(frame.isna().sum().sum()), int(filled.isna().sum().sum())
    message = f"fill_gaps: filled {before - after:,} of {before:,} missing values"
    if after:
        longest = max(_longest_gap(frame[name]) for name in frame)
        stay = "stays" if after == 1 else "stay"
        message += f"; {after:,} {stay} missing (longest gap: {longest:,} steps)"
    print(message + ".")
    return filled


def calendar_features(index: pd.DatetimeIndex, *, ahead: int = 0) -> pd.DataFrame:
    """The hour of the day and the day of the week, as numbers a model can use.

    Each cycle becomes a sine and a cosine, so that 23:00 lies next to 00:00 and
    Sunday next to Monday. All of it is known in advance for any future time. A
    cycle no longer than one time step is left out: daily rows have no hour.

    Parameters
    ----------
    index : pandas.DatetimeIndex, length rows
        Evenly spaced times.
    ahead : int
        Time steps after the last one that are wanted, too, to forecast beyond it.

    Returns
    -------
    pandas.DataFrame, shape (rows + ahead, 2 × cycles)
        Columns named ``day_sin``, ``day_cos`` (once round in a day), ``week_sin``,
        ``week_cos`` and ``year_sin``, ``year_cos``, each between -1 and 1.

    Raises
    ------
    ValueError
        If the times are unsorted, duplicate or uneven, or ``ahead`` is negative.

    Examples
    --------
    >>> import pandas as pd
    >>> from simple_lstm import forecasting
    >>> days = pd.date_range("2024-01-01", periods=7, freq="D")
    >>> list(forecasting.calendar_features(days))
    ['week_sin', 'week_cos', 'year_sin', 'year_cos']
    """
    if ahead < 0:
        raise ValueError(
            f"calendar_features(ahead={ahead}): must be 0 or more time steps."
        )
    step = frequency(index)
    index = index.union(following(index, ahead))
    hour = index.hour + index.minute / 60 + index.second / 3600
    position = {
        "day": (1, hour / 24),
        "week": (7, (index.day_of_week + hour / 24) / 7),
        # Business years begin on a Monday to Friday, up to two days earlier or later.
        "year": (360, (index.day_of_year - 1 + hour / 24) / 365.25),
    }
    first = index[0].tz_localize(None)  # a day of 23 hours is a day, too
    step_in_days = (first + step - first) / pd.Timedelta(days=1)
    waves = {"sin": np.sin, "cos": np.cos}
    return pd.DataFrame(
        {
            f"{cycle}_{wave}": waves[wave](2 * np.pi * turns)
            for cycle, (days, turns) in position.items()
            if step_in_days < days
            for wave in waves
        },
        index=index,
    )


@dataclass(frozen=True)
class Split:
    """Three spans of rows, in this order in time, without overlap.

    Attributes
    ----------
    train, validation, test : slice
        Positions of rows: ``frame.iloc[split.train]``, ``array[split.train]``.
    index : pandas.Index
        The index of the rows that were split.
    """

    train: slice
    validation: slice
    test: slice
    index: pd.Index

    def __repr__(self) -> str:
        lines = [f"Split of {len(self.index):,} rows in time"]
        for name in ("train", "validation", "test"):
            part = self.index[getattr(self, name)]
            lines.append(f"  {name:<10} {len(part):>7,} rows  {part[0]} to {part[-1]}")
        return "\n".join(lines)


def time_split(
    data: pd.DataFrame | pd.Series | np.ndarray,
    *,
    validation: float = 0.15,
    test: float = 0.15,
) -> Split:
    """Divide rows into train, validation and test, the oldest first.

    Nothing is shuffled: a model that is tested on days between its training days
    has seen the answers on both sides.

    Parameters
    ----------
    data : pandas.DataFrame, pandas.Series or numpy.ndarray
        Rows in the order of time.
    validation, test : float
        The part of all rows that each one takes, between 0 and 1.

    Returns
    -------
    Split
        Positions of rows, to be used as ``frame.iloc[split.train]`` or as the
        ``split`` of `make_windows`.

    Raises
    ------
    ValueError
        If the parts leave no row for one of the three, or times are unsorted or
        duplicate.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import forecasting
    >>> forecasting.time_split(np.arange(100))
    Split of 100 rows in time
      train           70 rows  0 to 69
      validation      15 rows  70 to 84
      test            15 rows  85 to 99
    """
    if not isinstance(data, pd.DataFrame | pd.Series):
        index: pd.Index = pd.RangeIndex(len(data))
    else:
        index = data.index
        check_sorted(index, place=lambda row: f"position {row}")
    rows = len(index)
    first_test = rows - round(rows * test)
    first_validation = first_test - round(rows * validation)
    if not 0 < first_validation < first_test < rows:
        raise ValueError(
            f"time_split: validation={validation} and test={test} of {rows:,} rows "
            "leave a part without rows. Each must be above 0, their sum below 1, and "
            "there must be enough rows."
        )
    return Split(
        slice(0, first_validation),
        slice(first_validation, first_test),
        slice(first_test, rows),
        index,
    )


def _longest_gap(series: pd.Series) -> int:
    missing = series.isna()
    return int(missing.groupby((~missing).cumsum()).sum().max())
