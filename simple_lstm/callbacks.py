"""Callbacks for Keras: what to do during ``fit``, ``evaluate`` and ``predict``."""

from __future__ import annotations

from typing import Any

import keras


class ResetStates(keras.callbacks.Callback):
    """Begin each pass over the data with a zero state in all stateful layers.

    A stateful layer starts each batch in the state in which it ended the one before.
    Keras never resets that state by itself, so a new epoch, or the validation after it,
    would start with what the layer remembers of other data. This callback sets the
    state to zero before each epoch of ``fit``, before each validation, and at the start
    of ``evaluate`` and ``predict``. It finds every recurrent layer of Keras, also
    inside other models and in a ``Bidirectional``.

    Examples
    --------
    >>> import keras, numpy as np
    >>> from simple_lstm import callbacks
    >>> layers = [keras.layers.LSTM(4, stateful=True), keras.layers.Dense(1)]
    >>> model = keras.Sequential([keras.Input(batch_shape=(8, 5, 1)), *layers])
    >>> model.compile("adam", "mse")
    >>> x, y = np.ones((16, 5, 1)), np.zeros((16, 1))
    >>> reset = callbacks.ResetStates()
    >>> fitted = model.fit(
    ...     x, y, batch_size=8, shuffle=False, callbacks=[reset], verbose=0
    ... )
    >>> loss = model.evaluate(x, y, batch_size=8, callbacks=[reset], verbose=0)
    >>> loss == model.evaluate(x, y, batch_size=8, callbacks=[reset], verbose=0)
    True
    """

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Before each epoch of ``fit``."""
        self._reset()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before each validation and ``evaluate``."""
        self._reset()

    def on_predict_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Before ``predict``."""
        self._reset()

    def _reset(self) -> None:
        for layer in self.model._flatten_layers():  # also those inside other models
            if isinstance(layer, keras.layers.RNN) and layer.states is not None:
                # Not layer.reset_state(), which fails for an RNN of several cells.
                for state in keras.tree.flatten(layer.states):
                    state.assign(keras.ops.zeros_like(state))
