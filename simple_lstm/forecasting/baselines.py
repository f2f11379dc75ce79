"""What an LSTM has to beat on a series. Each takes windows and returns forecasts.

The first three repeat the series itself. Ridge regression and gradient boosting learn
from the same windows as the LSTM.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from simple_lstm.forecasting._time_index import following
from simple_lstm.forecasting.windows import Windows

MOST_NUMBERS = 50_000_000
"""In the table that `gradient_boosting` learns from: 400 MB, at 8 bytes each."""


_AT_ONCE = 1_000_000  # numbers of such a table that are put together at a time


def naive(windows: Windows) -> np.ndarray:
    """Forecast that nothing changes: the last value before the origin, held.

    Parameters
    ----------
    windows : Windows
        Windows to forecast.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the targets.

    References
    ----------
    Hyndman, R. J., & Athanasopoulos, G. (2021). *Forecasting: principles and practice*
    (3rd ed.), section 5.2. OTexts. https://otexts.com/fpp3/

    Examples
    --------
    >>> from simple_lstm import forecasting
    >>> windows = forecasting.make_windows([1.0, 2, 3, 4, 5], lookback=2, horizon=2)
    >>> forecasting.naive(windows)
    array([[2., 2.],
           [3., 3.]])
    """
    last = windows.values[windows.origins - 1, windows.target].astype(float)
    return np.repeat(last[:, np.newaxis], windows.horizon, axis=1)


def seasonal_naive(windows: Windows, *, period: int) -> np.ndarray:
    """Forecast that the last season comes again, step by step.

    Where a value is missing (NaN), the one of the season before is taken.

    Parameters
    ----------
    windows : Windows
        Windows to forecast. The season may begin before their lookback.
    period : int
        Time steps in a season: 24 for a day of hours, 168 for a week of hours. Beyond
        one period of the horizon the last known season is repeated.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the targets.

    Raises
    ------
    ValueError
        If it needs a row before the first one, or the period is below 1.

    References
    ----------
    Hyndman, R. J., & Athanasopoulos, G. (2021). *Forecasting: principles and practice*
    (3rd ed.), section 5.2. OTexts. https://otexts.com/fpp3/

    Examples
    --------
    >>> from simple_lstm import forecasting
    >>> series = [1.0, 2, 3, 4, 5, 6, 7]
    >>> windows = forecasting.make_windows(series, 4, horizon=3)
    >>> forecasting.seasonal_naive(windows, period=2)
    array([[3., 4., 3.]])
    """
    series, rows = _target(windows), _last_season(windows, period, "seasonal_naive")
    _check_rows(rows, windows, "seasonal_naive")
    while (missing := np.isnan(series[rows])).any():
        rows[missing] -= period
        _check_rows(rows, windows, "seasonal_naive")
    return series[rows]


def seasonal_median(windows: Windows, *, period: int, seasons: int = 4) -> np.ndarray:
    """Forecast the median of the last few seasons, step by step.

    With hourly data and ``period=168`` this is a typical week: for Monday 8:00 the
    median of the last four Mondays at 8:00. One holiday among them does no harm.

    Parameters
    ----------
    windows : Windows
        Windows to forecast. The seasons may begin before their lookback; missing values
        (NaN) in them are ignored.
    period : int
        Time steps in a season. Beyond one period of the horizon the last known seasons
        are repeated.
    seasons : int
        How many seasons the median is taken of.

    Returns
    -------
    numpy.ndarray, shape (samples, horizon)
        In the units of the targets.

    Raises
    ------
    ValueError
        If it needs a row before the first one, a value is missing in all seasons, or
        the period or the number of seasons is below 1.

    Examples
    --------
    >>> from simple_lstm import forecasting
    >>> series = [1.0, 10, 3, 10, 5, 10, 7, 10]
    >>> windows = forecasting.make_windows(series, 6, horizon=2)
    >>> forecasting.seasonal_median(windows, period=2, seasons=3)
    array([[ 3., 10.]])
    """
    if seasons < 1:
        raise ValueError(
            f"seasonal_median(seasons={seasons}): the median needs at least 1 season."
        )
    rows = _last_season(windows, period, "seasonal_median")
    _check_rows(rows - (seasons - 1) * period, windows, "seasonal_median")
    forecasts = _medians(_target(windows), rows, period, seasons)
    missing = np.isnan(forecasts)
    if missing.any():
        first = int(windows.origins[missing.any(axis=1)][0])
        raise ValueError(
            f"seasonal_median(seasons={seasons}): {missing.sum():,} values, the first "
            f"for the origin {first}, are missing in all of the last {seasons} "
            "seasons. Give more seasons, or fill the gaps before you make windows: "
            "fill_gaps(frame, limit=...)."
        )
    return forecasts


def seasonal_median_covariate(
    series: pd.Series, horizon: int, *, period: int, seasons: int = 4
) -> pd.Series:
    """The seasonal median at the time of every row, and of the horizon after the last.

    For a model that is told a first guess (``future_covariates`` and ``residual_of``):
    the guess for any time was known a whole period before.

    Parameters
    ----------
    series : pandas.Series, shape (rows,)
        Evenly spaced in time; missing values (NaN) are ignored.
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
        or the times are unsorted, duplicate or uneven.

    Examples
    --------
    >>> import pandas as pd
    >>> from simple_lstm import forecasting
    >>> days = pd.date_range("2024-01-01", periods=6)
    >>> series = pd.Series([1, 10, 3, 10, 5, 10], days)
    >>> guess = forecasting.seasonal_median_covariate(series, 2, period=2, seasons=3)
    >>> guess.tail(2).tolist()
    [3.0, 10.0]
    """
    call = "seasonal_median_covariate"
    if not 1 <= horizon <= period:
        raise ValueError(
            f"{call}: a horizon of {horizon} steps and a period of {period}. The "
            "horizon must be at least 1 and no longer than the period; give a multiple "
            "of the period as period."
        )
    if seasons < 1:
        raise ValueError(
            f"{call}(seasons={seasons}): the median needs at least 1 season."
        )
    later, first = following(series.index, horizon), seasons * period
    if len(series) < first:
        raise ValueError(
            f"{call}: {len(series):,} rows are less than the {seasons} seasons of "
            f"{period} steps that it looks back on. Give more rows or fewer seasons."
        )
    rows = np.arange(first, len(series) + horizon)
    times = series.index.union(later)
    values = np.full(len(times), np.nan)
    known = series.to_numpy(float, na_value=np.nan)
    values[rows] = _medians(known, rows - period, period, seasons)
    return pd.Series(values, times, name=f"seasonal median of {series.name}")


def ridge(train: Windows, windows: Windows, *, alpha: float = 1.0) -> np.ndarray:
    """Linear regression with a penalty, on the same inputs as the LSTM.

    Every input of a window, past and future covariates, is one column, scaled on the
    training windows; each step of the horizon has its own weights.

    Parameters
    ----------
    train : Windows
        Windows to learn from.
    windows : Windows
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
    return model.predict(_flat(windows)).reshape(len(windows.origins), windows.horizon)


