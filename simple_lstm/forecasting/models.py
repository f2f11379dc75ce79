"""A Keras model of stock layers that forecasts, and forecasts from it.

The scaling is part of the model: it takes values in their own units and answers in
them. `keras.saving.load_model` opens a saved model where simple_lstm is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import layers

from simple_lstm._keras_layers import full_precision
from simple_lstm.forecasting._float_precision import LARGEST, level_and_spread
from simple_lstm.forecasting._time_index import following
from simple_lstm.forecasting.windows import Windows


def forecaster(
    train: Windows,
    *,
    units: int = 32,
    residual_of: str | None = None,
    quantiles: Sequence[float] | None = None,
    learning_rate: float = 3e-3,
    seed: int = 0,
) -> keras.Model:
    """A compiled LSTM that forecasts the next steps of a series.

    One LSTM reads the past. Without future covariates, a dense layer turns its last
    state into all steps of the horizon. With them, a second LSTM starts from that
    state and reads what is known of each step to come.

    Parameters
    ----------
    train : Windows
        The training windows in their own units; the scaling is taken from the rows
        they touch and from no others.
    units : int
        Size of the state of each LSTM.
    residual_of : str, optional
        A future covariate that is a first guess of the target, in its units. The
        model then learns what has to be added, and starts as that guess.
    quantiles : sequence of float, optional
        Levels between 0 and 1, from low to high, for example ``(0.05, 0.5, 0.95)``. The
        model then says for each step below which values the truth falls with these
        probabilities. They never cross: the answers for a step are sorted.
    learning_rate : float
        Of the Adam optimizer.
    seed : int
        Of the weights, and of Keras' other random numbers.

    Returns
    -------
    keras.Model
        From (batch, lookback, features), or ``{"past": the same, "future": (batch,
        horizon, k)}``, to (batch, horizon) in the units of the target, or to (batch,
        horizon, quantiles). It is compiled with the mean absolute error, or with the
        mean pinball loss of its quantiles. That loss is not part of Keras, so save such
        a model without it: ``keras.Model(model.input, model.output).save(path)``. If
        the windows hold float64, so do its inputs and answers, and only what lies
        between is float32.

    Raises
    ------
    ValueError
        If ``residual_of`` is not the name of a future covariate, or the quantiles are
        not levels from low to high.

    References
    ----------
    Sutskever, I., Vinyals, O., & Le, Q. V. (2014). Sequence to sequence learning with
    neural networks. *Advances in Neural Information Processing Systems*, 27.

    Koenker, R., & Bassett, G. (1978). Regression quantiles. *Econometrica*, 46(1),
    33-50. (The pinball loss.)

    Chernozhukov, V., Fernández-Val, I., & Galichon, A. (2010). Quantile and probability
    curves without crossing. *Econometrica*, 78(3), 1093-1125. (Why sorting helps.)

    Examples
    --------
    >>> import numpy as np
    >>> from simple_lstm import forecasting
    >>> train = forecasting.make_windows(np.sin(np.arange(200)), 12, 3)
    >>> forecasting.forecaster(train, units=8).output_shape
    (None, 3)
    >>> forecasting.forecaster(train, units=8, quantiles=(0.05, 0.95)).output_shape
    (None, 3, 2)
    """
    levels = [0.5] if quantiles is None else _check_quantiles(quantiles)
    if residual_of is not None and train.future_values is None:
        raise ValueError(
            f"forecaster(residual_of={residual_of!r}): these windows have no future "
            "covariates. Give make_windows(future_covariates=...) that column."
        )
    keras.utils.set_random_seed(seed)
    dtype = full_precision(train.values.dtype)
    model_input, change = _read_and_answer(train, units, levels, dtype)
    target = train.values[train.rows, train.target : train.target + 1]
    # As arrays: Keras takes numbers of a loaded file for float32.
    level, spread = (part.reshape(1, 1, 1) for part in level_and_spread(target))
    if residual_of is None:
        forecasts = layers.Rescaling(spread, offset=level, dtype=dtype)(change)
    else:
        guess = _column(model_input["future"], train.future_column(residual_of), dtype)
        change = layers.Rescaling(spread, dtype=dtype)(change)
        forecasts = layers.Add(dtype=dtype)([guess, change])
    loss: keras.losses.Loss = keras.losses.MeanAbsoluteError(dtype=dtype)
    metric: Any = "mae"
    if quantiles is None:
        forecasts = layers.Reshape([train.horizon], dtype=dtype)(forecasts)
    else:
        forecasts = _sorted(forecasts, dtype)
        loss = _Pinball(levels, dtype=dtype)
        metric = keras.metrics.MeanMetricWrapper(loss.call, name="pinball")
    model = keras.Model(model_input, forecasts)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=loss,
        loss_weights=[1 / spread.item()],
        metrics=[metric],
    )
    return model


def forecast(
    model: keras.Model,
    history: pd.DataFrame | pd.Series,
    *,
    future_covariates: pd.DataFrame | None = None,
    quantiles: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Forecast what comes after the last row.

    Parameters
    ----------
    model : keras.Model
        Made by `forecaster`, or loaded from a file.
    history : pandas.DataFrame or pandas.Series, shape (rows, features)
        The series up to now; at least as many rows as the model looks back on. A model
        knows its columns by their place, not by their name: give those of the
        training data in the same order.
    future_covariates : pandas.DataFrame, shape (rows, k), optional
        What is known of the times to come, for a model trained with it. It must hold
        the times of the forecast; others do no harm.
    quantiles : sequence of float, optional
        The levels of a model of quantiles, as they were given to `forecaster`: a model
        does not know their names.

    Returns
    -------
    pandas.DataFrame, shape (horizon, 1) or (horizon, quantiles)
        The column ``forecast`` in the units of the target, with the future times as
        index. Of a model of quantiles, one column for each, named ``5 %`` and so on.

    Raises
    ------
    ValueError
        If there are too few rows or columns, the last rows have gaps, the times are
        unsorted, duplicate, uneven or fit two steps, a future covariate is
        absent, or the quantiles are not as many as those of the model.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from simple_lstm import forecasting
    >>> hours = pd.date_range("2024-01-01", periods=200, freq="h")
    >>> frame = pd.DataFrame({"tide": np.sin(np.arange(200))}, index=hours)
    >>> train = forecasting.make_windows(frame, 12, 3)
    >>> coming = forecasting.forecast(forecasting.forecaster(train, units=8), frame)
    >>> coming.index[0], coming.shape
    (Timestamp('2024-01-09 08:00:00'), (3, 1))
    """
    shapes = {tensor.name: tuple(tensor.shape) for tensor in model.inputs}
    if isinstance(history, pd.Series):
        history = history.to_frame()
    if not isinstance(history, pd.DataFrame):
        raise ValueError(
            f"forecast: history is a {type(history).__name__}; give a data frame with "
            "times as its index, so that the forecast can have times, too."
        )
    # A model made elsewhere may name its only input as it likes.
    past_name = "past" if "past" in shapes else next(iter(shapes))
    _, lookback, features = shapes[past_name]
    horizon = model.output_shape[1]
    times = following(history.index, horizon)
    past = _model_input(history.tail(lookback), (lookback, features), "history")
    data = {past_name: past}
    if "future" in shapes:
        if future_covariates is None:
            raise ValueError(
                "forecast: this model was trained with future covariates; give "
                f"future_covariates=... with the times from {times[0]} to {times[-1]}."
            )
        absent = times[~times.isin(future_covariates.index)]
        if len(absent):
            raise ValueError(
                f"forecast: future_covariates lacks {len(absent)} of the {horizon} "
                f"times to come, first {absent[0]}. Give all; for the calendar: "
                f"calendar_features(history.index, ahead={horizon})."
            )
        data["future"] = _model_input(
            future_covariates.loc[times], shapes["future"][1:], "future_covariates"
        )
    elif future_covariates is not None:
        raise ValueError(
            "forecast: this model uses no future covariates. Leave them out."
        )
    columns = _forecast_columns(model.output_shape, quantiles)
    values = np.asarray(model(data if len(data) > 1 else past, training=False), float)
    return pd.DataFrame(values.reshape(horizon, len(columns)), times, columns)


