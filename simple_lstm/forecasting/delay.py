"""Does a forecast come late? A copy of the last value does, however good it looks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from simple_lstm import _values


_ENOUGH = 30  # points at a shift; with fewer, chance finds a lag where there is none


_SAME = 1e-12  # correlations that differ by no more are the same but for rounding


def lag(
    prediction: ArrayLike, truth: ArrayLike, *, step: int = 1, max_lag: int = 24
) -> int:
    """By how many time steps the forecast comes too late.

    The forecast is moved against the truth, and the shift is kept at which the two
    correlate best; of equal ones the smallest. A model that only repeats the last value
    it saw has a lag of ``step``, however good its plot looks. A lag is a warning, not a
    verdict: where nothing better than the last value can be known, the best forecast
    lags, too, so compare its error with that of `simple_lstm.forecasting.repeat_last`.

    Parameters
    ----------
    prediction, truth : array_like, shape (samples,) or (samples, horizon)
        Forecast and truth of windows that start one time step after the other.
    step : int
        Which step ahead to look at, from 1 to the horizon.
    max_lag : int
        The largest shift that is tried, in time steps. It needs 30 samples more: with
        fewer points in common the largest shifts would fit best by chance.

    Returns
    -------
    int
        Between 0 and ``max_lag``.

    Raises
    ------
    ValueError
        If the shapes differ, values are missing or infinite, there are too few samples,
        or forecast or truth is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import forecasting
    >>> truth = np.random.default_rng(0).normal(size=200)
    >>> copied = np.roll(truth, 1)
    >>> forecasting.lag(copied, truth)
    1
    """
    predicted, true = _at_step(prediction, truth, step)
    samples = len(predicted)
    _check_for_lag(predicted, true, max_lag)
    fits = np.array(
        [
            _correlation(predicted[shift:], true[: samples - shift])
            for shift in range(max_lag + 1)
        ]
    )
    return int(np.argmax(fits >= fits.max() - _SAME))


def _at_step(
    prediction: ArrayLike, truth: ArrayLike, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """Forecast and truth of one step ahead, both of shape (samples,)."""
    predicted, true = _same_shape("lag", prediction=prediction, truth=truth)
    if predicted.ndim not in (1, 2):
        raise ValueError(
            f"lag: the shape is {predicted.shape}; expected (samples,) or (samples, "
            "horizon). Give one feature or quantile: values[..., 0]."
        )
    if predicted.ndim == 1:
        return predicted, true
    if not 1 <= step <= predicted.shape[1]:
        raise ValueError(
            f"lag(step={step}): the forecast has steps 1 to {predicted.shape[1]}."
        )
    return predicted[:, step - 1], true[:, step - 1]


def _check_for_lag(predicted: np.ndarray, true: np.ndarray, max_lag: int) -> None:
    if max_lag < 1:
        raise ValueError(f"lag(max_lag={max_lag}): must be 1 or more, as 24 is.")
    samples = len(predicted)
    largest = samples - _ENOUGH
    if max_lag > largest:
        enough = f"at least {max_lag + _ENOUGH} samples"
        raise ValueError(
            f"lag(max_lag={max_lag}): {samples} samples are too few; a shift is judged "
            f"by {_ENOUGH} points or more. Give {enough}"
            + (f", or max_lag={largest}." if largest > 0 else ".")
        )
    for what, values in {"forecast": predicted, "truth": true}.items():
        if (values == values[0]).all():
            raise ValueError(
                f"lag: the {what} is constant, so it has no lag. Judge the forecast by "
                "its error, with evaluation.Scoreboard."
            )


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation; minus infinity, which never wins, if one is constant."""
    one, other = _centered(one), _centered(other)
    size = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / size) if size else -math.inf


def _centered(values: np.ndarray) -> np.ndarray:
    """Values minus their mean, in a unit in which no level and no size does harm."""
    values, _ = _in_reach(values)
    moved, _ = _in_reach(values - values[0])  # of equal values, all of them 0
    return moved - moved.mean()
