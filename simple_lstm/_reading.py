"""Read a CSV file into evenly spaced numbers, or say what is wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simple_lstm._time_index import check_sorted, describe_uneven, possible_steps


def read_series(
    path: str | PathLike[str],
    *,
    time: str | None = None,
    columns: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""Read a CSV file into a frame with one row for every time step.

    Only empty cells (and ``nan``) count as missing. Anything else that is not a
    finite number, or not a time, is an error that names the place. Time steps that
    the file leaves out become rows of NaN, and a printed line says how many.

    Parameters
    ----------
    path : str or path
        A comma-separated file with a header.
    time : str, optional
        The column that holds the times; the first one if not given.
    columns : str or sequence of str, optional
        The columns to keep, all of them numbers; every other column if not given.

    Returns
    -------
    pandas.DataFrame
        One float column for each name in ``columns``, in the file's units, and a
        sorted `pandas.DatetimeIndex` with a frequency.

    Raises
    ------
    ValueError
        If a column is missing or named twice, a number or a time cannot be read,
        times are unsorted, doubled or not evenly spaced, or there are fewer than
        three rows. Rows are counted as in a spreadsheet: the header is row 1.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from simple_lstm import preprocessing
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("day,sales\n2024-01-01,3\n2024-01-02,5\n2024-01-03,4")
    ...     preprocessing.read_series(path)
                sales
    day
    2024-01-01    3.0
    2024-01-02    5.0
    2024-01-03    4.0
    """
    call = f'read_series("{Path(path).name}")'
    table = _read_text(path, call)
    time = table.columns[0] if time is None else time
    if columns is None:
        columns = [name for name in table.columns if name != time]
    elif isinstance(columns, str):
        columns = [columns]
    for name in [time, *columns]:
        if name not in table.columns:
            raise ValueError(
                f"{call}: there is no column {name!r}. "
                f"The columns are {', '.join(map(repr, table.columns))}."
            )
    if not columns:
        raise ValueError(
            f"{call}: there is no column beside {time!r}. Is the file "
            "separated by commas?"
        )
    frame = pd.DataFrame({name: _numbers(table[name], call) for name in columns})
    times = _times(table[time], call)
    return _every_step(frame.set_index(times), times, call)


def _read_text(path: str | PathLike[str], call: str) -> pd.DataFrame:
    """Every cell as the text that stands in the file, empty ones as NaN.

    The first line gives the names; the others keep their number as index, so that the
    line after the header is 1.
    """
    try:
        lines = pd.read_csv(
            path,
            dtype=str,
            header=None,
            keep_default_na=False,
            na_values=["", "nan", "NaN"],
            skip_blank_lines=False,
        )
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{call}: there is no file {str(path)!r} in {str(Path.cwd())!r}."
        ) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{call}: this is not a comma-separated text file with a header "
            f"({reason}). Save it as CSV in UTF-8."
        ) from None
    names, table = lines.iloc[0], lines.iloc[1:].dropna(how="all")
    # A comma at the end of each line makes a column without name and content.
    used = names.notna() | table.notna().any()
    names, table = names[used], table.loc[:, used]
    if names.isna().any():
        raise ValueError(
            f"{call}: column {int(names.isna().to_numpy().argmax()) + 1} has no name "
            "in the first line. Give it one."
        )
    if names.duplicated().any():
        raise ValueError(
            f"{call}: two columns have the name {names[names.duplicated()].iloc[0]!r}. "
            "Give each its own."
        )
    if names.empty:
        raise ValueError(f"{call}: the first line is empty; it must name the columns.")
    return table.set_axis(names.to_list(), axis=1)


def _numbers(cells: pd.Series, call: str) -> np.ndarray:
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    bad = (numbers.isna() & cells.notna()) | np.isinf(numbers)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        count = int(bad.sum())
        noun = "value that is not a number" if count == 1 else "values that are not "
        noun += "" if count == 1 else "numbers"
        raise ValueError(
            f"{call}: column {cells.name!r} has {count:,} {noun}, first at row "
            f"{_row(cells, row)}: {cells.iloc[row]!r}. Clean them, or name other "
            "columns with columns=[...]."
        )
    return numbers.to_numpy()


def _times(cells: pd.Series, call: str) -> pd.DatetimeIndex:
    times = _parse_times(cells, call)
    bad = times.isna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise ValueError(
            f"{call}: column {cells.name!r} has {int(bad.sum()):,} cells that are not "
            f"times like the others, first at row {_row(cells, row)}: "
            f"{cells.iloc[row]!r}. Name the column of times with time=..., and write "
            "them as 2024-01-31 15:00."
        )
    index = pd.DatetimeIndex(times, name=cells.name)
    try:
        check_sorted(index, place=lambda row: f"row {_row(cells, row)}")
    except ValueError as error:
        raise ValueError(f"{call}: {error}{_by_hand(index)}") from None
    return index


def _row(cells: pd.Series, position: int) -> int:
    """The row as a spreadsheet counts it: the header is row 1."""
    return int(cells.index[position]) + 1


def _by_hand(index: pd.DatetimeIndex) -> str:
    """How to come to a frame that can be mended, if the file cannot be."""
    read = f"pd.read_csv(path, index_col={index.name!r}, parse_dates=True)"
    return f" Here frame = {read}."


def _parse_times(cells: pd.Series, call: str) -> pd.Series:
    """Times as ISO 8601, or else in the one format that fits all cells; NaT if none."""
    iso = _parse(cells, call, format="ISO8601")
    if iso.notna().all():
        return iso
    month_first, day_first = (
        _parse(cells, call, dayfirst=dayfirst) for dayfirst in (False, True)
    )
    if day_first.isna().any():
        return iso if month_first.isna().any() else month_first
    if month_first.notna().all() and not month_first.equals(day_first):
        row = int((month_first != day_first).to_numpy().argmax())
        raise ValueError(
            f"{call}: {cells.iloc[row]!r} (row {_row(cells, row)}) can mean "
            f"{month_first.iloc[row]:%Y-%m-%d} or {day_first.iloc[row]:%Y-%m-%d}. "
            "Write the days of the file in the second way, year first."
        )
    return day_first


def _parse(cells: pd.Series, call: str, **options: Any) -> pd.Series:
    """One way to read times, NaT where it does not fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # pandas would guess cell by cell
        try:
            return pd.to_datetime(cells, errors="coerce", **options)
        except UserWarning:
            return pd.Series(pd.NaT, index=cells.index)
        except ValueError:  # time zones that change
            times = pd.to_datetime(cells, errors="coerce", utc=True, **options)
    print(f"{call}: the times have several offsets; they are given in UTC.")
    return times


def _every_step(
    frame: pd.DataFrame, index: pd.DatetimeIndex, call: str
) -> pd.DataFrame:
    """The frame with a row of NaN for each time step that has none."""
    if len(index) < 3:
        raise ValueError(
            f"{call}: {len(index)} rows are too few to know the time step; give at "
            "least 3."
        )
    tries = [
        pd.date_range(index[0], index[-1], freq=step)
        for step in possible_steps(index)
        # One odd time makes a tiny step; its rows would be nearly all gaps.
        if (index[-1] - index[0]) / (index[0] + step - index[0]) < 100 * len(index)
    ]
    whole = [times for times in tries if index.isin(times).all()]
    if not whole:
        raise ValueError(f"{call}: {describe_uneven(index)}{_by_hand(index)}")
    complete = frame.reindex(min(whole, key=len).rename(index.name))
    missing = len(complete) - len(frame)
    if missing:
        print(f"{call}: {missing:,} time steps have no row in the file: now NaN.")
    return complete
