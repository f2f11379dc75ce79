"""What Keras layers hold, seen from NumPy: activations and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def computes(
    activation: Callable[[Any], Any], numbers: np.ndarray, due: np.ndarray
) -> bool:
    """Whether an activation maps these numbers to the expected ones.

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
    import keras  # late: without such a layer Keras is not needed

    tensor = keras.ops.convert_to_tensor(numbers.astype(np.float32))
    came = np.asarray(keras.ops.convert_to_numpy(activation(tensor)), dtype=float)
    return came.shape == due.shape and np.allclose(came, due, rtol=1e-5, atol=1e-7)


def as_array(tensor: Any) -> np.ndarray:
    """As an array in float64 or float32; half precision becomes float32."""
    import keras

    array = keras.ops.convert_to_numpy(tensor)
    return array if array.dtype == np.float64 else array.astype(np.float32)


def full_precision(due: Any = "float32") -> str:
    """What scales and answers compute in: never half precision, which has 3 digits."""
    import keras

    of_policy = keras.config.dtype_policy().compute_dtype
    return "float64" if "float64" in (due, of_policy) else "float32"
