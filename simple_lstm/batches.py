"""Windows as batches for Keras: only the batch at hand is ever copied."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import keras
import numpy as np

if TYPE_CHECKING:
    from simple_lstm.preprocessing import Windows


class Batches(keras.utils.PyDataset):
    """A `keras.utils.PyDataset` of windows.

    It is made by `simple_lstm.preprocessing.Windows.batches`. Each batch is ``(inputs,
    targets)``, or ``({"inputs": …, "known": …}, targets)`` where something is known
    ahead.

    Parameters
    ----------
    windows : simple_lstm.preprocessing.Windows
        The windows to batch.
    batch_size : int
        Windows in a batch; the last batch may be smaller.
    shuffle : bool
        Draw a new order for every pass.
    seed : int
        The same seed gives the same orders.
    """

    def __init__(
        self,
        windows: Windows,
        batch_size: int = 64,
        *,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if batch_size < 1:
            raise ValueError(
                f"batches(batch_size={batch_size}): a batch needs at least 1 window."
            )
        self.windows = windows
        self.batch_size = batch_size
        self.shuffle = shuffle
        self._random = np.random.default_rng(seed)
        self._starts = windows.starts.copy() if shuffle else windows.starts
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._starts) / self.batch_size)

    def __getitem__(self, index: int) -> tuple:
        starts = self._starts[index * self.batch_size : (index + 1) * self.batch_size]
        inputs = self.windows.inputs_at(starts)
        targets = self.windows.targets_at(starts)
        known = self.windows.known_at(starts)
        if known is None:
            return inputs, targets
        return {"inputs": inputs, "known": known}, targets

    def on_epoch_end(self) -> None:
        """Draw the order of the next pass."""
        if self.shuffle:
            self._random.shuffle(self._starts)
