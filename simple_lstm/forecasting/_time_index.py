"""What makes times usable: sorted, each once, evenly spaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset

_DAY = pd.Timedelta(days=1)


def frequency(index: pd.Index) -> pd.offsets.BaseOffset:
    """The time step of evenly spaced times, or an error that says what is wrong.

    Parameters
    ----------
    index : pandas.DatetimeIndex
        At least three times, sorted, each once, evenly spaced (months, business days
        and other calendar steps count as even). If its ``freq`` is set, that is the
        step.

    Returns
    -------
    pandas.offsets.BaseOffset
        One step, as `pandas.date_range` takes it to go on after the last row.

    Raises
    ------
    ValueError
        If the index holds no times, or times that are unsorted, duplicate, uneven or
        fewer than three, or that fit two steps: Monday to Friday may be days or
        business days.

    Examples
    --------
    >>> import pandas as pd
    >>> from simple_lstm import forecasting
    >>> forecasting.frequency(pd.date_range("2024-01-01", periods=9, freq="h"))
    <Hour>
    """
    if not isinstance(index, pd.DatetimeIndex):
        raise ValueError(_describe_no_times(index))
    check_sorted(index, place=lambda row: f"position {row}")
    if index.freq is not None and len(index):
        return index.freq
    if len(index) < 3:
        raise ValueError(
            f"{len(index)} rows are too few to know the time step; give at least 3."
        )
    rows = _steps(index)
    step = _only_step(index, rows)
    if rows[step] > len(index):
        raise ValueError(
            f"{_describe_uneven(index)} {rows[step] - len(index):,} rows are missing: "
            f'frame.asfreq("{step.freqstr}") adds them as NaN.'
        )
    return step


def following(index: pd.Index, ahead: int) -> pd.DatetimeIndex:
    """The next times after the last row."""
    step, last, rows = frequency(index), index[-1], ahead + 1
    if last.tz is not None and not _is_fixed(step):
        local = pd.date_range(last.tz_localize(None), periods=rows, freq=step)
        if local.tz_localize(last.tz, nonexistent="NaT", ambiguous="NaT").hasnans:
            raise ValueError(
                f"one of the {ahead} times after {last} does not exist in {last.tz}, "
                "or exists twice, because clocks are changed. Leave the zone out: "
                "frame.tz_localize(None)."
            )
    times = pd.date_range(
        last, periods=rows, freq=step, unit=last.unit, name=index.name
    )
    return times[1:]


def check_sorted(index: pd.Index, place: Callable[[int], str]) -> None:
    """Raise if times go back or stand twice; `place` words a position."""
    if isinstance(index, pd.MultiIndex):
        raise ValueError(_describe_no_times(index))
    if index.hasnans:
        row = int(index.isna().argmax())
        raise ValueError(
            f"some times are missing (NaT), first at {place(row)}. Write them, or "
            "leave these rows out: frame[frame.index.notna()]."
        )
    if index.is_monotonic_increasing and index.is_unique:
        return
    if not index.is_monotonic_increasing:
        row = int(np.argmax(index[1:] < index[:-1])) + 1
        autumn = _clocks_set_back(index, row)
        raise ValueError(
            f"the times are not sorted: {index[row]} ({place(row)}) comes after "
            f"{index[row - 1]}. {autumn}{'If not, sort' if autumn else 'Sort'} them "
            'first: frame.sort_index(kind="stable").'
        )
    row = int(index.duplicated().argmax())
    raise ValueError(
        f"there are duplicate timestamps ({int(index.duplicated().sum()):,}), first "
        f"{index[row]} ({place(row)}). {_clocks_set_back(index, row)}Does the table "
        "hold several series? Take one of them: frame[frame['store'] == 'A']. Is a "
        "part of the time in another column? Add it: frame.set_axis(frame.index + "
        "pd.to_timedelta(frame['hour'], unit='h')). Only where rows repeat each other, "
        "keep one of them: frame[~frame.index.duplicated()]."
    )


def every_step(index: pd.DatetimeIndex, *, business: bool = True) -> pd.DatetimeIndex:
    """Sorted times and those missing between them, or an error if they are uneven.

    Without `business`, no calendar that leaves out weekends is tried.
    """
    rows = _steps(index)
    if not business:
        rows = {step: count for step, count in rows.items() if not _is_business(step)}
    step = _only_step(index, rows)
    return pd.date_range(
        index[0], index[-1], freq=step, unit=index.unit, name=index.name
    )


def _only_step(
    index: pd.DatetimeIndex, rows: dict[pd.offsets.BaseOffset, int]
) -> pd.offsets.BaseOffset:
    """The step that leaves the fewest gaps, or an error if two do that differ later."""
    if not rows:
        raise ValueError(f"{_describe_uneven(index)} {_how_to_even_out(index)}")
    fewest = min(rows.values())
    step, *others = [step for step, count in rows.items() if count == fewest]
    for other in others:
        before = first = second = index[-1].tz_localize(None).as_unit("s")
        while first == second and first.year < 3000:
            before, first, second = first, first + step, second + other
        if first != second:
            business = " (business days)" if _is_business(other) else ""
            raise ValueError(
                f'the times fit steps of "{step.freqstr}" and of "{other.freqstr}"'
                f"{business}: after {before} comes {first} or {second}. Choose one: "
                f'frame.asfreq("{step.freqstr}") or frame.asfreq("{other.freqstr}").'
            )
    return step


def _steps(index: pd.DatetimeIndex) -> dict[pd.offsets.BaseOffset, int]:
    """Each step that all times fit, and how many rows it has from first to last."""
    times, same_clock = _grid(index)
    tries = _calendar_steps(times) if same_clock else [[_fixed_step(times)]]
    for steps in tries:
        rows = {step: _rows(times, step) for step in steps}
        if any(rows.values()):
            return {step: count for step, count in rows.items() if count}
    return {}


def _grid(index: pd.DatetimeIndex) -> tuple[pd.DatetimeIndex, bool]:
    """Local times if the time of day is always the same (days can be short), or UTC."""
    local = index.tz_localize(None)
    clock = local - local.normalize()
    same = local.is_unique and bool((clock == clock[0]).all())
    return (local if same or index.tz is None else index.tz_convert(None)), same


def _rows(times: pd.DatetimeIndex, step: pd.offsets.BaseOffset) -> int:
    """How many rows the step has from the first time to the last; 0 if not all fit."""
    # One odd time makes a tiny step or a huge gap: nearly all rows would be new.
    if (times[-1] - times[0]) / (times[0] + step - times[0]) > 10 * len(times):
        return 0
    every = pd.date_range(times[0], times[-1], freq=step, unit=times.unit)
    return len(every) if times.isin(every).all() else 0


def _calendar_steps(
    days: pd.DatetimeIndex,
) -> Iterator[list[pd.offsets.BaseOffset]]:
    """Steps of whole days, a list at a time: the next one if none in the last fits."""
    usual = _usual(days).days
    fixed = to_offset(f"{usual}D")
    if usual >= 28:
        yield _month_steps(days)
        yield [fixed]
    elif usual == 1:
        yield [fixed, to_offset("B")]
    else:
        yield [fixed, *_half_month_steps(days)]


def _month_steps(days: pd.DatetimeIndex) -> list[pd.offsets.BaseOffset]:
    """Months, quarters or years that begin or end on these days."""
    months = int(np.gcd.reduce(np.diff(12 * days.year + days.month)))
    for length, letter in [(12, "Y"), (3, "Q"), (1, "M")]:
        if months and months % length == 0:
            anchor = "" if letter == "M" else f"-{days[0].month_name()[:3].upper()}"
            forms = [f"{letter}S", f"B{letter}S", f"{letter}E", f"B{letter}E"]
            return [to_offset(f"{months // length}{form}{anchor}") for form in forms]
    return []


def _half_month_steps(days: pd.DatetimeIndex) -> list[pd.offsets.BaseOffset]:
    """Two days of each month, of which one is its first or its last."""
    steps = []
    for form, others in [
        ("SMS", set(days.day) - {1}),
        ("SME", set(days.day[~days.is_month_end])),
    ]:
        if len(others) == 1 and 10 <= min(others) <= 20:
            steps.append(to_offset(f"{form}-{others.pop()}"))
    return steps


def _fixed_step(times: pd.DatetimeIndex) -> pd.offsets.BaseOffset:
    usual = _usual(times)
    return to_offset(usual if usual % _DAY else f"{24 * usual.days}h")


def _usual(times: pd.DatetimeIndex) -> pd.Timedelta:
    return pd.Timedelta(times.to_series().diff().mode()[0])


def _is_fixed(step: pd.offsets.BaseOffset) -> bool:
    """Whether it takes always the same time: an hour does, a day in a zone does not."""
    return isinstance(step, pd.offsets.Tick) and not isinstance(step, pd.offsets.Day)


def _is_business(step: pd.offsets.BaseOffset) -> bool:
    return step.freqstr.lstrip("0123456789").startswith("B")


def _describe_no_times(index: pd.Index) -> str:
    """How to come from this index to one of times."""
    if isinstance(index, pd.MultiIndex):
        level = int(isinstance(index.levels[0], pd.DatetimeIndex))
        one = next(iter(index.get_level_values(level)), "A")
        return (
            f"the index has {index.nlevels} levels, not times alone. Take one series: "
            f"frame.xs({one!r}, level={level})."
        )
    if isinstance(index, pd.PeriodIndex):
        fix = "Turn periods into times: frame.to_timestamp()"
    elif not pd.api.types.is_numeric_dtype(index.dtype):
        fix = "Turn them into times: frame.set_axis(pd.to_datetime(frame.index))"
    elif index.dtype.kind == "i" and len(index) and 1000 <= index.min() < 2200:
        fix = "Turn years into times: frame.set_axis("
        fix += 'pd.to_datetime(frame.index.astype(str), format="%Y"))'
    else:
        fix = "Set a time column as index: "
        fix += "frame.set_index(pd.to_datetime(frame['time']))"
    return f"the index holds {index.dtype} values, not times. {fix}."


def _clocks_set_back(index: pd.Index, row: int) -> str:
    """What to do if a time looks like the night in which an hour comes twice."""
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None or row == 0:
        return ""
    time, back = index[row], index[row - 1] - index[row]
    sunday_night = time.day_of_week == 6 and 1 <= time.hour <= 3
    if not sunday_night or not pd.Timedelta(0) <= back < pd.Timedelta(hours=1):
        return ""
    return (
        "Is this the hour that comes twice when clocks are set back? Name the zone: "
        'frame.tz_localize("Europe/Berlin", ambiguous="infer"). '
    )


def _describe_uneven(index: pd.DatetimeIndex) -> str:
    """What is wrong if none of the possible steps fits: an odd one, or the longest."""
    times, _ = _grid(index)
    steps, usual = times.diff(), _usual(times)
    odd = steps % usual > pd.Timedelta(0)
    row = int(odd.argmax() if odd.any() else steps.argmax())
    return (
        f"the times are not evenly spaced: the usual step is {usual}, but {index[row]} "
        f"comes {steps[row]} after {index[row - 1]}."
    )


def _how_to_even_out(index: pd.DatetimeIndex) -> str:
    """What brings uneven times to even steps."""
    clock = (index - index.normalize()).unique()
    if (
        index.tz is not None
        and len(clock) == 2
        and abs(clock[1] - clock[0])
        in (
            pd.Timedelta(hours=1),
            pd.Timedelta(hours=23),
        )
    ):
        return (
            "Are these days of a zone whose clocks are changed? Name it: "
            'frame.tz_convert("Europe/Berlin").'
        )
    step = _sensible_step(index)
    return f'Bring them to even steps first: frame.resample("{step}").mean().'


def _sensible_step(index: pd.DatetimeIndex) -> str:
    """A step to bring uneven times to, by the name that pandas gives it."""
    times, _ = _grid(index)
    usual, span = _usual(times), times[-1] - times[0]
    if span / usual > 1e7:  # events at any time: no table has that many rows
        mean = span / len(times)
        return next((s for s in ["1s", "1min", "1h"] if mean <= pd.Timedelta(s)), "1D")
    for days, step in [(365, "YS"), (89, "QS"), (28, "MS")]:
        if usual >= days * _DAY:
            return step
    return f"{usual.days}D" if usual >= _DAY else to_offset(usual).freqstr
