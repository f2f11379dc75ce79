"""Windows that leak nothing: pairs of a stretch of past and the stretch after it."""

from __future__ import annotations

import math

import keras
import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from simple_lstm.forecasting import _precision
from simple_lstm.forecasting._time_index import check_sorted, frequency
from simple_lstm.forecasting.series import Split


@dataclass(frozen=True, repr=False)
class Windows:
    """Pairs of a stretch of past and the stretch that follows it.

    Made by `make_windows`. The arrays are cut from the series when asked for; while
    training, only one batch at a time is (`batches`).

    Attributes
    ----------
    values : numpy.ndarray, shape (rows, features)
        The whole series: float32, or float64 where float32 would move its values (see
        `make_windows`).
    known_values : numpy.ndarray or None, shape (rows or more, k)
        What is known in advance, in the same precision.
    starts : numpy.ndarray, int, shape (samples,)
        For each window the row of its first target: the first row not yet known.
    lookback, horizon : int
        Time steps before and from the start.
    target : int
        The column of `values` to forecast.
    left_out : int
        Windows that touch a gap (NaN) and are therefore not among `starts`.
    columns, known_columns : tuple of str
        Names of the columns of `values` and `known_values`.
    """

    values: np.ndarray
    known_values: np.ndarray | None
    starts: np.ndarray
    lookback: int
    horizon: int
    target: int
    left_out: int
    columns: tuple[str, ...]
    known_columns: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.starts)

    def __repr__(self) -> str:
        steps = f"{self.horizon} time steps"
        lines = [
            f"{len(self):,} windows",
            f"  inputs   {self.lookback} time steps of {', '.join(self.columns)}",
            f"  targets  {steps} of {self.columns[self.target]}",
        ]
        if self.known_columns:
            lines.append(f"  known    {steps} of {', '.join(self.known_columns)}")
        if self.left_out:
            lines.append(f"  left out because they touch a gap: {self.left_out:,}")
        if self.values.dtype == np.float64:
            lines.append("  float64, because float32 would round their values")
        return "\n".join(lines)

    @property
    def inputs(self) -> np.ndarray:
        """The past of every window, shape (samples, lookback, features)."""
        return self.inputs_at(self.starts)

    @property
    def known(self) -> np.ndarray | None:
        """What is known ahead, shape (samples, horizon, k), or None."""
        return self.known_at(self.starts)

    @property
    def targets(self) -> np.ndarray:
        """What has to be forecast, shape (samples, horizon)."""
        return self.targets_at(self.starts)

    def inputs_at(self, starts: np.ndarray) -> np.ndarray:
        """The past of the windows that start at these rows."""
        return _cut(self.values, starts - self.lookback, self.lookback)

    def known_at(self, starts: np.ndarray) -> np.ndarray | None:
        """What is known ahead in the windows that start at these rows."""
        if self.known_values is None:
            return None
        return _cut(self.known_values, starts, self.horizon)

    def targets_at(self, starts: np.ndarray) -> np.ndarray:
        """The targets of the windows that start at these rows."""
        column = self.values[:, self.target : self.target + 1]  # a view
        return _cut(column, starts, self.horizon)[..., 0]

    @property
    def rows(self) -> slice:
        """The rows that the windows touch, from the first input to the last target."""
        first, last = int(self.starts[0]), int(self.starts[-1])
        return slice(first - self.lookback, last + self.horizon)

    def known_column(self, name: str) -> int:
        """The number of a column that is known ahead, by its name."""
        if name not in self.known_columns:
            raise ValueError(
                f"there is no column {name!r} known ahead. The columns are "
                f"{', '.join(map(repr, self.known_columns)) or 'none'}."
            )
        return self.known_columns.index(name)

    def batches(
        self, batch_size: int = 64, *, shuffle: bool = False, seed: int = 0
    ) -> Batches:
        """The windows as a `keras.utils.PyDataset` that cuts one batch at a time.

        Parameters
        ----------
        batch_size : int
            Windows in a batch; the last batch may be smaller.
        shuffle : bool
            Draw a new order for every pass.
        seed : int
            The same seed gives the same orders.

        Returns
        -------
        simple_lstm.batches.Batches
            Give it to ``model.fit``, ``model.evaluate`` or ``model.predict``.
        """
        from simple_lstm.batches import Batches

        return Batches(self, batch_size, shuffle=shuffle, seed=seed)


