"""Read a CSV file into evenly spaced numbers, or say what is wrong with it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from itertools import groupby
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd

from simple_lstm.forecasting._time_index import check_sorted, every_step

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
# The only group is the offset from UTC, so that findall gives one for each line.
_TIME = re.compile(
    r"""^(?:1\d|2[01])\d\d  # a year alone
    (?:
        -\d\d?  # or with its month
        | (?:\d{4}|-\d\d?-\d\d?|/\d\d?/\d\d?|\.\d\d?\.\d\d?)  # or month and day
        (?:[ T][\d:]+(?:\.\d{1,6}0*)?[ ]?(Z|[+-][\d:]+)?)?  # and with the clock
    )?$""",
    re.ASCII | re.MULTILINE | re.VERBOSE,
)
_YEAR_LAST = re.compile(r"^(\d\d?)([-/.])(\d\d?)\2(\d{4})", re.ASCII | re.MULTILINE)
_DAY_FIRST, _MONTH_FIRST = r"\4-\3-\1", r"\4-\1-\3"
_NO_DAY = re.compile(r"\d{4}(-\d\d?)?", re.ASCII)
_NO_WORD_IS_A_GAP = "keep_default_na=False, na_values=['']"
# The cells of a plain file: times perhaps, numbers far from the largest float, and
# anything short in the columns that nobody asks for.
_PLAIN_TIME = r"\d[\d:./TZ+ -]{0,40}(?<! )"
_PLAIN_NUMBER = (
    r"(?:[+-]?(?:\d{1,99}(?:\.\d{0,99})?|\.\d{1,99})(?:[eE][+-]?\d\d?)?|nan|NaN)?"
)
_PLAIN_TEXT = r'[^,"\r\n\0]{0,999}'
# Later versions of pandas read every digit without being told to.
_OLD = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
_EVERY_DIGIT: dict = {"float_precision": "round_trip"} if _OLD else {}


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
        A comma-separated file in UTF-8 with a header. Numbers look like ``1234.5``,
        times like ``2024-01-31 15:00``. The year may stand last (``31.01.2024``) if
        only one order of day and month fits the file.
    time : str, optional
        The column that holds the times; the first one if not given.
    columns : str or sequence of str, optional
        The columns to keep, all of them numbers; every other column if not given.

    Returns
    -------
    pandas.DataFrame
        One float column for each name in ``columns``, in the file's units, and a
        sorted `pandas.DatetimeIndex` with a frequency, in UTC if the file has times
        with several offsets from it.

    Raises
    ------
    ValueError
        If a column is missing or named twice, a number or a time cannot be read,
        times are unsorted, duplicate, not evenly spaced or fit two steps (Monday to
        Friday may be days or business days), or there are fewer than three rows. Rows
        are counted as in a spreadsheet: the header is row 1.
    OSError
        If the file is not there or cannot be opened.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from simple_lstm import forecasting
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("day,sales\n2024-01-05,3\n2024-01-06,5\n2024-01-07,4")
    ...     forecasting.read_series(path)
                sales
    day
    2024-01-05    3.0
    2024-01-06    5.0
    2024-01-07    4.0
    """
    call = f'read_series("{Path(path).name}")'
    if isinstance(columns, str) or not isinstance(columns, Iterable | None):
        columns = [columns]
    columns = None if columns is None else list(columns)
    plain = _plain_file(path, time, columns)
    cells, frame = plain or _cell_by_cell(path, time, columns, call)
    index = _times(cells, call)
    complete = frame.set_index(index).reindex(_every_step(cells, index, call))
    missing = len(complete) - len(frame)
    if missing:
        print(f"{call}: {missing:,} time steps have no row in the file: now NaN.")
    if index.tz is not None:
        print(f"{call}: the times are in {index.tz}.")
    return complete


