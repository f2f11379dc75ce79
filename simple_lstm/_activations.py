"""Activations of Keras layers, known by what they compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def computes(
    activation: Callable[[Any], Any], numbers: np.ndarray, due: np.ndarray
) -> bool:
    """Whether an activation turns these numbers into those that are due.

    Its name says nothing: any function may be called "tanh".

    Parameters
    ----------
    activation : callable
        As a Keras layer holds it: a function of a tensor, or a layer.
    numbers : numpy.ndarray
        In a shape that the layer would give it.
    due : numpy.ndarray
        What should come out.

    Returns
    -------
    bool
        Whether it does, within the rounding of float32.
    """
    import keras  # late: who has no such layer need not have Keras

    tensor = keras.ops.convert_to_tensor(numbers.astype(np.float32))
    came = np.asarray(keras.ops.convert_to_numpy(activation(tensor)), dtype=float)
    return came.shape == due.shape and np.allclose(came, due, rtol=1e-5, atol=1e-7)
