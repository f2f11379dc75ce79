"""Values that are compared with others: numbers or labels, or an error that says why.

NumPy is generous: it makes numbers of text, drops masks and the imaginary part, and
compares "1" with 1. A score made of such values would be wrong without a word.
"""

from __future__ import annotations

from numbers import Real
from types import UnionType

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

EXACT = 2**53  # up to here a float holds every whole number
_FIXES = {
    "M": "Count the time from one moment, in hours for example: "
    "(values - np.datetime64('2000-01-01')) / np.timedelta64(1, 'h').",
    "m": "Give them in a unit, hours for example: values / np.timedelta64(1, 'h').",
    "c": "Give one part of them, np.real(values), or their size, np.abs(values).",
}


def numbers(what: str, values: ArrayLike, *, otherwise: str = "") -> np.ndarray:
    """Finite numbers as float64.

    Parameters
    ----------
    what : str
        What came, to begin the error with: "Scoreboard: the values of y_true".
    values : array_like
        Integers, floats or bools, of any shape.
    otherwise : str
        What to do if they are no numbers and cannot be made into some.

    Raises
    ------
    ValueError
        If there are none, some are missing or infinite, or they are no numbers.
    """
    array = _without_gaps(what, values)
    if array.dtype.kind not in "biuf" and not _all_are(array, Real | np.bool_):
        raise ValueError(
            f"{what} must be numbers; the first is {array.flat[0]!r}, of type "
            f"{array.dtype}. {_fix(array) or otherwise}".rstrip()
        )
    floats = _as_float(array)
    infinite = ~np.isfinite(floats)
    if infinite.any():
        raise ValueError(
            f"{what}: {infinite.sum():,} of {array.size:,} are infinite. Leave them "
            "out, and what they are compared with."
        )
    if array.dtype.kind in "iuO" and (np.abs(floats) > EXACT).any():
        raise ValueError(
            f"{what}: some whole numbers are beyond 2**53, where floats have gaps. "
            "Subtract the same large whole number from all that you compare."
        )
    return floats


def labels(what: str, values: ArrayLike) -> tuple[np.ndarray, str]:
    """Labels as they are, and whether they are "text" or "numbers".

    Parameters
    ----------
    what : str
        What came, to begin the error with: "Scoreboard: the values of y_true".
    values : array_like
        Texts, whole numbers or bools, of any shape.

    Raises
    ------
    ValueError
        If there are none, some are missing, or they are something else.
    """
    array = _without_gaps(what, values)
    if _all_are(array, str):
        return array, "text"
    if array.dtype.kind in "biuf" or _all_are(array, Real | np.bool_):
        with np.errstate(invalid="ignore"):  # of infinities, which have no rest
            whole = array.dtype.kind in "biu" or np.all(array % 1 == 0)
        if not whole:
            raise ValueError(
                f"{what} are not labels: labels are whole numbers or text. Turn "
                "probabilities into labels first: (probability > 0.5).astype(int), or "
                "probabilities.argmax(axis=-1) with one for each class."
            )
        return array, "numbers"
    raise ValueError(
        f"{what} must be labels, whole numbers or text, all of one kind; the first is "
        f"{array.flat[0]!r}. If they mean the right thing as text, give "
        "np.asarray(values).astype(str)."
    )


def in_reach(values: np.ndarray) -> tuple[np.ndarray, int]:
    """Values in a unit in which squares neither overflow nor vanish.

    Parameters
    ----------
    values : numpy.ndarray
        Finite floats.

    Returns
    -------
    scaled : numpy.ndarray
        The values divided by a power of two, which rounds nothing. The largest lies
        between 1/2 and 1, unless all are zero.
    exponent : int
        ``np.ldexp(scaled, exponent)`` gives the values back.
    """
    exponent = int(np.frexp(np.abs(values).max())[1])
    return np.ldexp(values, -exponent), exponent


def same_shape(name: str, **arrays: ArrayLike) -> list[np.ndarray]:
    """Finite numbers as float64, in arrays of one shape.

    Parameters
    ----------
    name : str
        The function that asks, to begin the error with: "forecast_delay".
    **arrays : array_like
        What came, by the names of the arguments.

    Returns
    -------
    list of numpy.ndarray
        In the order in which they came.

    Raises
    ------
    ValueError
        If one of them is not made of finite numbers (see `numbers`), or their shapes
        differ.
    """
    given = {
        key: numbers(f"{name}: the values of {key}", values)
        for key, values in arrays.items()
    }
    if len({array.shape for array in given.values()}) > 1:
        shapes = ", ".join(f"{key} {array.shape}" for key, array in given.items())
        raise ValueError(f"{name}: the shapes differ: {shapes}. Give one of each.")
    return list(given.values())


def _without_gaps(what: str, values: ArrayLike) -> np.ndarray:
    """An array of at least one value, none of them missing."""
    try:
        array = np.asarray(values)
    except ValueError:  # NumPy's own error speaks of inhomogeneous shapes
        raise ValueError(
            f"{what} have rows of different lengths. Give as many values in each."
        ) from None
    if array.dtype.kind in "US" and not hasattr(values, "dtype"):
        array = np.asarray(values, dtype=object)  # in a list of 1 and "a", 1 stays 1
    if not array.size:
        raise ValueError(f"{what}: there are none. Give at least one.")
    missing = np.ma.getmaskarray(values) if np.ma.isMA(values) else pd.isna(array)
    if np.any(missing):
        raise ValueError(
            f"{what}: {np.sum(missing):,} of {array.size:,} are missing (NaN). Leave "
            "them out, and what they are compared with."
        )
    return array


def _all_are(array: np.ndarray, kind: type | UnionType) -> bool:
    if array.dtype.kind == "U":
        return kind is str
    return array.dtype.kind == "O" and all(isinstance(one, kind) for one in array.flat)


def _as_float(array: np.ndarray) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    except OverflowError:  # of a whole number with more than 308 digits
        return np.full(array.shape, np.inf)


def _fix(array: np.ndarray) -> str:
    if array.dtype.kind in _FIXES:
        return _FIXES[array.dtype.kind]
    try:
        array.astype(float)
    except (ValueError, TypeError):
        return ""
    return "If that is a number, give np.asarray(values, dtype=float)."
