"""
How does an LSTM work? Build the cell in NumPy
==============================================

You write down the six equations of an LSTM as lines of NumPy, take one step by hand,
go through a sequence and back again, and see that Keras computes the same. Then you
train what you built, without any framework. The page takes 10 to 30 seconds on a
laptop. **For your own data, change the line that begins with** ``sequences, labels =``.
"""

# %%
# Settings
# --------

import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from simple_lstm import cell, evaluation, plots

UNITS = 8  # numbers in the memory of the network that is trained
STEPS, LEARNING_RATE = 1500, 2.0  # of gradient descent
SEED = 0

plt.style.use("simple_lstm.simple_lstm")

# %%
# One step, by hand
# -----------------
# Take the smallest LSTM there is: one number comes in, one number is kept. It has a
# **cell state** :math:`c`, its memory, and a **hidden state** :math:`h`, what it shows.

x, h, c = 1.0, 0.5, 0.2  # what comes in; the two states after the last step

# %%
# Three **gates** look at what comes in and at what was shown last. Each is a number
# between 0, closed, and 1, open, which the sigmoid function makes of any sum:
#
# .. math:: \sigma(z) = \frac{1}{1 + e^{-z}}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# %%
# The **forget gate** says how much of the memory is kept.
#
# .. math:: f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)

W_f, U_f, b_f = 0.0, 1.0, 1.0
f = sigmoid(x * W_f + h * U_f + b_f)
print(f"f = sigmoid({x * W_f + h * U_f + b_f}) = {f:.4f}")

# %%
# The **input gate** says how much is written. What may be written is the **candidate**,
# a number from -1 to 1.
#
# .. math::
#
#    i_t &= \sigma(x_t W_i + h_{t-1} U_i + b_i) \\
#    g_t &= \tanh(x_t W_g + h_{t-1} U_g + b_g)

W_i, U_i, b_i = 0.5, 0.0, 0.0
W_g, U_g, b_g = 1.0, 0.5, 0.0
i = sigmoid(x * W_i + h * U_i + b_i)
g = np.tanh(x * W_g + h * U_g + b_g)
print(f"i = sigmoid({x * W_i + h * U_i + b_i}) = {i:.4f}")
print(f"g = tanh({x * W_g + h * U_g + b_g}) = {g:.4f}")

# %%
# Now the memory changes. This line is the heart of it: the old memory is *multiplied*
# by a gate and the new one *added*, with no other function in between.
#
# .. math:: c_t = f_t \odot c_{t-1} + i_t \odot g_t

c_new = f * c + i * g
print(f"c = {f:.4f} * {c} + {i:.4f} * {g:.4f} = {c_new:.4f}")

# %%
# The **output gate** says how much of the memory is shown.
#
# .. math::
#
#    o_t &= \sigma(x_t W_o + h_{t-1} U_o + b_o) \\
#    h_t &= o_t \odot \tanh(c_t)

W_o, U_o, b_o = 0.25, 0.5, 0.0
o = sigmoid(x * W_o + h * U_o + b_o)
h_new = o * np.tanh(c_new)
print(f"o = sigmoid({x * W_o + h * U_o + b_o}) = {o:.4f}")
print(f"h = {o:.4f} * tanh({c_new:.4f}) = {h_new:.4f}")

# %%
# Check a line or two with a pocket calculator. The same step as a picture, computed by
# the package: ``cell.step`` has these six lines.

weights = cell.Weights(
    kernel=np.array([[W_i, W_f, W_g, W_o]]),
    recurrent_kernel=np.array([[U_i, U_f, U_g, U_o]]),
    bias=np.array([b_i, b_f, b_g, b_o]),
)
state = np.array([h]), np.array([c])
one = cell.forward(np.array([[x]]), weights, state=state)
plots.cell_step(one, 0)
same = np.allclose(
    [one.cell[0, 0], one.hidden[0, 0]], [c_new, h_new], rtol=1e-14, atol=0
)
evaluation.claim("the package computes what you computed by hand", same)

