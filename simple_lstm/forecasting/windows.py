"""Windows that leak nothing: pairs of a stretch of past and the stretch after it."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from simple_lstm.forecasting import _float_precision
from simple_lstm.forecasting._time_index import check_sorted, frequency
from simple_lstm.forecasting._window_batches import Windows
from simple_lstm.forecasting.series import Split


@overload
def make_windows(
    data: pd.DataFrame | pd.Series | np.ndarray,
    lookback: int,
    horizon: int,
    *,
    split: Split,
    target: int | str = ...,
    future_covariates: pd.DataFrame | np.ndarray | None = ...,
    stride: int = ...,
    batch_size: int = ...,
) -> tuple[Windows, Windows, Windows]: ...


@overload
def make_windows(
    data: pd.DataFrame | pd.Series | np.ndarray,
    lookback: int,
    horizon: int,
    *,
    rows: slice | None = ...,
    target: int | str = ...,
    future_covariates: pd.DataFrame | np.ndarray | None = ...,
    stride: int = ...,
    batch_size: int = ...,
) -> Windows: ...


def make_windows(
    data: pd.DataFrame | pd.Series | np.ndarray,
    lookback: int,
    horizon: int,
    *,
    split: Split | None = None,
    rows: slice | None = None,
    target: int | str = 0,
    future_covariates: pd.DataFrame | np.ndarray | None = None,
    stride: int = 1,
    batch_size: int = 64,
) -> Windows | tuple[Windows, Windows, Windows]:
    """Cut a series into pairs of past (inputs) and future (targets).

    A window belongs to the part of the rows that holds all its targets. Its inputs
    may reach back before that part, as they would on the day of the forecast; its
    targets never reach beyond it. Windows that touch a gap are dropped and counted.

    Windows hold float32, as Keras does. Where that would round values (a meter at
    187,654,321 that rises by 12 in a time step), they hold float64, and so does a
    `simple_lstm.forecasting.forecaster` made of them, until it has taken the level off.
    Keras rounds arrays to float32 on their way into ``model.fit(array)`` and
    ``model.predict(array)``, so give it the windows themselves, or call
    ``model(array)``.

    Parameters
    ----------
    data : pandas.DataFrame, pandas.Series or numpy.ndarray, shape (rows, features)
        The whole series in its own units, evenly spaced in time, not only one part.
    lookback : int
        Time steps that the model sees.
    horizon : int
        Time steps to forecast.
    split : Split, optional
        From `time_split` of these rows. Windows of its three parts are returned.
    rows : slice, optional
        Instead of a split, the one part that must hold all targets; all rows if neither
        is given.
    target : int or str
        The column to forecast.
    future_covariates : pandas.DataFrame or numpy.ndarray, optional
        What is known in advance at the time of each row, such as the calendar; shape
        (rows or more, k). A frame must hold the times of ``data``; more times after
        them are welcome. Rows of an array belong to the rows of ``data`` one by one.
    stride : int
        Rows from one window to the next. With ``split``, from one training window to
        the next: the other parts are judged by all of their windows.
    batch_size : int
        Windows in a batch, for Keras.

    Returns
    -------
    Windows, or a tuple of three
        With ``past`` (samples, lookback, features), ``future`` (samples, horizon, k),
        ``targets`` (samples, horizon) and ``origins`` (samples,). With ``split``: those
        of train, validation and test.

    Raises
    ------
    ValueError
        If there are too few rows for one window, a column is missing or holds text,
        the times are unsorted, duplicate or uneven, gaps leave no window, numbers are
        too large or too small for a model, the split is of other rows, or both a split
        and rows are given.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import forecasting
    >>> series = np.arange(20.0)
    >>> split = forecasting.time_split(series)
    >>> train, validation, test = forecasting.make_windows(series, 3, 2, split=split)
    >>> train.past[0, :, 0], train.targets[0]
    (array([0., 1., 2.], dtype=float32), array([3., 4.], dtype=float32))
    """
    sizes = {"lookback": lookback, "horizon": horizon}
    for name, size in {**sizes, "stride": stride, "batch_size": batch_size}.items():
        if size < 1:
            raise ValueError(f"make_windows: {name} is {size}, but must be at least 1.")
    if isinstance(data, pd.DataFrame | pd.Series):
        frequency(data.index)
    else:
        data = np.asarray(data)
    parts = _parts(data, split, rows)
    values, columns = _float_precision.as_numbers(data, "data")
    future, future_columns = _future(future_covariates, data)
    column = _column_number(target, columns)
    dtypes = {_float_precision.needed(values, columns, column)}
    if future is not None:
        dtypes.add(_float_precision.needed(future, future_columns, None))
        future = future.astype(max(dtypes), copy=False)
    values = values.astype(max(dtypes), copy=False)  # "float64" comes after "float32"
    found = []
    for part, step in zip(parts, [stride, 1, 1], strict=False):
        origins = _origins(len(values), lookback, horizon, part, step)
        kept = _complete(values, future, origins, lookback, horizon, column)
        found.append(
            Windows(
                values,
                future,
                kept,
                **sizes,
                target=column,
                dropped=len(origins) - len(kept),
                columns=columns,
                future_columns=future_columns,
                batch_size=batch_size,
            )
        )
    return found[0] if split is None else (found[0], found[1], found[2])


def _future(
    covariates: pd.DataFrame | np.ndarray | None,
    data: pd.DataFrame | pd.Series | np.ndarray,
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if covariates is None:
        return None, ()
    if not isinstance(covariates, pd.DataFrame | pd.Series):
        covariates = np.asarray(covariates)
    elif not isinstance(data, np.ndarray):
        where = "row {} of future_covariates".format
        check_sorted(covariates.index, place=where)
        absent = ~data.index.isin(covariates.index)
        if absent.any():
            raise ValueError(
                f"make_windows: future_covariates lacks {int(absent.sum()):,} of the "
                f"times of data, first {data.index[absent][0]}."
            )
        later = covariates.index[covariates.index > data.index[-1]]
        covariates = covariates.loc[data.index.append(later)]
    if len(covariates) < len(data):
        raise ValueError(
            f"make_windows: future_covariates has {len(covariates):,} rows, data has "
            f"{len(data):,}. Each row of data needs its own."
        )
    return _float_precision.as_numbers(covariates, "future_covariates")


def _column_number(target: int | str, columns: tuple[str, ...]) -> int:
    if isinstance(target, str):
        if target not in columns:
            raise ValueError(
                f"make_windows: there is no column {target!r} to forecast. "
                f"The columns are {', '.join(map(repr, columns))}."
            )
        return columns.index(target)
    if not 0 <= target < len(columns):
        raise ValueError(
            f"make_windows: target={target}, but the columns have the numbers 0 to "
            f"{len(columns) - 1}."
        )
    return target


def _parts(
    data: pd.DataFrame | pd.Series | np.ndarray,
    split: Split | None,
    rows: slice | None,
) -> list[slice | None]:
    """The rows of each part that is asked for."""
    if isinstance(rows, Split):
        raise ValueError(
            "make_windows: rows is a Split; give it as split=. For the windows of one "
            "part give rows=split.train."
        )
    if split is None:
        return [rows]
    if rows is not None:
        raise ValueError(
            "make_windows: both split and rows are given. Give split for the windows "
            "of all three parts, or rows for those of one, such as rows=split.test."
        )
    same_length = len(split.index) == len(data)
    same = same_length and (
        isinstance(data, np.ndarray) or split.index.equals(data.index)
    )
    if not same:
        came = f"{len(split.index):,} rows" + " of other times" * same_length
        raise ValueError(
            f"make_windows: the split is of {came}, but data has {len(data):,} rows. "
            "Split the rows that you cut: time_split(data)."
        )
    return [split.train, split.validation, split.test]


def _origins(
    length: int, lookback: int, horizon: int, rows: slice | None, stride: int
) -> np.ndarray:
    """Row of the first target of every window whose targets all lie in ``rows``."""
    begin, end, step = (rows or slice(None)).indices(length)
    if step != 1:
        raise ValueError(f"make_windows: rows has a step of {step}; use stride=.")
    found = np.arange(max(begin, lookback), end - horizon + 1, stride, dtype=np.int32)
    if not len(found):
        raise ValueError(
            f"make_windows: too few rows. A window needs {lookback} rows of lookback "
            f"and then {horizon} rows of horizon; the targets may use rows {begin} to "
            f"{end - 1} of {length:,}. Take a shorter lookback or horizon, or more "
            "data."
        )
    return found


def _complete(
    values: np.ndarray,
    future: np.ndarray | None,
    origins: np.ndarray,
    lookback: int,
    horizon: int,
    target: int,
) -> np.ndarray:
    """The origins of the windows that touch no NaN."""
    spans = [
        (np.isnan(values).any(axis=1), -lookback, 0),
        (np.isnan(values[:, target]), 0, horizon),
    ]
    if future is not None:
        spans.append((np.isnan(future).any(axis=1), 0, horizon))
    if not any(missing.any() for missing, _, _ in spans):
        return origins
    complete = np.ones(len(origins), dtype=bool)
    for missing, first, end in spans:
        before = np.concatenate([[0], np.cumsum(missing, dtype=np.int32)])
        complete &= before[origins + first] == before[origins + end]
    if not complete.any():
        raise ValueError(
            f"make_windows: every one of the {len(origins):,} windows touches a gap "
            "(NaN). Fill short gaps with fill_gaps(frame, limit=...), or take a "
            "shorter lookback."
        )
    return origins[complete]
