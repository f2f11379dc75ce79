"""
How long can it remember? LSTM against simple RNN
=================================================

Two numbers are marked in a long sequence, and at its end the model says their sum. You
train simple recurrent networks and LSTMs on longer and longer sequences, see where each
stops learning, and measure why. The page takes 45 to 120 seconds on a laptop. **For
your own data, change the line that begins with** ``sequences, targets =``.
"""

# %%
# Settings
# --------

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers
from sklearn.ensemble import HistGradientBoostingRegressor

from simple_lstm import datasets, evaluation, gates, plots

LENGTHS = [20, 50, 100, 200]  # time steps of the sequences
SEQUENCES, TEST = 50_000, 2000  # for training, each seen once; for the test
UNITS, RNN_UNITS = 32, 65  # sizes of the memory that give both the same weights
BATCH_SIZE = 64  # sequences between two updates
TOLERANCE = 0.04  # an answer this near counts as right, as in the paper
ENOUGH = 0.5  # a model that is right less often is not tried on longer sequences
SEED = 0

plt.style.use("simple_lstm.simple_lstm")

# %%
# Data: look before you touch
# ---------------------------
# The **adding problem** is from the paper that introduced the LSTM
# (`Hochreiter & Schmidhuber, 1997 <https://doi.org/10.1162/neco.1997.9.8.1735>`_). The
# second feature marks two steps with 1, one among the first ten and one in the first
# half. The target is 0.5 plus a quarter of the sum of the two marked numbers.


def make_data(length, samples, seed):
    sequences, targets = datasets.make_adding_problem(
        samples, time_steps=length, seed=seed
    )
    return sequences, targets


example, answer = make_data(50, 1, SEED)
fig, (top, bottom) = plt.subplots(2, 1, figsize=(6.4, 3.4), sharex=True)
top.plot(example[0, :, 0], ".-", color="#555555")
marked = np.flatnonzero(example[0, :, 1] == 1)
top.plot(marked, example[0, marked, 0], "o", ms=9, color="#D55E00")
top.set(title=f"One sequence, target {answer[0]:.3f}", ylabel="number")
bottom.stem(example[0, :, 1], basefmt=" ")
bottom.set(ylabel="mark", xlabel="time step", yticks=[-1, 0, 1])

# %%
# All steps after the marks are noise. To answer at the end, a model has to carry two
# numbers through it, unharmed.
#
# Four models of the same size
# ----------------------------
# Both kinds start twice: as Keras starts them, and in a way that was proposed for long
# memories. A **simple RNN** with the identity as its recurrent weights and ReLU units
# begins by copying its state (`Le et al., 2015 <https://arxiv.org/abs/1504.00941>`_).


def simple_rnn(length):
    return layers.SimpleRNN(RNN_UNITS)


def identity_rnn(length):
    return layers.SimpleRNN(
        RNN_UNITS,
        activation="relu",
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.03),
        recurrent_initializer="identity",
    )


def lstm(length):
    return layers.LSTM(UNITS)


# %%
# The bias of an LSTM decides how far its gates stand open at the start. A forget gate
# that keeps ``1 - 1 / t`` at each step holds a number for about ``t`` steps. Biases
# drawn for all ``t`` up to the length of the sequence give every unit its own time
# (`Tallec & Ollivier, 2018 <https://arxiv.org/abs/1804.11188>`_).


def open_lstm(length):
    layer = layers.LSTM(UNITS)
    layer.build((None, length, example.shape[-1]))
    kernel, recurrent_kernel, bias = layer.get_weights()
    times = np.random.default_rng(SEED).uniform(2, length, UNITS)
    bias[UNITS : 2 * UNITS] = np.log(times - 1)  # the forget gates
    bias[:UNITS] = -np.log(times - 1)  # the input gates
    layer.set_weights([kernel, recurrent_kernel, bias])
    return layer


# %%
# The learning rates are the best of 0.01, 0.003 and 0.001 for each, tried beforehand.

MODELS = {  # how to make the layer, and its learning rate
    "simple RNN": (simple_rnn, 0.003),
    "simple RNN, identity": (identity_rnn, 0.001),
    "LSTM": (lstm, 0.01),
    "LSTM, open gates": (open_lstm, 0.01),
}


def build(name, length):
    keras.utils.set_random_seed(SEED)
    make_layer, rate = MODELS[name]
    shape = (length, example.shape[-1])
    model = keras.Sequential(
        [keras.Input(shape), make_layer(length), layers.Dense(1)]
    )
    falling = keras.optimizers.schedules.CosineDecay(rate, SEQUENCES // BATCH_SIZE)
    model.compile(keras.optimizers.Adam(falling, clipnorm=1.0), loss="mse")
    return model


for name in MODELS:
    print(f"{build(name, 50).count_params():,} weights in the {name}")

# %%
# Train, on longer and longer sequences
# -------------------------------------
# Every sequence is new, so nothing can be learned by heart. Gradient boosting, which
# sees all values as one table, stands beside them, and so does the answer that is best
# without reading: always 0.5.


def share_right(predicted, targets):
    return float(np.mean(np.abs(np.ravel(predicted) - targets) < TOLERANCE))


right, trained = {name: {} for name in ["always 0.5", "boosting", *MODELS]}, {}
for length in LENGTHS:
    x, y = make_data(length, SEQUENCES, SEED)
    test_x, test_y = make_data(length, TEST, SEED + 1)
    right["always 0.5"][length] = share_right(np.full(len(test_y), 0.5), test_y)
    for name in ["boosting", *MODELS]:
        if any(share < ENOUGH for share in right[name].values()):
            continue
        if name == "boosting":
            model = HistGradientBoostingRegressor(random_state=SEED)
            model.fit(x.reshape(len(x), -1), y)
            predicted = model.predict(test_x.reshape(len(test_x), -1))
        else:
            model = build(name, length)
            model.fit(x, y, batch_size=BATCH_SIZE, verbose=0)
            predicted = model.predict(test_x, verbose=0, batch_size=500)
            trained[name, length] = model
        right[name][length] = share_right(predicted, test_y)
        print(length, name, right[name][length])
