"""Intervals that hold the truth as often as they say."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from simple_lstm._compared_values import in_reach, same_shape


def conformal_factor(
    y_true: ArrayLike,
    lower: ArrayLike,
    middle: ArrayLike,
    upper: ArrayLike,
    *,
    level: float = 0.9,
) -> np.ndarray:
    """How far to stretch intervals from their middle so that they cover enough.

    This is split conformal calibration. On windows that the model neither learned from
    nor was stopped by, each truth needs some stretch to lie in its interval; the answer
    is the one that is enough for ``level`` of them, with a small correction because
    they are few. Each step of a window to come is then covered with at least this
    probability, if the windows were drawn independently and alike. Neighboring windows
    overlap and times change, so for a series it is an approximation: check it on later
    rows. All steps of a window together are covered less often than each of them.

    Parameters
    ----------
    y_true : array_like, shape (samples,) or (samples, horizon)
        What came in the calibration windows.
    lower, middle, upper : array_like
        Forecasts of them in the same shape: the ends of each interval and a value in
        it, for example the quantiles 0.05, 0.5 and 0.95.
    level : float
        The coverage to reach, between 0 and 1.

    Returns
    -------
    numpy.ndarray, shape () or (horizon,)
        For each step ahead the factor by which to multiply ``upper - middle`` and
        ``lower - middle``; below 1 the intervals were too wide.

    Raises
    ------
    ValueError
        If the shapes differ, a value is missing or infinite, the forecasts are not in
        order, the level is not between 0 and 1, or there are too few samples for it.

    References
    ----------
    Kivaranovic, D., Johnson, K. D., & Leeb, H. (2020). Adaptive, distribution-free
    prediction intervals for deep networks. *AISTATS*, PMLR 108, 4346-4356.

    Romano, Y., Patterson, E., & Candès, E. (2019). Conformalized quantile regression.
    *Advances in Neural Information Processing Systems*, 32.

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import forecasting
    >>> y_true = np.random.default_rng(0).normal(size=1000)
    >>> zeros = np.zeros(1000)
    >>> factor = forecasting.conformal_factor(y_true, zeros - 1, zeros, zeros + 1)
    >>> print(f"{factor:.1f} standard deviations hold 90 %")
    1.6 standard deviations hold 90 %
    """
    true, low, center, high = same_shape(
        "conformal_factor", y_true=y_true, lower=lower, middle=middle, upper=upper
    )
    if not 0 < level < 1:
        raise ValueError(
            f"conformal_factor(level={level}): must lie between 0 and 1, as 0.9 does."
        )
    if (low > center).any() or (center > high).any():
        raise ValueError(
            "conformal_factor: some forecasts are not in the order lower, middle, "
            "upper. Sort the quantiles of each step first: np.sort(quantiles, axis=-1)."
        )
    samples = len(np.atleast_1d(true))
    exact = Fraction(str(float(level)))  # (99 + 1) * 0.55 is above 55
    rank = math.ceil((samples + 1) * exact)  # one more: the window to come
    if rank > samples:
        raise ValueError(
            f"conformal_factor: {samples} samples are too few for a level of {level}; "
            f"give at least {math.ceil(exact / (1 - exact))}."
        )
    # In a unit in which no difference overflows; the factor has none.
    low, center, high, true = in_reach(np.stack([low, center, high, true]))[0]
    side = np.where(true < center, center - low, high - center)
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(true == center, 0.0, np.abs(true - center) / side)
    factor = np.sort(needed, axis=0)[rank - 1]
    if np.isinf(factor).any():
        raise ValueError(
            "conformal_factor: too many intervals have no width on the side where the "
            "truth lies, so that no stretch is enough. Train the model longer."
        )
    return factor