def _plain_file(
    path: str | PathLike[str], time: str | None, columns: list[str] | None
) -> tuple[pd.Series, pd.DataFrame] | None:
    """The cells with the times, and the numbers, if nothing in the file is unusual.

    It is checked as one text and read by pandas, which takes a quarter of the time. All
    else, right or wrong, gives None.
    """
    try:
        if not Path(path).is_file():
            return None
        content = Path(path).read_bytes()
        text = content.decode("utf-8-sig")
        end = text.index("\n")
        names = _plain_names(text[:end].removesuffix("\r"))
        time, columns = _chosen(names, time, columns, "")
    except (OSError, ValueError, csv.Error):
        return None
    forms = dict.fromkeys(names, _PLAIN_TEXT) | dict.fromkeys(columns, _PLAIN_NUMBER)
    forms[time] = _PLAIN_TIME
    row = _row(list(forms.values()))
    if re.compile(rf"^(?!{row}\r?$|\Z)", re.ASCII | re.MULTILINE).search(text, end + 1):
        return None
    return _read_plain(content, names, time, columns)


def _read_plain(
    content: bytes, names: list[str], time: str, columns: list[str]
) -> tuple[pd.Series, pd.DataFrame]:
    table = pd.read_csv(
        BytesIO(content),
        names=names,
        header=0,
        index_col=False,
        usecols=[time, *columns],
        dtype={**dict.fromkeys(columns, float), time: object},
        keep_default_na=False,
        na_values=["", "nan", "NaN"],
        **_EVERY_DIGIT,
    )
    rows = pd.RangeIndex(2, len(table) + 2)  # as a spreadsheet counts them
    return table[time].set_axis(rows), table[columns]


def _plain_names(line: str) -> list[str]:
    (names,) = csv.reader([line], strict=True)
    plain = names and re.fullmatch(_row([_PLAIN_TEXT] * len(names)), line)
    if not plain or not all(map(str.strip, names)) or len(set(names)) < len(names):
        raise ValueError("these are not the names of a plain file")
    return names


def _row(forms: list[str]) -> str:
    """The pattern of a line whose cells have these forms, with or without quotes."""
    cells = [f'(?:{form}|"{form}")' for form in forms]
    rest = [f"(?:,{cell}){{{len(list(same))}}}" for cell, same in groupby(cells[1:])]
    return "".join([*cells[:1], *rest])


def _cell_by_cell(
    path: str | PathLike[str], time: str | None, columns: list[str] | None, call: str
) -> tuple[pd.Series, pd.DataFrame]:
    """The cells with the times, and the numbers, or an error that names the place."""
    table = _table(_lines(path, call), call)
    time, columns = _chosen(table.columns.tolist(), time, columns, call)
    numbers = {name: _numbers(table[name], call) for name in columns}
    return table[time], pd.DataFrame(numbers)


def _lines(path: str | PathLike[str], call: str) -> list[list[str]]:
    """The cells of every line of the file, as text."""
    try:
        if not Path(path).is_file():
            raise FileNotFoundError("no such file")
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file, strict=True))
        if not lines or not any(map(str.strip, lines[0])):
            raise csv.Error("the first line is empty")
    except OSError as error:
        raise type(error)(
            f"{call}: there is no file {str(path)!r} that can be read from "
            f"{str(Path.cwd())!r} ({error.strerror or error}). Check the path."
        ) from None
    except (csv.Error, UnicodeError) as error:
        raise ValueError(
            f"{call}: this is not a comma-separated text file with a header ({error}). "
            "Save it as CSV in UTF-8, names in the first line, every quote closed."
        ) from None
    return lines


def _table(lines: list[list[str]], call: str) -> pd.DataFrame:
    """The text of every cell; the index is the row as a spreadsheet counts it."""
    named = [column for column, name in enumerate(lines[0]) if name.strip()]
    width = named[-1] + 1  # a comma at the end of each line makes no column
    names = lines[0][:width]
    rows = {}
    for row, line in enumerate(lines[1:], 2):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        if len(cells) < width or any(cells[width:]):
            raise ValueError(
                f"{call}: row {row} has {len(cells):,} cells, but the first line has "
                f"{width:,}. Write an empty cell for a gap and numbers as 1234.5."
                f"{_with_commas(lines[0])}"
            )
        rows[row] = cells[:width]
    table = pd.DataFrame(rows.values(), index=list(rows), columns=names, dtype=object)
    return _with_names(table, call)