def _forecast_columns(shape: tuple, quantiles: Sequence[float] | None) -> list[str]:
    answers = shape[2] if len(shape) == 3 else 0
    if len(quantiles or []) != answers:
        due = (
            f"answers {answers} quantiles for each step; name their levels: quantiles="
            "(0.05, 0.5, 0.95), if these are the ones it was trained with"
            if answers
            else "answers one value for each step, no quantiles. Leave quantiles out"
        )
        raise ValueError(f"forecast(quantiles={quantiles}): this model {due}.")
    return [f"{100 * level:g} %" for level in quantiles or []] or ["forecast"]


def _check_quantiles(quantiles: Sequence[float]) -> Sequence[float]:
    levels = list(quantiles)
    if not levels or not all(low < high for low, high in pairwise([0, *levels, 1])):
        raise ValueError(
            f"forecaster(quantiles={quantiles}): expected levels between 0 and 1, from "
            "low to high, for example (0.05, 0.5, 0.95)."
        )
    return levels


def _read_and_answer(
    train: Windows, units: int, levels: Sequence[float], dtype: str
) -> tuple[Any, Any]:
    """What a forecaster takes, and its scaled answers: (batch, horizon, levels)."""
    shape = (train.lookback, len(train.columns))
    past = keras.Input(shape, dtype=dtype, name="past")
    scaled = _scale(train.values[train.rows], dtype)(past)
    if train.future_values is None:
        answer = layers.Dense(train.horizon * len(levels), dtype=full_precision())
        change = answer(layers.LSTM(units)(scaled))
        return past, layers.Reshape([train.horizon, len(levels)], dtype=dtype)(change)
    shape = (train.horizon, len(train.future_columns))
    future = keras.Input(shape, dtype=dtype, name="future")
    ahead = _scale(train.future_values[train.rows], dtype)(future)
    _, hidden, cell = layers.LSTM(units, return_state=True)(scaled)
    decoder = layers.LSTM(units, return_sequences=True)
    steps = decoder(ahead, initial_state=[hidden, cell])
    # Start in order: equal quantiles would share a gradient.
    start = keras.initializers.Constant([level - 0.5 for level in levels])
    answer = layers.Dense(
        len(levels),
        kernel_initializer="zeros",
        bias_initializer=start,
        dtype=full_precision(),
    )
    return {"past": past, "future": future}, answer(steps)


