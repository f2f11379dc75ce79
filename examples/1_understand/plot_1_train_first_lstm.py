"""
Train your first LSTM: does the end repeat the beginning?
=========================================================

You train a network with a memory on short sequences whose label depends on the *order* of
events, and hold it against models that have no memory. Out come its learning curves, its
accuracy on sequences it never saw, and its mistakes. The page takes 20 to 60 seconds on a
laptop. **For your own data, change the line that begins with** ``sequences, labels =``.
"""

# %%
# Settings
# --------

import matplotlib.pyplot as plt

SAMPLES = 8000  # sequences in all
TIME_STEPS = 30  # length of each
UNITS = 128  # numbers in the LSTM's memory
EPOCHS = 12  # passes over the training sequences
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

from simple_lstm import datasets

sequences, labels = datasets.make_sequences(
    SAMPLES, time_steps=TIME_STEPS, noise=0.1, seed=SEED
)

fig, axes = plt.subplots(2, 2, figsize=(7, 4.2), sharex=True, sharey=True)
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

print("(samples, time_steps, features) =", sequences.shape)

fig, ax = plt.subplots(figsize=(7, 2.6))
image = ax.imshow(sequences[:6, :, 0], cmap="RdBu", vmin=-1.2, vmax=1.2, aspect="auto")
ax.set(title="Six samples, one row each", xlabel="time step", ylabel="sample")
ax.grid(visible=False)
fig.colorbar(image, label="value of the one feature")

# %%
# A row is a sample, a column a time step. With two features there would be a second such
# table behind this one. If your data has the shape (samples, time_steps), give it its
# last axis with ``data[..., np.newaxis]``.
#
# Split, then prepare
# -------------------
# The model learns from the first part. The second, the validation data, shows while you
# train whether it learns the rule or only these examples. The third is used once.

import numpy as np

train, validation, test = np.split(np.arange(SAMPLES), [6 * SAMPLES // 8, 7 * SAMPLES // 8])
mean, spread = sequences[train].mean(), sequences[train].std()
scaled = (sequences - mean) / spread
print(f"training data after scaling: mean {scaled[train].mean():.2f}, "
      f"standard deviation {scaled[train].std():.2f}")

# %%
# LSTMs learn best from values around zero with a standard deviation near one. Both
# numbers come from the training part alone: the other two stand for a future that you
# cannot measure yet.
#
# The model
# ---------
# The LSTM reads a sequence step by step and keeps 128 numbers as its memory. When it has
# reached the end, a dense layer turns them into one number between 0 and 1: the
# probability of label 1.

import keras
from keras import layers

keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((TIME_STEPS, 1)),
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
# One epoch is one pass over the training sequences. ``EarlyStopping`` brings back the
# weights of the best epoch, judged by the validation data.

keep_best = keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)
history = model.fit(
    scaled[train],
    labels[train],
    validation_data=(scaled[validation], labels[validation]),
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
    callbacks=[keep_best],
    verbose=0,
)

# %%
from simple_lstm import plots

fig, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.4))
plots.history(history, ax=left)
plots.history(history, metric="accuracy", ax=right)

# %%
# The loss falls, the accuracy climbs, and the validation curves go along: what the model
# has learned holds for sequences it was not trained on. If the validation loss rose
# while the training loss still fell, it would be learning its examples by heart.
#
# Is it any good?
# ---------------
# An accuracy means nothing alone. Three models without memory do the same task: logistic
# regression on the mean, minimum and maximum of a sequence; logistic regression on all of
# its values; and gradient boosting, a strong model for tables, on all of its values.

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from simple_lstm import evaluation

values = scaled[..., 0]
summary = np.stack([values.mean(1), values.min(1), values.max(1)], axis=1)
probability = model.predict(scaled[test], verbose=0)[:, 0]

board = evaluation.Scoreboard(labels[test], metric="accuracy", baseline="always 1")
board.add("always 1", np.ones(len(test), dtype=int))
for name, baseline, table in [
    ("logistic, mean min max", LogisticRegression(), summary),
    ("logistic, all values", LogisticRegression(), values),
    ("gradient boosting", HistGradientBoostingClassifier(random_state=SEED), values),
]:
    board.add(name, baseline.fit(table[train], labels[train]).predict(table[test]))
board.add("LSTM", (probability > 0.5).astype(int))
print(board)