def _with_names(table: pd.DataFrame, call: str) -> pd.DataFrame:
    """The columns that have a name; one without must be empty."""
    named = table.columns.str.strip() != ""
    nameless = ~named & (table != "").any().to_numpy()
    if nameless.any():
        raise ValueError(
            f"{call}: column {nameless.argmax() + 1} has no name in the first line. "
            'Give it one; for times frame.to_csv(path, index_label="time") does.'
        )
    table = table.loc[:, named]
    doubled = table.columns[table.columns.duplicated()]
    if len(doubled):
        raise ValueError(
            f"{call}: two columns have the name {_shown(doubled[0])}. Give each its "
            "own."
        )
    return table


def _chosen(
    names: list[str], time: str | None, columns: list[str] | None, call: str
) -> tuple[str, list[str]]:
    """The column of times and the columns of numbers."""
    time = names[0] if time is None else time
    if columns is None:
        columns = [name for name in names if name != time]
    wanted = [time, *columns]
    known = set(names)
    for name in wanted:
        if not isinstance(name, str) or name not in known:
            some = ", ".join(map(_shown, names[:20])) + ", ..." * (len(names) > 20)
            raise ValueError(
                f"{call}: there is no column {_shown(name)}. The columns are {some}."
            )
    if len(wanted) == 1:
        raise ValueError(
            f"{call}: there is no column beside {_shown(time)}. Name one with "
            f"columns=[...], or write one into the file.{_with_commas(names)}"
        )
    if len(set(wanted)) < len(wanted):
        raise ValueError(
            f"{call}: time={_shown(time)} and columns={_shown(wanted[1:])} name a "
            "column twice. Name each once."
        )
    return time, wanted[1:]


def _with_commas(names: list[str]) -> str:
    """How to convert a file whose first line has other separators than commas."""
    line = ",".join(names)
    separator = max(";", "\t", "|", key=line.count)
    if separator not in line:
        return ""
    decimal = ', decimal=","' if separator == ";" else ""
    fix = _rewritten(f"sep={separator!r}{decimal}")
    return f" If {separator!r} separates the cells: {fix}."


def _rewritten(options: str) -> str:
    """Code that writes the file once more, after reading it with these options."""
    read = f"pd.read_csv(path, {options}, {_NO_WORD_IS_A_GAP})"
    return f'{read}.to_csv("new.csv", index=False)'


def _numbers(cells: pd.Series, call: str) -> np.ndarray:
    numbers = np.array([_number(cell) for cell in cells], dtype=float)
    bad = np.isinf(numbers)
    if bad.any():
        row = int(bad.argmax())
        count = int(bad.sum())
        noun = "value that is not a number" if count == 1 else "values that are not "
        noun += "" if count == 1 else "numbers"
        raise ValueError(
            f"{call}: column {_shown(cells.name)} has {count:,} {noun}, first at row "
            f"{cells.index[row]}: {_shown(cells.iloc[row])}. Write them as 1234.5, or "
            "as an empty cell if nothing is known, or name other columns with "
            f"columns=[...].{_without_commas(cells.iloc[row])}"
        )
    return numbers


def _without_commas(number: str) -> str:
    """How to convert a file with commas in its numbers, if this is one of them."""
    if not re.fullmatch(r"[+-]?\d+(,\d+)+(\.\d*)?", number, re.ASCII):
        return ""
    thousands, decimal = _rewritten("thousands=','"), _rewritten("decimal=','")
    return (
        f" If commas separate thousands: {thousands}. If they are decimal points: "
        f"{decimal}."
    )


def _number(text: str) -> float:
    """NaN for what is missing, infinity for what is not a finite number."""
    if text in ("", "nan", "NaN"):
        return np.nan
    return float(text) if _NUMBER.fullmatch(text) else np.inf


