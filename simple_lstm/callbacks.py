"""What Keras is to do while it trains: see ``callbacks`` of ``model.fit``."""

from __future__ import annotations

import keras


class _StartFromZero(keras.callbacks.Callback):
    """Before each pass over data, forget what a stateful layer read in the last one."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._reset()

    def on_test_begin(self, logs: dict | None = None) -> None:
        self._reset()

    def _reset(self) -> None:
        for layer in self.model._flatten_layers():  # those inside other models, too
            if getattr(layer, "stateful", False):
                layer.reset_states()
