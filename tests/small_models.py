"""Small models and data to be diagnosed, and how a refusal is read."""

import keras
import numpy as np
import pytest
from keras import layers

from simple_lstm.diagnostics import diagnose

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 4, 1))
Y = RNG.normal(size=24)
THREE = np.arange(24) % 3
TWO = np.arange(24) % 2
TEXTS = ["a good film", "a bad film"] * 12


def model(
    *last,
    shape=(4, 1),
    loss="mse",
    units=1,
    activation=None,
    sequences=False,
    first=(),
    **options,
):
    """A compiled LSTM between what comes first and a dense layer."""
    end = last or (layers.Dense(units, activation=activation),)
    lstm = layers.LSTM(2, return_sequences=sequences)
    made = keras.Sequential([keras.Input(shape, **options), *first, lstm, *end])
    made.compile("adam", loss, run_eagerly=True)  # quick to start
    return made


def sparse(*last, **options):
    loss = "sparse_categorical_crossentropy"
    return model(*last, **{"units": 3, "activation": "softmax", "loss": loss} | options)


def binary(*last, **options):
    loss = "binary_crossentropy"
    return model(*last, **{"activation": "sigmoid", "loss": loss} | options)


def of_texts(**options):
    cutter = layers.TextVectorization(
        vocabulary=["good", "bad", "film"], output_sequence_length=8, **options
    )
    embedding = layers.Embedding(5, 2, mask_zero=True)
    first = (cutter, embedding)
    return binary(shape=(), dtype="string", first=first)


def stateful(size):
    made = keras.Sequential(
        [
            keras.Input(batch_shape=(size, 4, 1)),
            layers.LSTM(2, stateful=True),
            layers.Dense(1),
        ]
    )
    made.compile("adam", "mse", run_eagerly=True)
    return made


def compiled(made):
    made.compile("adam", "mse", run_eagerly=True)
    return made


def dense(columns):
    return compiled(keras.Sequential([keras.Input((columns,)), layers.Dense(1)]))


def refused(*arguments):
    with pytest.raises(ValueError, match="diagnose: ") as caught:
        diagnose(*arguments)
    return str(caught.value)
