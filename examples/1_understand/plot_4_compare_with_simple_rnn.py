"""
How long can it remember? LSTM against simple RNN
=================================================

Two numbers are marked in a long sequence, and at its end the model says their sum. You
train simple recurrent networks (RNNs) and LSTMs on longer and longer sequences, see
where each stops learning, and measure why. The page takes 45 to 120 seconds on a
laptop. **For your own data, change the line that begins with**
``sequences, targets =``.
"""

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers
from sklearn.ensemble import HistGradientBoostingRegressor

from simple_lstm import datasets, diagnostics, evaluation, gates, plots

plt.style.use("simple_lstm.simple_lstm")

# %%
# Settings
# --------

LENGTHS = [20, 50, 100, 200]  # time steps of the sequences
SEQUENCES, TEST = 40_000, 2000  # for training, each seen once; for the test
UNITS, RNN_UNITS = 32, 65  # of LSTM and simple RNN, for about as many weights
BATCH_SIZE = 64  # sequences between two updates
TOLERANCE = 0.04  # an answer this near counts as right, as in the paper
ENOUGH = 0.5  # a model that is right less often is not tried on longer sequences
SEED = 0

# %%
# Data: look before you touch
# ---------------------------
# The **adding problem** is from the paper that introduced the LSTM
# (`Hochreiter & Schmidhuber, 1997 <https://doi.org/10.1162/neco.1997.9.8.1735>`_). The
# second feature marks two steps with 1, one among the first ten and one in the first
# half; at the first and the last step it is -1, elsewhere 0. The target is 0.5 plus a
# quarter of the sum of the two marked numbers.


def make_data(length, samples, seed):
    sequences, targets = datasets.make_adding_problem(
        samples, time_steps=length, seed=seed
    )
    return sequences, targets


example, example_target = make_data(50, 1, SEED)
fig, (top, bottom) = plt.subplots(2, 1, figsize=(6.4, 3.4), sharex=True)
top.set(title=f"One sequence, target {example_target[0]:.3f}", ylabel="number")
bottom.set(ylabel="mark", xlabel="time step", yticks=[-1, 0, 1])
marked = np.flatnonzero(example[0, :, -1] == 1)
top.plot(example[0, :, 0], ".-", color="#555555")
top.plot(marked, example[0, marked, 0], "o", ms=9, color="#D55E00")
bottom.stem(example[0, :, -1], basefmt=" ")

# %%
# All steps after the marks are noise. To answer at the end, a model has to carry two
# numbers through it, unharmed.
#
# Four models of about the same size
# ----------------------------------
# Both kinds start twice: as Keras starts them, and in a way that was proposed for long
# memories. A **simple RNN** with the identity as its recurrent weights and ReLU units
# begins by copying its state (`Le et al., 2015 <https://arxiv.org/abs/1504.00941>`_).


def simple_rnn(length):
    return layers.SimpleRNN(RNN_UNITS)


def identity_rnn(length):
    return layers.SimpleRNN(
        RNN_UNITS,
        activation=lambda z: keras.ops.maximum(z, 0.0),  # "relu" logs errors here
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
# best in trials on other sequences; the identity RNN the one with which it never
# diverged. The number of sequences was chosen so that the last model learns the longest
# ones. It is not enough for all: read the results as *with so many sequences*.

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
    model.compile(keras.optimizers.Adam(falling, global_clipnorm=1.0), loss="mse")
    return model


# %%
for name in MODELS:
    print(f"{build(name, 50).count_params():,} weights in the {name}")

# %%
# Train, on longer and longer sequences
# -------------------------------------
# Every sequence is new, so nothing can be learned by heart. Gradient boosting, which
# sees all values as one table, stands beside them, and so does the answer that is best
# without reading: always 0.5. At each length ``diagnose`` checks the data with one of
# the four networks before they are trained.


def answer(name, length, x, y, test_x):
    if name == "always 0.5":
        return np.full(len(test_x), 0.5)
    if name == "boosting":
        table, test_table = x.reshape(len(x), -1), test_x.reshape(len(test_x), -1)
        boosting = HistGradientBoostingRegressor(random_state=SEED)
        return boosting.fit(table, y).predict(test_table)
    model = trained[name] = build(name, length)
    model.fit(x, y, batch_size=BATCH_SIZE)
    return model.predict(test_x, batch_size=500)[:, 0]


trained = {}  # each model as it was after the longest sequences it was tried on

# %%
names = ["always 0.5", "boosting", *MODELS]
right = pd.DataFrame(index=names, columns=LENGTHS, dtype=float)
for length in LENGTHS:
    x, y = make_data(length, SEQUENCES, SEED)
    test_x, test_y = make_data(length, TEST, SEED + 1)
    diagnostics.diagnose(build("LSTM", length), (x, y))
    for name in names:
        if name == "always 0.5" or not (right.loc[name] < ENOUGH).any():
            off = np.abs(answer(name, length, x, y, test_x) - test_y)
            right.loc[name, length] = np.mean(off < TOLERANCE)

# %%
# Where does each stop learning?
# ------------------------------

print("Right answers in %, empty where a model was not tried any more")
print((100 * right).round(1).to_string(na_rep=""))
fig, ax = plt.subplots()
styles = ["k:", "k--", "s-", "D-", "^-", "o-"]
for style, (name, shares) in zip(styles, right.iterrows(), strict=True):
    ax.plot(LENGTHS, 100 * shares, style, label=name)
ax.set(xlabel="time steps", ylabel="right (%)", xscale="log", ylim=(0, 103))
ax.set_xticks(LENGTHS, LENGTHS)
ax.minorticks_off()
ax.set_title("Right answers at growing lengths")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))