# %%
# Read it from left to right. The upper line is the memory: the forget gate scales it,
# then something is added, and it goes on to the next step. Below stand the numbers that
# decide; all four are computed from the input and the last hidden state.
#
# Many units, and a whole sequence
# --------------------------------
# With more units, each :math:`W` and :math:`U` is a matrix, and the four of a kind
# stand side by side in one. Time is a loop: each step needs its input and the two
# states that the step before has left.

weights = cell.Weights.random(features=2, units=3, seed=SEED)
print("kernel", weights.kernel.shape, "bias", weights.bias.shape)
sequence = np.random.default_rng(SEED).normal(size=(6, 2))  # (time_steps, features)
hidden = memory = np.zeros(3)
for x_t in sequence:
    now = cell.step(x_t, (hidden, memory), weights)
    hidden, memory = now.hidden, now.cell
trace = cell.forward(sequence, weights)
print("hidden states", trace.hidden.shape, "the last one", hidden.round(4))
evaluation.claim("forward is this loop", np.array_equal(trace.hidden[-1], hidden))

# %%
# Back through time
# -----------------
# To learn, we need to know how a loss :math:`L` changes with each weight. The chain
# rule goes through the same equations backward. From a later step comes the gradient
# of the cell state, :math:`\delta c_t = \partial L / \partial c_t`. It first takes in
# what the hidden state says, then gives every gate its part, and goes on to the step
# before:
#
# .. math::
#
#    \delta c_t &\leftarrow \delta c_t + \delta h_t \odot o_t \odot (1 - \tanh^2 c_t) \\
#    \delta f_t &= \delta c_t \odot c_{t-1} \qquad
#    \delta i_t = \delta c_t \odot g_t \qquad
#    \delta g_t = \delta c_t \odot i_t \\
#    \delta o_t &= \delta h_t \odot \tanh c_t \\
#    \delta c_{t-1} &= \delta c_t \odot f_t
#
# Each gate hands its part on to the sum :math:`z_t` inside it, times the slope of its
# sigmoid (or tanh), and the sums hand theirs on to the last hidden state and to the
# weights:
#
# .. math::
#
#    \delta h_{t-1} &= \delta z_t \, U^\top \\
#    \delta W &= \sum_t x_t^\top \, \delta z_t


def step_back(t, grad_h, grad_c):
    i, f, g = trace.input[t], trace.forget[t], trace.candidate[t]
    o, shown = trace.output[t], np.tanh(trace.cell[t])
    before = trace.cell[t - 1] if t else trace.state[1]
    grad_c = grad_c + grad_h * o * (1 - shown**2)
    grad_i, grad_f, grad_g = grad_c * g, grad_c * before, grad_c * i
    grad_o = grad_h * shown
    z_i, z_f = grad_i * i * (1 - i), grad_f * f * (1 - f)
    z_g, z_o = grad_g * (1 - g**2), grad_o * o * (1 - o)
    return np.concatenate([z_i, z_f, z_g, z_o]), grad_c * f


# %%
# Look at :math:`\delta c_{t-1}`: going back along the memory, the gradient is
# multiplied by the forget gate and by nothing else. If the gate is open, it arrives
# unharmed. This is why an LSTM can learn from what happened long ago. (A second way
# back leads through :math:`h`, with weights on it, as in any recurrent network.)
#
# Here the loss is the sum of the last hidden state, and we follow the gradient of
# :math:`W`. Those of :math:`U` and :math:`b` are gathered in the same way.

grad_kernel, grad_h, grad_c = np.zeros_like(weights.kernel), np.ones(3), np.zeros(3)
for t in reversed(range(len(sequence))):
    grad_z, grad_c = step_back(t, grad_h, grad_c)
    grad_kernel += np.outer(sequence[t], grad_z)
    grad_h = grad_z @ weights.recurrent_kernel.T
last_only = np.zeros_like(trace.hidden)
last_only[-1] = 1  # how the loss changes with each hidden state
gradients = cell.backward(trace, last_only)
same = np.allclose(gradients.kernel, grad_kernel, rtol=1e-12, atol=0)
evaluation.claim("backward is this loop", same)