def _times(cells: pd.Series, call: str) -> pd.DatetimeIndex:
    if _TIME.fullmatch(_YEAR_LAST.sub(_DAY_FIRST, str(cells.name))):
        raise ValueError(
            f"{call}: the first line has a time, {_shown(cells.name)}, and no names. "
            "Put a line of names before it."
        )
    times = _parse_times(cells, call)
    bad = times.isna()
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise ValueError(
            f"{call}: column {_shown(cells.name)} has {int(bad.sum()):,} cells that "
            f"are not times like the others, first at row {cells.index[row]}: "
            f"{_shown(cells.iloc[row])}. Name the column of times with time=..., and "
            "write them as 2024-01-31 15:00, years 1000 to 2199."
        )
    # Nanoseconds could not hold the difference of 1700 and 2000.
    return pd.DatetimeIndex(times, name=cells.name).as_unit("us")


def _parse_times(cells: pd.Series, call: str) -> pd.Series:
    """Times in the one order of day and month that fits all cells; NaT if none."""
    day_first = _parse(cells, _DAY_FIRST)
    if not any(map(_YEAR_LAST.match, cells)):
        return day_first
    month_first = _parse(cells, _MONTH_FIRST)
    if month_first.isna().any() or day_first.isna().any():
        return min(month_first, day_first, key=lambda times: times.isna().sum())
    differ = (month_first != day_first).to_numpy()
    if differ.any():
        row = int(differ.argmax())
        fix = _rewritten(f"parse_dates=[{cells.name!r}], dayfirst=True")
        raise ValueError(
            f"{call}: {cells.iloc[row]!r} (row {cells.index[row]}) can mean "
            f"{month_first.iloc[row]:%Y-%m-%d} or {day_first.iloc[row]:%Y-%m-%d}. "
            f"Write the year first. If days come before months: {fix}. If not: the "
            "same with dayfirst=False."
        )
    return day_first


def _parse(cells: pd.Series, order: str) -> pd.Series:
    """Times as ISO 8601 once the year is put first, NaT where there is none.

    Times with different offsets from UTC are given in UTC; beside times with an
    offset, one without does not count.
    """
    text = _YEAR_LAST.sub(order, "\n".join(cells))
    times, offsets = text.split("\n"), _TIME.findall(text)
    if not len(times) == len(offsets) == len(cells):  # not all of them are times
        times = [_YEAR_LAST.sub(order, cell) for cell in cells]
        matches = map(_TIME.fullmatch, times)
        offsets = [match and (match[1] or "") for match in matches]
    kinds = set(offsets) - {None}
    if len(kinds) > 1:
        kinds.discard("")
    count = pd.Series(offsets, dtype=object).isin(kinds).to_numpy()
    return pd.to_datetime(
        pd.Series(times, index=cells.index, dtype=object).where(count, None),
        format="ISO8601",
        errors="coerce",
        utc=len(kinds) > 1,
    )


def _every_step(
    cells: pd.Series, index: pd.DatetimeIndex, call: str
) -> pd.DatetimeIndex:
    """The times of the file, and those it leaves out."""
    if len(index) < 3:
        raise ValueError(
            f"{call}: {len(index)} rows are too few to know the time step; give at "
            "least 3."
        )
    try:
        check_sorted(index, place=lambda row: f"row {cells.index[row]}")
        # "2024-01" is a month, not its first business day.
        return every_step(index, business=not all(map(_NO_DAY.fullmatch, cells)))
    except ValueError as error:
        raise ValueError(f"{call}: {error}{_by_hand(cells, index)}") from None


def _by_hand(cells: pd.Series, index: pd.DatetimeIndex) -> str:
    """How to come to a frame that can be mended, if the file cannot be."""
    heads = zip(map(_YEAR_LAST.match, cells), index, strict=True)
    day_first = all(head and int(head[1]) == time.day for head, time in heads)
    options = ", dayfirst=True" * day_first
    read = f"Here frame = pd.read_csv(path, index_col={cells.name!r}"
    offsets = cells.str.extract(r"([+-]\d\d:?\d\d)$")[0]
    if offsets.nunique() < 2 and len(set(map(len, cells))) == 1:
        return f" {read}, parse_dates=True{options})."
    options += ", utc=True" * (index.tz is not None)
    parse = f'pd.to_datetime(frame.index, format="mixed"{options})'
    return f" {read}); frame.index = {parse}."


def _shown(value: object) -> str:
    """As Python writes it, on one line and not endless."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."