def gradient_boosting(
    train: Windows,
    windows: Windows,
    *,
    residual_of: str | None = None,
    quantile: float | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Boosted decision trees, on the same inputs as the LSTM.

    One model for all steps of the horizon: a row of its table is one step of one
    window, with the whole past, the future covariates of that step, and its number.

    The table has windows × horizon rows and lookback × features + 1 + k columns. If
    that is more than 50 million numbers, the trees learn from as many rows as fit,
    drawn at random from all windows, and a printed line says how many. To choose the
    windows yourself, give fewer: ``make_windows(..., stride=...)``. Learning takes up
    to 16 bytes for each number: 800 MB at most.

    Parameters
    ----------
    train : Windows
        Windows to learn from.
    windows : Windows
        Windows to forecast.
    residual_of : str, optional
        A future covariate that is a first guess; the trees then learn what has to
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
        If the quantile is not between 0 and 1, or ``residual_of`` is not the name of a
        future covariate.

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
    missed = (train.targets - _guess(train, residual_of)).ravel()
    model.fit(_by_step(train, chosen), missed[chosen])
    added = np.empty(windows.targets.shape)
    for part in _parts(added.size, _width(windows)):
        added.flat[part] = model.predict(_by_step(windows, np.arange(added.size)[part]))
    return _guess(windows, residual_of) + added


def _target(windows: Windows) -> np.ndarray:
    """The column to forecast, as float64: (rows,)."""
    return windows.values[:, windows.target].astype(float)


def _last_season(windows: Windows, period: int, call: str) -> np.ndarray:
    """For each step ahead the latest row before the origin in the same phase."""
    if period < 1:
        raise ValueError(f"{call}(period={period}): a season has at least 1 time step.")
    ahead = np.arange(windows.horizon) % period
    return windows.origins[:, np.newaxis].astype(int) - period + ahead


def _check_rows(rows: np.ndarray, windows: Windows, call: str) -> None:
    early = rows.min(axis=1) < 0
    if early.any():
        last = int(windows.origins[early][-1])
        raise ValueError(
            f"{call}: {early.sum():,} windows, the last with origin {last}, look back "
            "beyond the first row of the series. Make windows that begin later, of "
            f"one part at a time: rows=slice({last + 1}, split.train.stop), or "
            f"rows=slice({last + 1}, None) without a split."
        )


def _medians(
    series: np.ndarray, rows: np.ndarray, period: int, seasons: int
) -> np.ndarray:
    """The median at these rows and in the seasons before; NaN if all are missing."""
    values = np.stack([series[rows - back * period] for back in range(seasons)])
    known = ~np.isnan(values).all(axis=0)
    medians = np.full(rows.shape, np.nan)
    medians[known] = np.nanmedian(values[:, known], axis=0)
    return medians


def _flat(windows: Windows) -> np.ndarray:
    """Every input of a window in one row: (samples, lookback × features + …)."""
    parts = [windows.past.reshape(len(windows.origins), -1)]
    if windows.future is not None:
        parts.append(windows.future.reshape(len(windows.origins), -1))
    return np.concatenate(parts, axis=1)


def _width(windows: Windows) -> int:
    """Numbers that are known of one step of one window."""
    past = windows.lookback * len(windows.columns)
    return past + 1 + len(windows.future_columns)


def _choice(train: Windows, seed: int) -> np.ndarray:
    """Which steps of the windows to learn from: all, or as many as have room."""
    steps = len(train.origins) * train.horizon
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
        origins = windows.origins[sample]
        columns = [
            windows.past_at(origins).reshape(len(step), -1),
            step[:, np.newaxis],
        ]
        if windows.future_values is not None:
            columns.append(windows.future_values[origins + step])
        np.concatenate(columns, axis=1, out=table[part])
    return table


def _guess(windows: Windows, residual_of: str | None) -> np.ndarray:
    """The first guess, shape (samples, horizon), or zeros."""
    if residual_of is None:
        return np.zeros((len(windows.origins), windows.horizon), dtype=np.float32)
    column = windows.future_column(residual_of)
    assert windows.future is not None  # or there were no such column
    return windows.future[..., column]
