"""What an LSTM has to beat on a series: forecasts from windows.

The first three repeat the series itself. Ridge regression and gradient boosting get the
same windows as the LSTM.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from simple_lstm.forecasting._time_index import following
from simple_lstm.forecasting.windows import Windows


MOST_NUMBERS = 50_000_000
"""In the table that `gradient_boosting` learns from: 400 MB, at 8 bytes each."""


_AT_ONCE = 1_000_000  # numbers of such a table that are put together at a time


def repeat_last(series: ArrayLike, starts: ArrayLike, horizon: int) -> np.ndarray:
    """Forecast that nothing changes: the last value before the start, held.

    Parameters
    ----------
    series : array_like, shape (rows,)
        Evenly spaced values.
    starts : array_like of int, shape (samples,)
        For each forecast its first row, not yet known.
    horizon : int
        Time steps to forecast.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the series.

    Raises
    ------
    ValueError
        If it needs a row that the series does not have.

    Examples
    --------
    >>> from simple_lstm import forecasting
    >>> forecasting.repeat_last([1, 2, 3, 4], starts=[2, 4], horizon=2)
    array([[2., 2.],
           [4., 4.]])
    """
    rows = np.asarray(starts)[:, np.newaxis] - np.ones(horizon, dtype=int)
    return _look_up(series, rows)


def repeat_season(
    series: ArrayLike, starts: ArrayLike, horizon: int, *, period: int
) -> np.ndarray:
    """Forecast that the last season comes again, step by step.

    Parameters
    ----------
    series : array_like, shape (rows,)
        Evenly spaced values.
    starts : array_like of int, shape (samples,)
        For each forecast its first row, not yet known.
    horizon : int
        Time steps to forecast. Beyond one period the last known season is repeated.
    period : int
        Time steps in a season: 24 for a day of hours, 168 for a week of hours.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the series.

    Raises
    ------
    ValueError
        If it needs a row that the series does not have, or the period is below 1.

    Examples
    --------
    >>> from simple_lstm import forecasting
    >>> forecasting.repeat_season([1, 2, 3, 4], starts=[4], horizon=3, period=2)
    array([[3., 4., 3.]])
    """
    return _look_up(series, _season_rows(starts, horizon, period))


def typical_season(
    series: ArrayLike,
    starts: ArrayLike,
    horizon: int,
    *,
    period: int,
    seasons: int = 4,
) -> np.ndarray:
    """Forecast the median of the last few seasons, step by step.

    With hourly data and ``period=168`` this is a typical week: for Monday 8:00 the
    median of the last four Mondays at 8:00. One holiday among them does no harm.

    Parameters
    ----------
    series : array_like, shape (rows,)
        Evenly spaced values; NaN among them is passed over.
    starts : array_like of int, shape (samples,)
        For each forecast its first row, not yet known.
    horizon : int
        Time steps to forecast. Beyond one period the last known seasons are repeated.
    period : int
        Time steps in a season.
    seasons : int
        How many seasons the median is taken of.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the series; NaN where all the values looked back on are.

    Raises
    ------
    ValueError
        If it needs a row that the series does not have, or the period or the number
        of seasons is below 1.

    Examples
    --------
    >>> from simple_lstm import forecasting
    >>> series = [1, 10, 3, 10, 5, 10]
    >>> forecasting.typical_season(series, starts=[6], horizon=2, period=2, seasons=3)
    array([[ 3., 10.]])
    """
    if seasons < 1:
        raise ValueError(f"seasons={seasons}: the median needs at least 1 season.")
    latest = _season_rows(starts, horizon, period)
    values = np.stack(
        [_look_up(series, latest - back * period) for back in range(seasons)]
    )
    known = ~np.isnan(values).all(axis=0)
    medians = np.full(latest.shape, np.nan)
    medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians


def typical_ahead(
    series: pd.Series, horizon: int, *, period: int, seasons: int = 4
) -> pd.Series:
    """The typical season at the time of every row, and of the horizon after the last.

    For a model that is told a first guess of what comes (``known_ahead`` and
    ``correct``): the guess for any time was known a whole period before.

    Parameters
    ----------
    series : pandas.Series, shape (rows,)
        Evenly spaced in time; NaN is passed over.
    horizon : int
        Time steps of a forecast. No more than a period, or the guess for its last steps
        would look at rows that are not yet known when it is made.
    period : int
        Time steps in a season.
    seasons : int
        How many seasons the median is taken of.

    Returns
    -------
    pandas.Series, shape (rows + horizon,)
        In the units of the series, NaN in the first seasons, with all the times as
        index.

    Raises
    ------
    ValueError
        If the horizon is longer than a period, there are fewer rows than those seasons,
        or the times are unsorted, doubled or uneven.

    Examples
    --------
    >>> import pandas as pd
    >>> from simple_lstm import forecasting
    >>> days = pd.date_range("2024-01-01", periods=6)
    >>> series = pd.Series([1, 10, 3, 10, 5, 10], days)
    >>> forecasting.typical_ahead(series, 2, period=2, seasons=3).tail(2).tolist()
    [3.0, 10.0]
    """
    if not 1 <= horizon <= period:
        raise ValueError(
            f"typical_ahead: a horizon of {horizon} steps and a period of {period}. "
            "The horizon must be at least 1 and no longer than the period; give a "
            "multiple of the period as period."
        )
    later, first = following(series.index, horizon), seasons * period
    if len(series) < first:
        raise ValueError(
            f"typical_ahead: {len(series):,} rows are less than the {seasons} "
            f"seasons of {period} steps that it looks back on. Give more rows or "
            "fewer seasons."
        )
    rows = np.arange(first, len(series) + horizon)
    times = series.index.union(later)
    values = np.full(len(times), np.nan)
    values[rows] = typical_season(series, rows, 1, period=period, seasons=seasons)[:, 0]
    return pd.Series(values, times, name=f"typical {series.name}")


def ridge(train: Windows, windows: Windows, *, alpha: float = 1.0) -> np.ndarray:
    """Linear regression with a penalty, on the same inputs as the LSTM.

    Every input of a window, past and known ahead, is one column, scaled on the
    training windows; each step of the horizon has its own weights.

    Parameters
    ----------
    train : simple_lstm.forecasting.Windows
        Windows to learn from.
    windows : simple_lstm.forecasting.Windows
        Windows to forecast.
    alpha : float
        Strength of the penalty, for inputs of standard deviation 1.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the targets.

    References
    ----------
    Hoerl, A. E., & Kennard, R. W. (1970). Ridge regression: biased estimation for
    nonorthogonal problems. *Technometrics*, 12(1), 55-67.
    """
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), Ridge(alpha))
    model.fit(_flat(train), train.targets)
    return model.predict(_flat(windows)).reshape(len(windows), windows.horizon)


def gradient_boosting(
    train: Windows,
    windows: Windows,
    *,
    correct: str | None = None,
    quantile: float | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Boosted decision trees, on the same inputs as the LSTM.

    One model for all steps of the horizon: a row of its table is one step of one
    window, with the whole past, what is known ahead of that step, and its number.

    The table has windows × horizon rows and lookback × features + 1 + k columns. If
    that is more than 50 million numbers (``baselines.MOST_NUMBERS``), the trees learn
    from as many rows as fit, drawn at random from all windows, and a printed line says
    how many. To choose the windows yourself, give fewer: ``make_windows(...,
    stride=...)``. Learning takes up to 16 bytes for each number: 800 MB at most.

    Parameters
    ----------
    train : simple_lstm.forecasting.Windows
        Windows to learn from.
    windows : simple_lstm.forecasting.Windows
        Windows to forecast.
    correct : str, optional
        A column known ahead that is a first guess; the trees then learn what has to
        be added to it.
    quantile : float, optional
        Learn this quantile of the targets, between 0 and 1, instead of the median.
    seed : int
        The same seed gives the same choice of steps and the same trees.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the targets.

    Raises
    ------
    ValueError
        If the quantile is not between 0 and 1, or ``correct`` is not the name of a
        column known ahead.

    References
    ----------
    Ke, G., et al. (2017). LightGBM: a highly efficient gradient boosting decision
    tree. *Advances in Neural Information Processing Systems*, 30.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    if quantile is not None and not 0 < quantile < 1:
        raise ValueError(
            f"gradient_boosting(quantile={quantile}): must lie between 0 and 1, as "
            "0.95 does."
        )
    model = HistGradientBoostingRegressor(
        loss="absolute_error" if quantile is None else "quantile",
        quantile=quantile,
        early_stopping=False,
        random_state=seed,
    )
    chosen = _choice(train, seed)
    missed = (train.targets - _guess(train, correct)).ravel()
    model.fit(_by_step(train, chosen), missed[chosen])
    added = np.empty(windows.targets.shape)
    for part in _parts(added.size, _width(windows)):
        added.flat[part] = model.predict(_by_step(windows, np.arange(added.size)[part]))
    return _guess(windows, correct) + added


def _season_rows(starts: ArrayLike, horizon: int, period: int) -> np.ndarray:
    """For each step ahead the latest row before the start in the same phase."""
    if period < 1:
        raise ValueError(f"period={period}: a season has at least 1 time step.")
    return np.asarray(starts)[:, np.newaxis] - period + np.arange(horizon) % period


def _look_up(series: ArrayLike, rows: np.ndarray) -> np.ndarray:
    values = np.asarray(series, dtype=float)
    if values.ndim != 1:
        raise ValueError(
            f"the series has shape {values.shape}; expected (rows,): one column, as "
            "in frame['vehicles']."
        )
    if rows.size and (rows.min() < 0 or rows.max() >= len(values)):
        raise ValueError(
            f"a forecast looks back on rows {rows.min()} to {rows.max()}, but the "
            f"series has the rows 0 to {len(values) - 1}. Start later, or look back "
            "less far."
        )
    return values[rows]


def _flat(windows: Windows) -> np.ndarray:
    """Every input of a window in one row: (samples, lookback × features + …)."""
    parts = [windows.inputs.reshape(len(windows), -1)]
    if windows.known is not None:
        parts.append(windows.known.reshape(len(windows), -1))
    return np.concatenate(parts, axis=1)


def _width(windows: Windows) -> int:
    """Numbers that are known of one step of one window."""
    past = windows.lookback * len(windows.columns)
    return past + 1 + len(windows.known_columns)


def _choice(train: Windows, seed: int) -> np.ndarray:
    """Which steps of the windows to learn from: all, or as many as have room."""
    steps = len(train) * train.horizon
    room = max(1, MOST_NUMBERS // _width(train))
    if steps <= room:
        return np.arange(steps)
    print(
        f"gradient_boosting: learns from {room:,} of the {steps:,} steps of its "
        f"training windows, drawn at random; all are {steps * _width(train):,} numbers."
    )
    random = np.random.default_rng(seed)
    return np.sort(random.choice(steps, room, replace=False))


def _parts(rows: int, width: int) -> list[slice]:
    """All rows of a table, not too many at a time."""
    size = max(1, _AT_ONCE // width)
    return [slice(start, start + size) for start in range(0, rows, size)]


def _by_step(windows: Windows, chosen: np.ndarray) -> np.ndarray:
    """What is known of the chosen steps, all windows one after the other.

    Shape (chosen, inputs), in float64: scikit-learn would make a copy of anything else.
    """
    table = np.empty((len(chosen), _width(windows)))
    for part in _parts(*table.shape):
        sample, step = np.divmod(chosen[part], windows.horizon)
        starts = windows.starts[sample]
        columns = [
            windows.inputs_at(starts).reshape(len(step), -1),
            step[:, np.newaxis],
        ]
        if windows.known_values is not None:
            columns.append(windows.known_values[starts + step])
        np.concatenate(columns, axis=1, out=table[part])
    return table


def _guess(windows: Windows, correct: str | None) -> np.ndarray:
    """The column that is corrected, shape (samples, horizon), or zeros."""
    if correct is None:
        return np.zeros((len(windows), windows.horizon), dtype=np.float32)
    column = windows.known_column(correct)
    assert windows.known is not None  # or there were no such column
    return windows.known[..., column]