# %%
# Is the gradient right? Ask the loss
# -----------------------------------
# A gradient can be checked without trusting any formula: nudge one weight up and down,
# and see how much the loss changes.


def loss_with(kernel):
    changed = cell.Weights(kernel, weights.recurrent_kernel, weights.bias)
    return cell.forward(sequence, changed).hidden[-1].sum()


measured = np.zeros_like(weights.kernel)
for place in np.ndindex(measured.shape):
    nudge = np.zeros_like(measured)
    nudge[place] = 1e-5
    up, down = loss_with(weights.kernel + nudge), loss_with(weights.kernel - nudge)
    measured[place] = (up - down) / 2e-5
error = np.linalg.norm(gradients.kernel - measured) / np.linalg.norm(measured)
print(f"relative difference {error:.1e}")
evaluation.claim("both gradients agree to one part in a million", error <= 1e-6)

# %%
# Keras computes the same
# -----------------------
# ``keras.layers.LSTM`` with these weights, its outputs and its own gradients. Keras
# puts the axis of samples first, and keeps the gates in the order i, f, g, o.

layer = keras.layers.LSTM(3, return_sequences=True, dtype="float64")
layer.build((None, None, 2))
layer.set_weights([weights.kernel, weights.recurrent_kernel, weights.bias])
with tf.GradientTape() as tape:
    output = layer(sequence[np.newaxis])
    loss = tf.reduce_sum(output[:, -1])
theirs = tape.gradient(loss, layer.trainable_variables[0].value)
difference = np.abs(output[0] - trace.hidden).max()
print(f"largest difference of the outputs {difference:.1e}")
evaluation.claim("the outputs of Keras are the same", difference <= 1e-12)
same = np.allclose(theirs, gradients.kernel, rtol=1e-9, atol=0)
evaluation.claim("the gradients of TensorFlow are the same", same)

# %%
# Train it, without any framework
# -------------------------------
# A tiny task that needs a memory: all sequences of eight numbers, each -1 or 1. The
# label is 1 if **the last number equals the first**. A quarter of the sequences is kept
# for the test.