# %%
as_keras_starts, opened = list(MODELS)[::2], list(MODELS)[1::2]
far = right.loc["LSTM, open gates", 100] >= 0.98
evaluation.claim("the LSTM with open gates is right 98 % of the time at 100 steps", far)
failed = (right.loc[as_keras_starts, :50].min(axis=1) < ENOUGH).all()
many = f"{SEQUENCES:,} sequences"
evaluation.claim(f"as Keras starts them, both fail by 50 steps with {many}", failed)
last = right.loc["simple RNN, identity", LENGTHS[-1]]
in_part = ENOUGH <= last < 0.95
evaluation.claim("the identity RNN still learns the longest, but in part", in_part)
wins = right[LENGTHS[-1]].idxmax() == "LSTM, open gates"
evaluation.claim("of those tried on the longest, the LSTM is the best", wins)

# %%
# Read the lines from left to right. As Keras starts them, simple RNN and LSTM both fall
# to the dotted line of those who do not read, *with so many sequences*; the last
# section has a way to take the LSTM further. The start matters as much as the kind of
# cell: a simple RNN that starts by copying goes much further, and an LSTM with open
# gates goes all the way. Gradient boosting needs no memory, since a table has no
# distances. But every place of a mark is a case of its own, and in longer sequences it
# runs out of examples.
#
# Why: what is left of the gradient
# ---------------------------------
# Training changes a weight by what it finds at the end of the sequence, and takes this
# message back step by step: the :term:`gradient`. Here is how much the answer changes
# if the memory is nudged some steps before the end, compared with the last step.


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
before = {name: gradient_by_distance(build(name, 100), x) for name in MODELS}
after = {name: gradient_by_distance(trained[name], x) for name in MODELS}
fig, axes = plt.subplots(1, 2, figsize=(8, 3.8), sharey=True)
for ax, when, norms in zip(axes, ["Before", "After"], [before, after], strict=True):
    for line, (name, values) in zip(["-", "--", ":", "-."], norms.items(), strict=True):
        ax.plot(values, line, label=name)
    ax.set(title=f"{when} training", xlabel="steps before the end", yscale="log")
axes[0].set(ylabel="gradient, relative to the last step", ylim=(1e-12, 1e3))
fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)

# %%
less = before["LSTM"][-1] < before["simple RNN"][-1]
evaluation.claim("as Keras starts them, an LSTM loses more than a simple RNN", less)
little = max(before[name][-1] for name in as_keras_starts) < 0.01
evaluation.claim("in both, less than a hundredth is left at the far end", little)
much = min(part[name][-1] for part in [before, after] for name in opened) > 0.1
evaluation.claim("in the others more than a tenth, before and after training", much)
lost = after["LSTM"][x.shape[1] // 2] < 1e-3
evaluation.claim("the LSTM that failed still loses nearly all half-way", lost)

# %%
# On the left, models that have not learned yet. The simple RNN multiplies the message
# by its weights at each step, and it fades: the **vanishing gradient**. The LSTM as
# Keras starts it is no better: half-closed forget gates let even less through. Open
# gates, and copying, let a good part of it through.
#
# On the right, the same models after the longest sequences they tried. Those that
# learned have a nearly level curve: they have made themselves a memory through which
# the gradient passes unharmed. In the LSTM that failed it is lost as before, or more.
#
# Look closer: what the gates do
# ------------------------------

best = trained["LSTM, open gates"]
trace = gates.trace(best, example)
plots.gates(trace)

# %%
x, y = make_data(LENGTHS[-1], 500, SEED + 3)
trace = gates.trace(best, x)
written = np.abs(trace.input * trace.candidate).mean(axis=-1)
marked = x[..., -1] == 1
ratio = written[marked].mean() / written[~marked].mean()
print(f"at a mark it writes {ratio:.1f} times as much as at any other step")
evaluation.claim("at a mark it writes at least 1.5 times as much", ratio >= 1.5)
means = trace.forget.mean(), trace.input.mean()
print("mean forget gate {:.2f}, mean input gate {:.2f}".format(*means))
evaluation.claim(
    "most forget gates are open, most input gates closed",
    means[0] >= 0.9 and means[1] <= 0.2,
)

# %%
# Most rows of the forget gate are dark, which is open, and most rows of the input gate
# pale. Look at the two steps that the dashed line marks: some input gates open a little
# more. Then follow the rows of the cell state from there to the end.
#
# Use it
# ------
# Three sequences of the largest length, and what the model says of them:

for said, target in zip(best.predict(x[:3])[:, 0], y[:3], strict=True):
    print(f"target {target:.3f}, said {said:.3f}")

# %%
# Make it yours
# -------------
# Put sequences of your own into the line that begins with ``sequences, targets =``:
# numbers of the shape (samples, time_steps, features), and one number for each sample.
# It must give *other* rows for another ``seed``, or the test shows what was learned by
# heart. For a model of yours, take ``open_lstm`` with the length of your sequences.
# *Try:* ``SEQUENCES = 200_000``, ``LENGTHS = [20, 50]``, and 0.005 as the learning rate
# of ``"LSTM"``. With patience, does the LSTM as Keras starts it learn 50 steps, too?
#
# .. dropdown:: Why does the LSTM not fail because of its size?
#
#    It has as many weights as it has with open gates. Only the start differs.
#
# .. dropdown:: Is a gradient that grows with the distance a good thing?
#
#    A little of it does no harm. If it grew by a factor at each step, training would
#    take steps of any size: the exploding gradient. ``global_clipnorm`` shortens them.
#
# Next: :doc:`/explanation/vanishing_gradients` has the reason in equations;
# :doc:`/gallery/2_forecasting/plot_1_forecast_traffic` uses an LSTM on real data.

plt.show()
