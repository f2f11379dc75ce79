"""Does a forecast come late? A copy of the last value does, however good it looks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from simple_lstm._compared_values import in_reach, same_shape

_ENOUGH = 30  # points at a shift; with fewer, chance finds a delay where there is none


_SAME = 1e-12  # correlations that differ by no more are the same but for rounding


def forecast_delay(
    y_true: ArrayLike, y_pred: ArrayLike, *, step: int = 1, max_delay: int = 24
) -> int:
    """By how many time steps a forecast comes too late.

    The forecast is moved against the truth, and the shift is kept at which the two
    correlate best; of equal ones the smallest. A model that only repeats the last value
    it saw has a delay of ``step``, however good its plot looks. A delay is a warning,
    not a verdict: where nothing better than the last value can be known, the best
    forecast comes late, too, so compare its error with that of
    `simple_lstm.forecasting.naive`.

    Parameters
    ----------
    y_true, y_pred : array_like, shape (samples,) or (samples, horizon)
        Truth and forecast of windows that start one time step after the other.
    step : int
        Which step ahead to look at, from 1 to the horizon.
    max_delay : int
        The largest shift that is tried, in time steps. It needs 30 samples more: with
        fewer points in common the largest shifts would fit best by chance.

    Returns
    -------
    int
        Between 0 and ``max_delay``.

    Raises
    ------
    ValueError
        If the shapes differ, values are missing or infinite, there are too few samples,
        or truth or forecast is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import forecasting
    >>> y_true = np.random.default_rng(0).normal(size=200)
    >>> copied = np.roll(y_true, 1)
    >>> forecasting.forecast_delay(y_true, copied)
    1
    """
    true, predicted = _at_step(y_true, y_pred, step)
    samples = len(predicted)
    _check(true, predicted, max_delay)
    fits = np.array(
        [
            _correlation(predicted[shift:], true[: samples - shift])
            for shift in range(max_delay + 1)
        ]
    )
    return int(np.argmax(fits >= fits.max() - _SAME))


def _at_step(
    y_true: ArrayLike, y_pred: ArrayLike, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """Truth and forecast of one step ahead, both of shape (samples,)."""
    true, predicted = same_shape("forecast_delay", y_true=y_true, y_pred=y_pred)
    if predicted.ndim not in (1, 2):
        raise ValueError(
            f"forecast_delay: the shape is {predicted.shape}; expected (samples,) or "
            "(samples, horizon). Give one feature or quantile: values[..., 0]."
        )
    if predicted.ndim == 1:
        return true, predicted
    if not 1 <= step <= predicted.shape[1]:
        raise ValueError(
            f"forecast_delay(step={step}): the forecast has steps 1 to "
            f"{predicted.shape[1]}."
        )
    return true[:, step - 1], predicted[:, step - 1]


def _check(true: np.ndarray, predicted: np.ndarray, max_delay: int) -> None:
    if max_delay < 1:
        raise ValueError(
            f"forecast_delay(max_delay={max_delay}): must be 1 or more, as 24 is."
        )
    samples = len(predicted)
    largest = samples - _ENOUGH
    if max_delay > largest:
        enough = f"at least {max_delay + _ENOUGH} samples"
        raise ValueError(
            f"forecast_delay(max_delay={max_delay}): {samples} samples are too few; a "
            f"shift is judged by {_ENOUGH} points or more. Give {enough}"
            + (f", or max_delay={largest}." if largest > 0 else ".")
        )
    for what, values in {"y_true": true, "y_pred": predicted}.items():
        if (values == values[0]).all():
            raise ValueError(
                f"forecast_delay: {what} is constant, so there is no delay. Judge the "
                "forecast by its error, with evaluation.Scoreboard."
            )


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation; minus infinity, which never wins, if one is constant."""
    one, other = _centered(one), _centered(other)
    size = np.linalg.norm(one) * np.linalg.norm(other)
    return float(one @ other / size) if size else -math.inf


def _centered(values: np.ndarray) -> np.ndarray:
    """Values minus their mean, in a unit in which no level and no size does harm."""
    values, _ = in_reach(values)
    moved, _ = in_reach(values - values[0])  # of equal values, all of them 0
    return moved - moved.mean()
