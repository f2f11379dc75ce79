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
SEQUENCES, TEST = 40_000, 2000  # for training, each seen once; for the test
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
top.set(title=f"One sequence, target {answer[0]:.3f}", ylabel="number")
bottom.set(ylabel="mark", xlabel="time step", yticks=[-1, 0, 1])
marked = np.flatnonzero(example[0, :, -1] == 1)
top.plot(example[0, :, 0], ".-", color="#555555")
top.plot(marked, example[0, marked, 0], "o", ms=9, color="#D55E00")
bottom.stem(example[0, :, -1], basefmt=" ")

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
# Of the learning rates 0.02, 0.01, 0.003 and 0.001, each model gets the one that did
# best in trials before; the identity RNN the one with which it never diverged.

MODELS = {  # how to make the layer, and its learning rate
    "simple RNN": (simple_rnn, 0.003),
    "simple RNN, identity": (identity_rnn, 0.001),
    "LSTM": (lstm, 0.02),
    "LSTM, open gates": (open_lstm, 0.02),
}


def build(name, length):
    keras.utils.set_random_seed(SEED)
    make_layer, rate = MODELS[name]
    start = keras.Input((None, example.shape[-1]))
    model = keras.Sequential([start, make_layer(length), layers.Dense(1)])
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

# %%
# Where does each stop learning?
# ------------------------------

table = pd.DataFrame(right).T
print("Right answers in %, empty where a model was not tried any more")
print((100 * table).round(1).to_string(na_rep=""))
fig, ax = plt.subplots()
styles = ["k:", "k--", "s-", "D-", "^-", "o-"]
for style, (name, shares) in zip(styles, right.items(), strict=True):
    ax.plot(list(shares), [100 * share for share in shares.values()], style, label=name)
ax.set(
    title="Right answers at growing lengths", xlabel="time steps", ylabel="right (%)"
)
ax.set(xscale="log", ylim=(0, 103))
ax.set_xticks(LENGTHS, LENGTHS)
ax.minorticks_off()
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

# %%
share = {name: pd.Series(shares) for name, shares in right.items()}
evaluation.claim(
    "an LSTM with open gates is right at least 98 % of the time at 100 steps",
    share["LSTM, open gates"].get(100, 0) >= 0.98,
)
by_50 = all(
    share[name].iloc[-1] < ENOUGH and share[name].index[-1] <= 50
    for name in ["simple RNN", "LSTM"]
)
evaluation.claim("simple RNN and LSTM as Keras starts them fail by 50 steps", by_50)
longest = max(share["LSTM, open gates"].index)
others = [name for name in right if name != "LSTM, open gates"]
wins = share["LSTM, open gates"][longest] > max(
    share[name].get(longest, 0) for name in others
)
evaluation.claim("the LSTM with open gates is the best at the largest length", wins)

# %%
# The simple RNN does worst. An LSTM as Keras starts it solves the shortest sequences
# and, *with so few of them*, none of the next length. The start matters as much as the
# kind of cell: the simple RNN that starts by copying learns every length in part, the
# LSTM with open gates all of them. Gradient boosting is not bad where the sequence is
# short, for a table has no distances; it runs out of examples when there are too many
# places for the marks.
#
# Why: what is left of the gradient
# ---------------------------------
# Training changes a weight by what it finds at the end of the sequence, and takes this
# message back step by step: the **gradient**. Here is how much the answer changes if
# the memory is nudged some steps before the end, compared with the last step.


def gradient_by_distance(model, x):
    layer, head = model.layers
    state = layer.cell.get_initial_state(batch_size=len(x))
    memories = []
    with tf.GradientTape() as tape:
        for t in range(x.shape[1]):
            _, state = layer.cell(x[:, t], state)
            memories.append(state[-1])  # of an LSTM, the cell state
        answer = head(state[0])
    gradients = tape.gradient(answer, memories)
    norms = [np.linalg.norm(gradient, axis=-1).mean() for gradient in gradients]
    return np.array(norms[::-1]) / norms[-1]


