"""Windows that leak nothing: pairs of a stretch of past and the stretch after it."""

from __future__ import annotations

import math
from typing import overload

import keras
import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from simple_lstm.forecasting import _float_precision
from simple_lstm.forecasting._time_index import check_sorted, frequency
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
        too large or too small for a model, or the split is of other rows.

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


class Windows(keras.utils.PyDataset):
    """Pairs of a stretch of past and the stretch that follows it, in the order of time.

    Made by `make_windows`. Keras takes them as they are: ``model.predict(test)``,
    ``validation_data=validation``. To train, give ``model.fit`` a random order:
    ``train.shuffled(seed=0)``. Each item is a batch ``(past, targets)``, or
    ``({"past": past, "future": future}, targets)`` where something is known of the
    future. Only one batch at a time is cut from the series.

    Attributes
    ----------
    values : numpy.ndarray, shape (rows, features)
        The whole series: float32, or float64 where float32 would move its values (see
        `make_windows`).
    future_values : numpy.ndarray or None, shape (rows or more, k)
        The future covariates, in the same precision.
    origins : numpy.ndarray, int, shape (samples,)
        For each window the row of its first target: the first row not yet known.
    lookback, horizon : int
        Time steps before and from the origin.
    target : int
        The column of `values` to forecast.
    dropped : int
        Windows that touch a gap (NaN) and are therefore not among `origins`.
    columns, future_columns : tuple of str
        Names of the columns of `values` and `future_values`.
    batch_size : int
        Windows in a batch; the last batch may be smaller.
    """

    def __init__(
        self,
        values: np.ndarray,
        future_values: np.ndarray | None,
        origins: np.ndarray,
        *,
        lookback: int,
        horizon: int,
        target: int,
        dropped: int,
        columns: tuple[str, ...],
        future_columns: tuple[str, ...],
        batch_size: int,
    ) -> None:
        super().__init__()
        self.values = values
        self.future_values = future_values
        self.origins = origins
        self.lookback = lookback
        self.horizon = horizon
        self.target = target
        self.dropped = dropped
        self.columns = columns
        self.future_columns = future_columns
        self.batch_size = batch_size

    def __len__(self) -> int:
        """How many batches there are; ``len(windows.origins)`` counts the windows."""
        return math.ceil(len(self.origins) / self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        return self._batch(self.origins, index)

    def __repr__(self) -> str:
        steps = f"{self.horizon} time steps"
        lines = [
            f"{len(self.origins):,} windows, in batches of {self.batch_size:,}",
            f"  past     {self.lookback} time steps of {', '.join(self.columns)}",
            f"  targets  {steps} of {self.columns[self.target]}",
        ]
        if self.future_columns:
            lines.append(f"  future   {steps} of {', '.join(self.future_columns)}")
        if self.dropped:
            lines.append(f"  dropped because they touch a gap: {self.dropped:,}")
        if self.values.dtype == np.float64:
            lines.append("  float64, because float32 would round their values")
        return "\n".join(lines)

    def shuffled(self, *, seed: int = 0) -> ShuffledWindows:
        """The same windows for ``model.fit``: in a new random order for every epoch.

        ``predict`` and ``evaluate`` would shuffle them, too, so give those the windows
        themselves.

        Parameters
        ----------
        seed : int
            The same seed gives the same orders.

        Returns
        -------
        keras.utils.PyDataset
            With the same batch size.
        """
        return ShuffledWindows(self, seed)

    @property
    def past(self) -> np.ndarray:
        """The past of every window, shape (samples, lookback, features)."""
        return self.past_at(self.origins)

    @property
    def future(self) -> np.ndarray | None:
        """The future covariates of every window, (samples, horizon, k), or None."""
        return self.future_at(self.origins)

    @property
    def targets(self) -> np.ndarray:
        """What has to be forecast, shape (samples, horizon)."""
        return self.targets_at(self.origins)

    def past_at(self, origins: np.ndarray) -> np.ndarray:
        """The past of the windows with these origins."""
        return _cut(self.values, origins - self.lookback, self.lookback)

    def future_at(self, origins: np.ndarray) -> np.ndarray | None:
        """The future covariates of the windows with these origins."""
        if self.future_values is None:
            return None
        return _cut(self.future_values, origins, self.horizon)

    def targets_at(self, origins: np.ndarray) -> np.ndarray:
        """The targets of the windows with these origins."""
        column = self.values[:, self.target : self.target + 1]  # a view
        return _cut(column, origins, self.horizon)[..., 0]

    @property
    def rows(self) -> slice:
        """The rows that the windows touch, from the first input to the last target."""
        first, last = int(self.origins[0]), int(self.origins[-1])
        return slice(first - self.lookback, last + self.horizon)

    def future_column(self, name: str) -> int:
        """The place of a future covariate among ``future_columns``, by its name."""
        if name not in self.future_columns:
            raise ValueError(
                f"there is no future covariate {name!r}. The future covariates are "
                f"{', '.join(map(repr, self.future_columns)) or 'none'}."
            )
        return self.future_columns.index(name)

    def _batch(self, origins: np.ndarray, index: int) -> tuple:
        chosen = origins[index * self.batch_size : (index + 1) * self.batch_size]
        past, future = self.past_at(chosen), self.future_at(chosen)
        inputs = past if future is None else {"past": past, "future": future}
        return inputs, self.targets_at(chosen)


class ShuffledWindows(keras.utils.PyDataset):
    """`Windows` in a new random order for every epoch: see `Windows.shuffled`."""

    def __init__(self, windows: Windows, seed: int) -> None:
        super().__init__()
        self.windows = windows
        self._random = np.random.default_rng(seed)
        self._origins = windows.origins.copy()
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> tuple:
        return self.windows._batch(self._origins, index)

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch."""
        self._random.shuffle(self._origins)


def _future(
    covariates: pd.DataFrame | np.ndarray | None,
    data: pd.DataFrame | pd.Series | np.ndarray,
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if covariates is None:
        return None, ()
    if not isinstance(covariates, np.ndarray) and not isinstance(data, np.ndarray):
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
    if split is None:
        return [rows]
    if rows is not None:
        raise ValueError(
            "make_windows: both split and rows are given. Give split for the windows "
            "of all three parts, or rows for those of one, such as rows=split.test."
        )
    other = len(split.index) != len(data)
    if not other and isinstance(data, pd.DataFrame | pd.Series):
        other = not split.index.equals(data.index)
    if other:
        raise ValueError(
            f"make_windows: the split is of {len(split.index):,} other rows than the "
            f"{len(data):,} of data. Split the rows that you cut: time_split(data)."
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


def _cut(values: np.ndarray, first_rows: np.ndarray, length: int) -> np.ndarray:
    """Stretches of `length` rows, shape (samples, length, columns).

    A view where the rows are evenly spaced, a copy where they are not.
    """
    stretches = sliding_window_view(values, length, axis=0).swapaxes(1, 2)
    if len(first_rows) > 1:
        step = int(first_rows[1] - first_rows[0])
        if step > 0 and (np.diff(first_rows) == step).all():
            return stretches[first_rows[0] : first_rows[-1] + 1 : step]
    return stretches[first_rows]