def make_windows(
    data: pd.DataFrame | pd.Series | np.ndarray,
    lookback: int,
    horizon: int,
    *,
    target: int | str = 0,
    known_ahead: pd.DataFrame | np.ndarray | None = None,
    rows: slice | None = None,
    stride: int = 1,
) -> Windows:
    """Cut a series into pairs of past (inputs) and future (targets).

    A window belongs to the part of the rows that holds all its targets. Its inputs
    may reach back before that part, as they would on the day of the forecast; its
    targets never reach beyond it. Windows that touch a gap are left out and counted.

    Windows hold float32, as Keras does. Where that would round values (a meter at
    187,654,321 that rises by 12 in a time step), they hold float64, and so does a
    `simple_lstm.forecasting.forecaster` made of them, until it has taken the level off.
    Keras rounds arrays to float32 on their way into ``model.fit(array)`` and
    ``model.predict(array)``, so give it ``windows.batches()``, or call
    ``model(array)``.

    Parameters
    ----------
    data : pandas.DataFrame, pandas.Series or numpy.ndarray, shape (rows, features)
        The whole series in its own units, evenly spaced in time, not only one part.
    lookback : int
        Time steps that the model sees.
    horizon : int
        Time steps to forecast.
    target : int or str
        The column to forecast.
    known_ahead : pandas.DataFrame or numpy.ndarray, shape (rows or more, k), optional
        What is known in advance at the time of each row, such as the calendar. A
        frame must hold the times of ``data``; more times after them are welcome. Rows
        of an array belong to the rows of ``data`` one by one.
    rows : slice, optional
        The part that must hold all targets, for example ``split.train``.
    stride : int
        Rows from one window to the next.

    Returns
    -------
    Windows
        With ``inputs`` (samples, lookback, features), ``known`` (samples, horizon,
        k), ``targets`` (samples, horizon) and ``starts`` (samples,).

    Raises
    ------
    ValueError
        If there are too few rows for one window, a column is missing or holds text,
        the times are unsorted, doubled or uneven, gaps leave no window, or numbers are
        too large or too small for a model.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import forecasting
    >>> windows = forecasting.make_windows(np.arange(10.0), lookback=3, horizon=2)
    >>> windows.inputs[0, :, 0], windows.targets[0]
    (array([0., 1., 2.], dtype=float32), array([3., 4.], dtype=float32))
    """
    for name, steps in [("lookback", lookback), ("horizon", horizon)]:
        if steps < 1:
            raise ValueError(
                f"make_windows: {name} is {steps}, but must be at least 1."
            )
    if stride < 1:
        raise ValueError(f"make_windows: stride is {stride}, but must be at least 1.")
    if isinstance(data, pd.DataFrame | pd.Series):
        frequency(data.index)
    else:
        data = np.asarray(data)
    values, columns = _as_numbers(data, "data")
    known_values, known_columns = _known(known_ahead, data)
    column = _column_number(target, columns)
    dtypes = {_precision.needed(values, columns, column)}
    if known_values is not None:
        dtypes.add(_precision.needed(known_values, known_columns, None))
        known_values = known_values.astype(max(dtypes), copy=False)
    values = values.astype(max(dtypes), copy=False)  # "float64" comes after "float32"
    starts = _starts(len(values), lookback, horizon, rows, stride)
    complete = _complete(values, known_values, starts, lookback, horizon, column)
    if complete is not None:
        starts, all_starts = starts[complete], starts
        left_out = len(all_starts) - len(starts)
        if not len(starts):
            raise ValueError(
                f"make_windows: every one of the {left_out:,} windows touches a gap "
                "(NaN). Fill short gaps with fill_gaps(frame, limit=...), or take a "
                "shorter lookback."
            )
    else:
        left_out = 0
    return Windows(
        values,
        known_values,
        starts,
        lookback,
        horizon,
        column,
        left_out,
        columns,
        known_columns,
    )