# %%
x, _ = make_data(100, 64, SEED + 2)
last = {name: model for (name, length), model in trained.items()}  # at its last length
before = {name: gradient_by_distance(build(name, 100), x) for name in MODELS}
after = {name: gradient_by_distance(last[name], x) for name in MODELS}
fig, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
for ax, when, norms in zip(axes, ["Before", "After"], [before, after], strict=True):
    for line, (name, values) in zip(["-", "--", ":", "-."], norms.items(), strict=True):
        ax.plot(values, line, label=name)
    ax.set(title=f"{when} training", xlabel="steps before the end", yscale="log")
axes[0].set(ylabel="gradient, relative to the last step", ylim=(1e-12, 1e3))
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)

# %%
standard = ["simple RNN", "LSTM"]
opened = ["simple RNN, identity", "LSTM, open gates"]
evaluation.claim(
    "before training, an LSTM as Keras starts it loses more than a simple RNN",
    before["LSTM"][-1] < before["simple RNN"][-1],
)
evaluation.claim(
    "over the whole sequence less than a hundredth is left in both of them",
    max(before[name][-1] for name in standard) < 0.01,
)
evaluation.claim(
    "more than a tenth in those that start open, before training and after it",
    min(part[name][-1] for part in [before, after] for name in opened) > 0.1,
)
evaluation.claim(
    "the LSTM that failed has still lost all but a thousandth half-way",
    after["LSTM"][x.shape[1] // 2] < 1e-3,
)

# %%
# On the left, models that have not learned yet. The simple RNN multiplies the message
# by its weights at each step, and it fades: the **vanishing gradient**. The LSTM as
# Keras starts it is no better: half-closed forget gates let even less through. Open
# gates, and copying, let most of it through.
#
# On the right, the same models after the longest sequences they tried. Those that
# learned have a nearly level curve: they have made themselves a memory through which
# the gradient passes unharmed. In the LSTM that failed it is lost as before. A gradient
# that arrives is needed, but not enough: with another ``SEED`` that of the simple RNN
# may arrive, too, while it has still learned nothing.
#
# Look closer: what the gates do
# ------------------------------

best = last["LSTM, open gates"]
trace = gates.trace(best, example)
plots.gates(trace)
x, y = make_data(longest, 500, SEED + 3)
trace = gates.trace(best, x)
written = np.abs(trace.input * trace.candidate).mean(axis=-1)
marked = x[..., -1] == 1
ratio = written[marked].mean() / written[~marked].mean()
print(f"at a mark it writes {ratio:.1f} times as much as at any other step")
evaluation.claim("at a mark it writes at least 1.5 times as much", ratio >= 1.5)

# %%
# The forget gates stand open nearly everywhere. The input gates stand nearly closed,
# and open a little more where the dashed line marks a step. What is written there
# stays in the cell state to the end.
#
# Use it
# ------
# Three sequences of the largest length, and what the model says of them:

for said, target in zip(best.predict(x[:3], verbose=0)[:, 0], y[:3], strict=True):
    print(f"target {target:.3f}, said {said:.3f}")

# %%
# Make it yours
# -------------
# Put sequences of your own into the line that begins with ``sequences, targets =``:
# numbers of the shape (samples, time_steps, features), and one number for each sample.
# To use the open gates elsewhere, take ``open_lstm`` with the length of your sequences.
# *Try:* ``SEQUENCES = 200_000``. The LSTM as Keras starts it then learns 50 steps, too.
#
# .. dropdown:: Why does the LSTM not fail because of its size?
#
#    It has as many weights as it has with open gates. Only the start differs.
#
# .. dropdown:: Is a gradient that grows with the distance a good thing?
#
#    A little of it does no harm. If it grew by a factor at each step, training would
#    take steps of any size: the exploding gradient. ``clipnorm`` cuts such steps.
#
# Next: :doc:`/explanation/vanishing_gradients` has the reason in equations;
# :doc:`/gallery/2_forecasting/plot_1_forecast_traffic` uses an LSTM on real data.

plt.show()
