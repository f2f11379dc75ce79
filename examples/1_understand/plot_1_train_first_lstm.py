"""
Train your first LSTM: does the end repeat the beginning?
=========================================================

You train a network with a memory on short sequences whose label depends on the *order*
of events, and compare it with models that have no memory. You will see its learning
curves, its accuracy on sequences it never saw, and its mistakes. The page takes 20 to
60 seconds on a laptop. **For your own data, change the line that begins with**
``sequences, labels =``.
"""

# %%
# Settings
# --------

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from simple_lstm import datasets, diagnostics, evaluation, plots

SAMPLES = 8000  # sequences in all
TIME_STEPS = 24  # length of each
UNITS = 128  # numbers in the LSTM's memory
EPOCHS = 7  # passes over the training sequences
BATCH_SIZE = 64  # sequences between two updates of the weights
LEARNING_RATE = 2e-3
SEED = 0

plt.style.use("simple_lstm.simple_lstm")

# %%
# Data: look before you touch
# ---------------------------
# Every sequence is noise with four pulses in it, two up and two down, at random times.
# The label is 1 if the **last pulse points the same way as the first**. All sequences
# have the same pulses, so only their order tells.

sequences, labels = datasets.make_sequences(
    SAMPLES, time_steps=TIME_STEPS, noise=0.1, seed=SEED
)

fig, axes = plt.subplots(2, 2, figsize=(6.4, 4.2), sharex=True, sharey=True)
for column, label in enumerate([0, 1]):
    for ax, sequence in zip(axes[:, column], sequences[labels == label], strict=False):
        ax.plot(sequence[:, 0], ".-", color=["#D55E00", "#0072B2"][label])
    axes[0, column].set_title(f"Label {label}")
fig.supxlabel("time step")
fig.supylabel("value (no unit)")

# %%
# On the left the sequence ends the other way than it began, on the right the same way.
#
# The shape of the input
# ----------------------
# An LSTM takes an array with three axes: **(samples, time_steps, features)**. Which
# sequence, which moment in it, which of the things measured at that moment.

SAMPLES, TIME_STEPS, FEATURES = sequences.shape
print("(samples, time_steps, features) =", sequences.shape)

fig, ax = plt.subplots(figsize=(6.4, 2.6))
image = ax.imshow(sequences[:6, :, 0], cmap="RdBu", vmin=-1.2, vmax=1.2, aspect="auto")
ax.set(title="Six samples, one row each", xlabel="time step", ylabel="sample")
ax.grid(visible=False)
fig.colorbar(image, label="value")

# %%
# A row is a sample, a column a time step. With two features there would be a second
# such table behind this one. If your data has the shape (samples, time_steps), give it
# its last axis with ``data[..., np.newaxis]``.
#
# Split, then prepare
# -------------------
# The model learns from the first part. The second, the validation data, shows while
# you train whether it learns the rule or only these examples. The third is kept for
# last.

parts = [6 * SAMPLES // 8, 7 * SAMPLES // 8]
train, validation, test = np.split(np.arange(SAMPLES), parts)
mean, spread = sequences[train].mean(), sequences[train].std()
scaled = (sequences - mean) / spread
print(f"before scaling: mean {mean:.4f}, standard deviation {spread:.4f}")

# %%
# LSTMs learn best from values around zero with a standard deviation near one. Both
# numbers come from the training part alone: the other two stand for a future that you
# cannot measure yet.
#
# The model
# ---------
# The LSTM reads a sequence step by step; ``UNITS`` is the size of its memory. At the
# end a dense layer turns what it keeps into one number between 0 and 1: the probability
# of label 1.

keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((TIME_STEPS, FEATURES)),
        layers.LSTM(UNITS),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(LEARNING_RATE),
    loss="binary_crossentropy",
    metrics=["accuracy"],
)
model.summary()

# %%
# Train
# -----
# First, ``diagnose`` checks the model and the data. It stops with an error if something
# cannot be right, and lists what looks suspicious, with a remedy; here it finds nothing
# (:doc:`/reference/diagnostics` has all that it looks for). One epoch is one pass over
# the training sequences. ``EarlyStopping`` ends training when the validation loss no
# longer falls, and brings back the weights of the best epoch.

validation_data = (scaled[validation], labels[validation])
diagnostics.diagnose(model, (scaled[train], labels[train]), validation_data)
keep_best = keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)
history = model.fit(
    scaled[train],
    labels[train],
    validation_data=validation_data,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    callbacks=[keep_best],
)

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(7, 3.4))
plots.history(history, ax=left)
plots.history(history, metric="accuracy", ax=right)

# %%
# The loss falls, the accuracy climbs, and the validation curves go along: what the
# model has learned holds for sequences it was not trained on. If the validation loss
# rose while the training loss still fell, it would be learning its examples by heart.
#
# Is it any good?
# ---------------
# An accuracy means nothing alone. Three models without memory do the same task:
# logistic regression on the mean, minimum and maximum of a sequence; logistic
# regression on all of its values; and gradient boosting, a strong model for tables, on
# all of its values.