def _as_numbers(
    data: pd.DataFrame | pd.Series | np.ndarray, name: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Floats of shape (rows, columns): float32 without a copy, all else as float64."""
    if isinstance(data, pd.Series):
        data = data.to_frame()
    if isinstance(data, pd.DataFrame):
        for place, (column, dtype) in enumerate(data.dtypes.items()):
            if not pd.api.types.is_numeric_dtype(dtype):
                raise ValueError(
                    f"make_windows: column {column!r} of {name} holds {dtype} values, "
                    "not numbers. Leave it out, or turn it into numbers."
                )
            if pd.api.types.is_integer_dtype(dtype):
                _check_whole_numbers(
                    data.iloc[:, place], f"column {column!r} of {name}"
                )
        columns = tuple(map(str, data.columns))
        single = bool((data.dtypes == np.float32).all())
        array = data.to_numpy(np.float32 if single else np.float64, na_value=np.nan)
    else:
        if data.dtype.kind not in "fiub":
            raise ValueError(
                f"make_windows: {name} holds {data.dtype} values, not numbers."
            )
        array = data[:, np.newaxis] if data.ndim == 1 else data
        if array.ndim != 2:
            raise ValueError(
                f"make_windows: {name} has shape {data.shape}; expected (rows, "
                "features), the series before it is cut into windows."
            )
        columns = tuple(f"column {number}" for number in range(array.shape[1]))
        if array.dtype.kind in "iu":
            _check_whole_numbers(array, name)
        if array.dtype != np.float32:
            array = array.astype(np.float64, copy=False)
    if np.isinf(array).any():
        raise ValueError(
            f"make_windows: {name} holds infinite values. Replace them by NaN if they "
            "stand for a gap."
        )
    return array, columns


def _check_whole_numbers(values: pd.Series | np.ndarray, what: str) -> None:
    """Refuse integers that float64 would round."""
    known = values.dropna() if isinstance(values, pd.Series) else values
    if len(known) and max(int(known.max()), -int(known.min())) > 2**53:
        raise ValueError(
            f"make_windows: {what} holds whole numbers beyond {2**53:,}, which no "
            "float can tell apart. Take a larger unit, column / 1e9, or, if they are "
            "close together, subtract the first one."
        )


def _known(
    known_ahead: pd.DataFrame | np.ndarray | None,
    data: pd.DataFrame | pd.Series | np.ndarray,
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    if known_ahead is None:
        return None, ()
    if not isinstance(known_ahead, np.ndarray) and not isinstance(data, np.ndarray):
        check_sorted(known_ahead.index, place=lambda row: f"row {row} of known_ahead")
        absent = ~data.index.isin(known_ahead.index)
        if absent.any():
            raise ValueError(
                f"make_windows: known_ahead lacks {int(absent.sum()):,} of the times "
                f"of data, first {data.index[absent][0]}."
            )
        later = known_ahead.index[known_ahead.index > data.index[-1]]
        known_ahead = known_ahead.loc[data.index.append(later)]
    if len(known_ahead) < len(data):
        raise ValueError(
            f"make_windows: known_ahead has {len(known_ahead):,} rows, data has "
            f"{len(data):,}. Each row of data needs its own."
        )
    return _as_numbers(known_ahead, "known_ahead")


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


def _starts(
    length: int, lookback: int, horizon: int, rows: slice | None, stride: int
) -> np.ndarray:
    """Row of the first target of every window whose targets all lie in ``rows``."""
    begin, end, step = (rows or slice(None)).indices(length)
    if step != 1:
        raise ValueError(f"make_windows: rows has a step of {step}; use stride=.")
    starts = np.arange(max(begin, lookback), end - horizon + 1, stride, dtype=np.int32)
    if not len(starts):
        raise ValueError(
            f"make_windows: too few rows. A window needs {lookback} rows of lookback "
            f"and then {horizon} rows of horizon; the targets may use rows {begin} to "
            f"{end - 1} of {length:,}. Take a shorter lookback or horizon, or more "
            "data."
        )
    return starts


def _complete(
    values: np.ndarray,
    known_values: np.ndarray | None,
    starts: np.ndarray,
    lookback: int,
    horizon: int,
    target: int,
) -> np.ndarray | None:
    """Which windows touch no NaN, or None if nothing is missing anywhere."""
    spans = [
        (np.isnan(values).any(axis=1), -lookback, 0),
        (np.isnan(values[:, target]), 0, horizon),
    ]
    if known_values is not None:
        spans.append((np.isnan(known_values).any(axis=1), 0, horizon))
    if not any(missing.any() for missing, _, _ in spans):
        return None
    complete = np.ones(len(starts), dtype=bool)
    for missing, first, end in spans:
        before = np.concatenate([[0], np.cumsum(missing, dtype=np.int32)])
        complete &= before[starts + first] == before[starts + end]
    return complete


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


class Batches(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` of windows.

    It is made by `simple_lstm.forecasting.Windows.batches`. Each batch is ``(inputs,
    targets)``, or ``({"inputs": …, "known": …}, targets)`` where something is known
    ahead.

    Parameters
    ----------
    windows : simple_lstm.forecasting.Windows
        The windows to batch.
    batch_size : int
        Windows in a batch; the last batch may be smaller.
    shuffle : bool
        Draw a new order for every pass.
    seed : int
        The same seed gives the same orders.
    """

    def __init__(
        self,
        windows: Windows,
        batch_size: int = 64,
        *,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(
                f"batches(batch_size={batch_size}): a batch needs at least 1 window."
            )
        self.windows = windows
        self.batch_size = batch_size
        self.shuffle = shuffle
        self._random = np.random.default_rng(seed)
        self._starts = windows.starts.copy() if shuffle else windows.starts
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._starts) / self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        starts = self._starts[index * self.batch_size : (index + 1) * self.batch_size]
        inputs = self.windows.inputs_at(starts)
        targets = self.windows.targets_at(starts)
        known = self.windows.known_at(starts)
        if known is None:
            return inputs, targets
        return {"inputs": inputs, "known": known}, targets

    def on_epoch_end(self) -> None:
        """Draw the order of the next pass."""
        if self.shuffle:
            self._random.shuffle(self._starts)