bits = np.array(list(itertools.product([-1.0, 1.0], repeat=8)))
bits = np.random.default_rng(SEED).permutation(bits)
sequences, labels = bits[..., np.newaxis], (bits[:, 0] == bits[:, -1]).astype(float)
print("(samples, time_steps, features) =", sequences.shape)
train, test = np.split(np.arange(len(sequences)), [3 * len(sequences) // 4])

# %%
# On top of the last hidden state stands a weighted sum and a sigmoid, as the ``Dense``
# layer of a Keras model would have it. ``v`` and ``b`` are its weights.


def predict(sequences, weights, v, b):
    trace = cell.forward(sequences, weights)
    return trace, sigmoid(trace.hidden[:, -1] @ v + b)


weights = cell.Weights.random(sequences.shape[-1], UNITS, seed=SEED)
v, b = np.random.default_rng(SEED).normal(0, 0.5, UNITS), 0.0
losses, y = [], labels[train]

# %%
# **Gradient descent**: go forward, go back, and move every weight a little against its
# gradient. These lines are all of it.

for _ in range(STEPS):
    trace, p = predict(sequences[train], weights, v, b)
    losses.append(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
    grad_p = (p - y) / len(y)  # of the cross-entropy, before the sigmoid
    grad_hidden = np.zeros_like(trace.hidden)
    grad_hidden[:, -1] = grad_p[:, np.newaxis] * v
    gradients = cell.backward(trace, grad_hidden)
    v = v - LEARNING_RATE * trace.hidden[:, -1].T @ grad_p
    b = b - LEARNING_RATE * grad_p.sum()
    weights = cell.Weights(
        weights.kernel - LEARNING_RATE * gradients.kernel,
        weights.recurrent_kernel - LEARNING_RATE * gradients.recurrent_kernel,
        weights.bias - LEARNING_RATE * gradients.bias,
    )

# %%
fig, ax = plt.subplots()
ax.plot(losses)
ax.axhline(np.log(2), color="#D55E00", ls="--", label="guessing")
ax.set(
    title="Loss of the LSTM built by hand",
    xlabel="step of gradient descent",
    ylabel="cross-entropy (nats)",
    yscale="log",
)
ax.legend()

# %%
# At first nothing seems to happen: the loss stays near that of guessing, the dashed
# line. Then the network finds out that the first number is worth keeping, and the loss
# falls. The vertical axis is logarithmic.
#
# Is it any good?
# ---------------

values = sequences.reshape(len(sequences), -1)
simple = {"always 1": np.ones(len(test))}
for name, baseline in [
    ("logistic regression", LogisticRegression()),
    ("gradient boosting", HistGradientBoostingClassifier(random_state=SEED)),
]:
    fitted = baseline.fit(values[train], labels[train])
    simple[name] = fitted.predict(values[test])
_, probability = predict(sequences[test], weights, v, b)
lstm = {"LSTM in NumPy": (probability > 0.5).astype(float)}
board = evaluation.Scoreboard(labels[test], lstm, baselines=simple, metric="accuracy")
print(board)  # skill: the part of the best baseline's mistakes that is avoided

# %%
right = board.scores
both = right["LSTM in NumPy"] == right["gradient boosting"] == 1
evaluation.claim("LSTM and boosting are right on all sequences they never saw", both)
guesses = right["logistic regression"] < 0.6
evaluation.claim("logistic regression does not do much better than guessing", guesses)

# %%
# Look closer
# -----------
# Two sequences that differ in the first number alone, and the unit whose cell state
# differs most just before the last number comes:

pair = np.repeat(sequences[test[:1]], 2, axis=0)
pair[1, 0] *= -1
trace, said = predict(pair, weights, v, b)
unit = np.argmax(np.abs(trace.cell[0, -2] - trace.cell[1, -2]))
fig, ax = plt.subplots()
for memory, line, first in zip(trace.cell, ["-", "--"], pair[:, 0, 0], strict=True):
    ax.plot(memory[:, unit], line, color="black", label=f"begins with {first:+g}")
ax.set(title=f"Cell state of unit {unit}", xlabel="time step", ylabel="cell state")
ax.legend()
print("probability that the last number equals the first:", said.round(3))
evaluation.claim("the two get different answers", (said[0] > 0.5) != (said[1] > 0.5))
apart = trace.cell[0, :, unit] - trace.cell[1, :, unit]
evaluation.claim("the two lines never cross", abs(np.sign(apart).sum()) == len(apart))

# %%
# The lines part at the first step and stay apart. After that the same numbers come in,
# so the distance between the lines *is* the memory of how it began. It may even grow:
# the hidden state goes back into the gates and the candidate, and adds to it.
#
# The baselines tell what this is worth. A weighted sum of the numbers cannot solve the
# task; gradient boosting can, because the places that matter are always the same two.
# An LSTM pays off when they are not, as on the page *Train your first LSTM*.
#
# Make it yours
# -------------
# Put sequences of your own into the line that begins with ``sequences, labels =``:
# numbers near zero, of the shape (samples, time_steps, features), and labels 0 or 1.
# *Try:* ``SEED = 1``. The loss waits for another time before it falls.
#
# .. dropdown:: Which equation would you change to get a network that forgets?
#
#    That of the cell state: with a forget gate that is always closed, the memory is
#    written anew at each step. What came before is left in the hidden state alone, as
#    in a simple RNN.
#
# .. dropdown:: Why does the gradient of the forget gate contain the old cell state?
#
#    The gate is multiplied by it. Where nothing was kept, opening or closing the gate
#    changes nothing.
#
# Next: :doc:`/gallery/1_understand/plot_3_watch_the_gates` opens a trained Keras model
# and reads its gates. :doc:`/explanation/lstm` has the cell as a diagram.

plt.show()
