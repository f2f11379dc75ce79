"""How many digits a series needs: float32 where it can, float64 where it must.

float32 keeps about seven digits. A meter that stands at 187,654,321 and rises by 12 in
a time step needs more: float32 moves its readings by up to 8. Such a series stays
float64 until a model has taken its level off; what is left fits float32 again.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

LARGEST, SMALLEST = 1e30, 1e-30  # so that no loss overflows or vanishes in float32


def level_and_spread(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each column, 1 for one that never changes.

    Parameters
    ----------
    rows : numpy.ndarray, shape (rows, columns)
        In any units. NaN is passed over.

    Returns
    -------
    levels, spreads : numpy.ndarray, float64, shape (columns,)
        In the units of the columns.
    """
    pairs = [_level_and_spread(column[~np.isnan(column)]) for column in rows.T]
    levels, spreads = np.array(pairs).T
    return levels, spreads


def as_numbers(
    data: pd.DataFrame | pd.Series | np.ndarray, name: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Floats of shape (rows, columns), and the names of the columns.

    float32 stays float32, without a copy; all else becomes float64.

    Raises
    ------
    ValueError
        If it holds text or infinite values, integers that no float tells apart, or has
        more than two axes.
    """
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


def needed(values: np.ndarray, columns: tuple[str, ...], target: int | None) -> str:
    """The precision that keeps a series what it is, or an error if none does.

    Parameters
    ----------
    values : numpy.ndarray, shape (rows, columns)
        The series in its own units, as exact as it came.
    columns : tuple of str
        Names for the error.
    target : int or None
        The column to forecast: of it every single time step has to stay right.

    Returns
    -------
    {"float32", "float64"}
        float64 if rounding to float32 moves a value by more than a ten-thousandth of
        the spread of its column, or one of the target by more than a thousandth of what
        it usually changes in a time step.

    Raises
    ------
    ValueError
        If a column holds no number, values are larger than 1e30 or vary by less than
        1e-30, or the target
        changes so little in a time step that not even float64 helps a model.
    """
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        raise ValueError(
            f"make_windows: column {columns[empty.argmax()]!r} holds no number. Leave "
            f"it out: frame.drop(columns=[{columns[empty.argmax()]!r}])."
        )
    _check_range(values, columns)
    if values.dtype == np.float32:
        return "float32"
    error = np.fmax.reduce(np.abs(values.astype(np.float32) - values), axis=0)
    constant = np.fmax.reduce(values, axis=0) == np.fmin.reduce(values, axis=0)
    if target is not None:
        constant[target] = False  # its forecasts are those digits
    error[constant] = 0
    allowed = 1e-4 * level_and_spread(values)[1]
    if target is not None:
        step = _usual_step(values[:, target])
        allowed[target] = min(allowed[target], 1e-3 * step)
    if not (error > allowed).any():
        return "float32"
    if target is not None:
        _check_steps(values[:, target], step, columns[target])
    return "float64"


def _level_and_spread(column: np.ndarray) -> tuple[float, float]:
    values = column.astype(np.float64)
    level, spread = values.mean(), values.std()
    changes = values.max() > values.min()
    # Less than that is float64's own rounding.
    return level, spread if changes and spread > 1e-14 * abs(level) else 1.0


def _check_range(values: np.ndarray, columns: tuple[str, ...]) -> None:
    largest, smallest = np.fmax.reduce(values, axis=0), np.fmin.reduce(values, axis=0)
    for name, most, least in zip(columns, largest, smallest, strict=True):
        if max(most, -least) > LARGEST or 0 < most - least < SMALLEST:
            raise ValueError(
                f"make_windows: column {name!r} holds values from {least:.3g} to "
                f"{most:.3g}. Numbers beyond {LARGEST:g}, and differences below "
                f"{SMALLEST:g}, overflow or vanish in a model. Take another unit: "
                f"frame / {max(most, -least):.0e}."
            )


def _usual_step(series: np.ndarray) -> float:
    """What a series usually changes in a time step in which it changes."""
    steps = np.abs(np.diff(series))
    steps = steps[steps > 0]  # NaN is not
    return float(np.median(steps)) if len(steps) else np.inf


def _check_steps(series: np.ndarray, step: float, name: str) -> None:
    """Refuse a target whose steps are lost in float32 even without its level."""
    levels, spreads = level_and_spread(series[:, np.newaxis])
    scaled = (series - levels) / spreads
    error = np.nanmean(np.abs(scaled.astype(np.float32) - scaled)) * spreads[0]
    if error > step / 4:
        raise ValueError(
            f"make_windows: column {name!r} usually changes by {step:.3g} in a time "
            f"step, but holds values from {np.nanmin(series):.6g} to "
            f"{np.nanmax(series):.6g}: no model that computes in float32 can tell two "
            "neighbors apart. Forecast its changes, frame.diff().iloc[1:], or, if it "
            "grows by a factor, np.log(frame). Set values that cannot be true to NaN, "
            "and round away changes that mean nothing: frame.round(3)."
        )


def _check_whole_numbers(values: pd.Series | np.ndarray, what: str) -> None:
    """Refuse integers that float64 would round."""
    known = values.dropna() if isinstance(values, pd.Series) else values
    if len(known) and max(int(known.max()), -int(known.min())) > 2**53:
        raise ValueError(
            f"make_windows: {what} holds whole numbers beyond {2**53:,}, which no "
            "float can tell apart. Take a larger unit, column / 1e9, or, if they are "
            "close together, subtract the first one."
        )
