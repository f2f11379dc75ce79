"""What figures and checks ask of objects that others make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np


class History(Protocol):
    """What ``model.fit`` of Keras returns: the metrics of each epoch by their names."""

    history: Mapping[str, Sequence[float]]


class Windows(Protocol):
    """Pairs of a stretch of a series and the stretch that follows it.

    Columns of the series are ``columns``, those known for the future, too, are
    ``future_columns``. An origin is the row of a window's first target.
    """

    @property
    def lookback(self) -> int:
        """Time steps before the origin."""

    @property
    def horizon(self) -> int:
        """Time steps from the origin on."""

    @property
    def target(self) -> int:
        """The place in ``columns`` of the one to forecast."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of the columns of the series."""

    @property
    def future_columns(self) -> Sequence[str]:
        """Names of the columns that are known for the future."""

    @property
    def origins(self) -> np.ndarray:
        """The origin of each window, shape (windows,)."""

    def past_at(self, origins: np.ndarray) -> np.ndarray:
        """The past of windows, shape (windows, lookback, columns)."""

    def targets_at(self, origins: np.ndarray) -> np.ndarray:
        """What windows ask for, shape (windows, horizon)."""

    def future_at(self, origins: np.ndarray) -> np.ndarray | None:
        """What is known of the future, shape (windows, horizon, future_columns)."""

    def future_column(self, name: str) -> int:
        """The place of a name in ``future_columns``, or an error that lists them."""
