"""Windows as batches for Keras, cut from the series when they are asked for."""

from __future__ import annotations

import math

import keras
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


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
                f"there is no future covariate {name!r} in these windows, but "
                f"{', '.join(map(repr, self.future_columns)) or 'none'}. Make windows "
                "with it: make_windows(..., future_covariates=...)."
            )
        return self.future_columns.index(name)

    def _batch(self, origins: np.ndarray, index: int) -> tuple:
        if index not in range(len(self)):
            raise IndexError(f"there is no batch {index} of {len(self)}.")
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

    def __repr__(self) -> str:
        return f"{self.windows!r}\n  in a new random order for every epoch"

    def on_epoch_end(self) -> None:
        """Draw the order of the next epoch."""
        self._random.shuffle(self._origins)


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