values = scaled.reshape(SAMPLES, TIME_STEPS * FEATURES)
summary = np.stack([values.mean(1), values.min(1), values.max(1)], axis=1)
simple = {"always 1": np.ones(len(test), dtype=int)}
for name, baseline, table in [
    ("logistic, mean min max", LogisticRegression(), summary),
    ("logistic, all values", LogisticRegression(), values),
    ("gradient boosting", HistGradientBoostingClassifier(random_state=SEED), values),
]:
    simple[name] = baseline.fit(table[train], labels[train]).predict(table[test])
probability = model.predict(scaled[test])[:, 0]
lstm = {"LSTM": (probability > 0.5).astype(int)}
board = evaluation.Scoreboard(labels[test], lstm, baselines=simple, metric="accuracy")
print(board)  # skill: the part of the best baseline's mistakes that is avoided

# %%
plots.scoreboard(board)
right = board.scores
evaluation.claim("the LSTM is right at least 95 % of the time", right["LSTM"] >= 0.95)
linear = [right["logistic, mean min max"], right["logistic, all values"]]
guessing = all(abs(score - 0.5) < 0.06 for score in linear)
evaluation.claim("logistic regression does no better than guessing", guessing)
evaluation.claim("the LSTM is better than the best baseline", board.best == "LSTM")

# %%
# Guessing is right half of the time. Mean, minimum and maximum know nothing of order. A
# weighted sum of all values fails because a sequence and its mirror image have the same
# label. Boosted trees ask about one moment after the other, and four pulses can stand
# in too many places. The LSTM keeps in mind how a sequence began.
#
# Look closer
# -----------
# The three answers nearest to the truth, and the three farthest from it:

wrong_by = np.abs(probability - labels[test])
order = np.argsort(wrong_by)
fig, axes = plt.subplots(2, 3, figsize=(7, 4.4), sharex=True, sharey=True)
for ax, number in zip(axes.flat, [*order[:3], *order[-3:]], strict=True):
    verdict, color = ("right", "C0") if wrong_by[number] < 0.5 else ("wrong", "C1")
    ax.plot(sequences[test[number], :, 0], ".-", color=color)
    label, said = labels[test[number]], probability[number]
    ax.set_title(f"{verdict}: label {label}, said {said:.2f}", fontsize=10)
fig.supxlabel("time step")
fig.supylabel("value (no unit)")

# %%
# In the upper row the probability is close to the label. The lower row shows the worst
# answers of the whole test set. An orange one is wrong: a probability above 0.5 for
# label 0, or below for 1.
#
# Several classes, or a number
# ----------------------------
# The LSTM stays. What changes is the last layer, the loss, and the labels. *Several
# classes:* in which third of the sequence does its highest value stand? *A number:* how
# far along does it stand, from 0 to 1?


def try_last_layer(last_layer, answers, loss, metric):
    memory = layers.LSTM(32)
    other = keras.Sequential([keras.Input((TIME_STEPS, FEATURES)), memory, last_layer])
    other.compile(keras.optimizers.Adam(5e-3), loss=loss, metrics=[metric])
    other.fit(scaled[train], answers[train], BATCH_SIZE, epochs=5)
    _, score = other.evaluate(scaled[test], answers[test])
    print(f"output shape {other.output_shape}, {metric} on the test data: {score:.2f}")


place = scaled[..., 0].argmax(axis=1)
third, part = place * 3 // TIME_STEPS, place / TIME_STEPS
softmax = layers.Dense(3, activation="softmax")
try_last_layer(softmax, third, "sparse_categorical_crossentropy", "accuracy")
try_last_layer(layers.Dense(1), part, "mse", "mae")

# %%
# For classes the labels are the integers 0, 1, 2, and the three outputs are
# probabilities that add up to 1. For a number the last layer has no activation, so it
# can take any value; the mean absolute error (mae) is in the unit of the labels.
#
# Use it
# ------
# A new sequence goes through the same scaling as the training data, and keeps its three
# axes even if it is alone:

drawn = np.zeros((1, TIME_STEPS, FEATURES))
quarters = np.arange(1, 5) * TIME_STEPS // 5
drawn[0, quarters, 0] = [1, -1, -1, 1]
said = float(model.predict((drawn - mean) / spread)[0, 0])
print(f"up, down, down, up: the last is like the first with probability {said:.2f}")

# %%
# Make it yours
# -------------
# Put your own arrays into the line that begins with ``sequences, labels =``: numbers of
# the shape (samples, time_steps, features), labels 0 or 1. *Try:* ``TIME_STEPS = 48``.
# The first pulse has to be kept in mind for longer, and the accuracy takes more epochs
# to rise.
#
# .. dropdown:: Training accuracy 99 %, validation accuracy 60 %: what is wrong?
#
#    The model has learned its examples by heart. Give it more examples, or fewer units.
#
# .. dropdown:: Why is the mean taken from the training part alone?
#
#    The other parts stand for sequences you do not have yet. What is measured on them
#    before training has leaked into the model.
#
# Next: :doc:`/gallery/1_understand/plot_2_build_the_cell` shows what happens inside;
# :doc:`/gallery/2_forecasting/plot_1_forecast_traffic` uses an LSTM on real data.

plt.show()