class _Pinball(keras.losses.Loss):
    """The mean pinball loss of the quantiles of each step."""

    # Targets have no axis for the quantiles; diagnose asks a loss for this.
    drops_last_axis = True

    def __init__(self, quantiles: Sequence[float], dtype: str) -> None:
        super().__init__(name="pinball", dtype=dtype)
        self._levels = list(quantiles)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true = keras.ops.expand_dims(keras.ops.cast(y_true, y_pred.dtype), -1)
        levels = keras.ops.convert_to_tensor(self._levels, y_pred.dtype)
        above = y_true - y_pred
        losses = keras.ops.maximum(levels * above, (levels - 1) * above)
        # One for each sample, so that a small last batch does not weigh like the rest.
        return keras.ops.mean(losses, axis=(1, 2))


def _scale(rows: np.ndarray, dtype: str) -> layers.Rescaling:
    """A layer that takes these rows (rows, features) to mean 0 and variance 1.

    Keras' own Normalization divides by 1e-7 at least, so it loses small units.
    """
    levels, spreads = (part.reshape(1, 1, -1) for part in level_and_spread(rows))
    return layers.Rescaling(1 / spreads, offset=-levels / spreads, dtype=dtype)


def _column(steps: Any, place: int, dtype: str) -> Any:
    """One column of (batch, steps, columns), by layers that every file can hold."""
    others = steps.shape[-1] - 1 - place
    turned = layers.Permute((2, 1), dtype=dtype)(steps)
    column = layers.Cropping1D((place, others), dtype=dtype)(turned)
    return layers.Permute((2, 1), dtype=dtype)(column)


def _sorted(steps: Any, dtype: str) -> Any:
    """Each row of (batch, steps, columns) from low to high, by the same kind of layers.

    A bubble sort: each pass brings the highest of what is left to its place.
    """
    columns = [_column(steps, place, dtype) for place in range(steps.shape[-1])]
    for last in reversed(range(1, len(columns))):
        for place in range(last):
            pair = columns[place : place + 2]
            columns[place] = layers.Minimum(dtype=dtype)(pair)
            columns[place + 1] = layers.Maximum(dtype=dtype)(pair)
    if len(columns) == 1:
        return columns[0]
    return layers.Concatenate(dtype=dtype)(columns)


def _model_input(frame: pd.DataFrame, shape: tuple, name: str) -> np.ndarray:
    """The frame as a batch of one, shape (1, time_steps, features)."""
    if frame.shape != shape:
        raise ValueError(
            f"forecast: of {name} the model needs {shape[0]} rows of {shape[1]} "
            f"columns, but there are {frame.shape[0]} rows of {frame.shape[1]} columns "
            f"({', '.join(map(str, frame.columns))})."
        )
    text = frame.columns.difference(frame.select_dtypes(["number", "bool"]).columns)
    if len(text):
        raise ValueError(
            f"forecast: column {text[0]!r} of {name} does not hold numbers."
        )
    values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    missing = int((~(np.abs(values) <= LARGEST)).sum())
    if missing:
        mend = (
            "Give their values at the times to come; what is not known in advance "
            "cannot be such an input"
            if name == "future_covariates"
            else "Fill them first: fill_gaps(frame, limit=...)"
        )
        raise ValueError(
            f"forecast: {missing} values are missing (NaN, infinite or beyond "
            f"{LARGEST:g}) in the {shape[0]} rows of {name} that the model reads. "
            f"{mend}."
        )
    return values[np.newaxis]
