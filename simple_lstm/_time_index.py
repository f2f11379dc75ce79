"""What makes times usable: sorted, each once, evenly spaced."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset


def frequency(index: pd.Index) -> pd.offsets.BaseOffset:
    """The time step of evenly spaced times, or an error that says what is wrong.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        At least three times, sorted, each once, evenly spaced (months and other
        calendar steps count as even).

    Returns
    -------
    pandas.offsets.BaseOffset
        One step: ``index[-1] + step`` is the time of the next row.

    Raises
    ------
    ValueError
        If the index holds no times, or times that are unsorted, doubled, uneven or
        fewer than three.

    Examples
    --------
    >>> import pandas as pd
    >>> from simple_lstm import preprocessing
    >>> preprocessing.frequency(pd.date_range("2024-01-01", periods=9, freq="h"))
    <Hour>
    """
    if not isinstance(index, pd.DatetimeIndex):
        raise ValueError(
            f"the index holds {index.dtype} values, not times. Set a time column as "
            "index: frame.set_index(pd.to_datetime(frame['time']))."
        )
    check_sorted(index, place=lambda row: f"position {row}")
    if index.freq is not None:
        return index.freq
    if len(index) < 3:
        raise ValueError(
            f"{len(index)} rows are too few to know the time step; give at least 3."
        )
    for step in _possible_steps(index):
        if pd.date_range(index[0], periods=len(index), freq=step).equals(index):
            return step
    raise ValueError(_describe_uneven(index))


def check_sorted(index: pd.Index, place: Callable[[int], str]) -> None:
    """Raise if times go back or stand twice; `place` words a position."""
    if index.hasnans:
        raise ValueError("some times are missing (NaT). Remove those rows.")
    if index.is_monotonic_increasing and index.is_unique:
        return
    if not index.is_monotonic_increasing:
        row = int(np.argmax(index[1:] < index[:-1])) + 1
        raise ValueError(
            f"the times are not sorted: {index[row]} ({place(row)}) comes after "
            f"{index[row - 1]}. Sort them first: frame.sort_index()."
        )
    row = int(index.duplicated().argmax())
    raise ValueError(
        f"{int(index.duplicated().sum()):,} times stand more than once, first "
        f"{index[row]} ({place(row)}). Keep one row for each time: "
        "frame[~frame.index.duplicated()]."
    )


def every_step(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Sorted times and those missing between them, or an error if they are uneven."""
    tries = [
        pd.date_range(index[0], index[-1], freq=step, name=index.name)
        for step in _possible_steps(index)
        # One odd time makes a tiny step or a huge gap: nearly all rows would be new.
        if (index[-1] - index[0]) / (index[0] + step - index[0]) < 10 * len(index)
    ]
    whole = [times for times in tries if index.isin(times).all()]
    if not whole:
        raise ValueError(_describe_uneven(index))
    return min(whole, key=len)


def _possible_steps(index: pd.DatetimeIndex) -> list[pd.offsets.BaseOffset]:
    """The most common difference and the steps of the calendar, likely ones first."""
    day = pd.Timedelta(days=1)
    usual = pd.Timedelta(pd.Series(index).diff().mode()[0])
    fixed = to_offset(usual if usual % day else f"{usual.days}D")
    if usual == day:
        return [fixed, to_offset("B")]
    if usual < 28 * day:
        return [fixed]
    month = index[0].month_name()[:3].upper()  # quarters and years may begin anywhere
    calendar_steps = ["MS", "ME", f"QS-{month}", f"QE-{month}"]
    calendar_steps += [f"YS-{month}", f"YE-{month}"]
    # Two common years are 365 days apart, but a year is not always.
    return [*map(to_offset, calendar_steps), fixed]


def _describe_uneven(index: pd.DatetimeIndex) -> str:
    """What is wrong if none of the possible steps fits: an odd one, or the longest."""
    steps = pd.Series(index).diff()
    usual = steps.mode()[0]
    odd = index.diff() % usual > pd.Timedelta(0)
    row = int(odd.argmax() if odd.any() else steps.argmax())
    return (
        f"the times are not evenly spaced: the usual step is {usual}, but {index[row]} "
        f"comes {steps[row]} after {index[row - 1]}. Bring them to even steps first: "
        'frame.resample("h").mean() for hours, "D" for days, "MS" for months; '
        'frame.asfreq("B") keeps the working days.'
    )
