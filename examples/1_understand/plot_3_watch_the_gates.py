"""
What does an LSTM remember? Watch its gates
===========================================

You train a small LSTM on texts of brackets, and tell it only whether anything is open.
Then you look inside: one number of its memory has learned to *count* the open
brackets, and its forget gate closes where counting starts again. The page takes 20 to
60 seconds on a laptop. **For your own data, change the line that begins with**
``texts, depths =``.
"""

# %%
# Settings
# --------

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from simple_lstm import datasets, diagnostics, evaluation, gates, plots

SAMPLES, TIME_STEPS = 5000, 60  # texts, and characters in each
UNITS = 5  # numbers in the memory of the LSTM
LAST = 10  # characters that the models without memory look back on
EPOCHS, BATCH_SIZE = 30, 64  # passes over the texts; texts between two updates
LEARNING_RATE, SEED = 1e-2, 0
DEEP = 20  # brackets in the tower at the end of the page

plt.style.use("simple_lstm.simple_lstm")

# %%
# Data: look before you touch
# ---------------------------
# A bracket opens, ``(``, or closes, ``)``. The letter ``x`` changes nothing. A
# semicolon ends all that is open. The **depth** is the number of open brackets.

texts, depths = datasets.make_brackets(SAMPLES, time_steps=TIME_STEPS, seed=SEED)

depths = np.asarray(depths)
SAMPLES, TIME_STEPS = depths.shape
fig, ax = plt.subplots(figsize=(7, 2.4))
ax.step(np.arange(TIME_STEPS), depths[0], where="mid", color="black")
ax.set_xticks(np.arange(TIME_STEPS), texts[0], family="monospace", fontsize=8)
ax.set(xlabel="character", ylabel="open brackets")
ax.set_title("One text and its depth")

# %%
# The model is not told the depth. The label of each character says only whether
# **anything is open after it**. To know that after ``(()``, you have to count.
#
# Each character becomes four numbers, a one for itself and zeros for the others:

SYMBOLS = np.array(sorted(set("".join(texts))))


def one_hot(texts):
    return (as_characters(texts)[..., np.newaxis] == SYMBOLS).astype(np.float32)


def as_characters(texts):
    return np.array([list(text) for text in texts])


characters, inputs = as_characters(texts), one_hot(texts)
is_open = (depths > 0).astype(int)
print("symbols", *SYMBOLS, " inputs", inputs.shape, " labels", is_open.shape)
train, validation, test = np.split(
    np.arange(len(texts)), [7 * len(texts) // 10, 8 * len(texts) // 10]
)

# %%
# The model
# ---------
# ``return_sequences=True`` makes the LSTM give out its :term:`hidden state` after
# *every* character, and the dense layer answers at each of them.

keras.utils.set_random_seed(SEED)
model = keras.Sequential(
    [
        keras.Input((None, len(SYMBOLS))),
        layers.LSTM(UNITS, return_sequences=True),
        layers.Dense(1, activation="sigmoid"),
    ]
)
before = gates.trace(model, inputs)  # kept, to compare with
model.summary()

# %%
# Train
# -----
# The learning rate falls along a cosine to zero, so that the last epochs settle.
# ``diagnose`` checks the model and the data before training.

updates = EPOCHS * -(-len(train) // BATCH_SIZE)
rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, updates)
model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
labels = is_open[..., np.newaxis]
validation_data = (inputs[validation], labels[validation])
diagnostics.diagnose(model, (inputs[train], labels[train]), validation_data)
history = model.fit(
    inputs[train],
    labels[train],
    validation_data=validation_data,
    epochs=EPOCHS,
    batch_size=BATCH_SIZE,
)
plots.history(history, metric="accuracy")

# %%
# Is it any good?
# ---------------
# Three others answer the same question: one that always says the commoner label, and
# two that see the last characters in a table, without any memory.

padded = np.pad(inputs, ((0, 0), (LAST - 1, 0), (0, 0)))
window = np.lib.stride_tricks.sliding_window_view(padded, LAST, axis=1)
table = window.reshape(*is_open.shape, -1)
rows, answers = table[train].reshape(-1, table.shape[-1]), is_open[train].ravel()
usual = int(answers.mean() > 0.5)
simple = {"the commoner label": np.full(is_open[test].size, usual)}
for name, baseline in [
    (f"logistic, last {LAST}", LogisticRegression(max_iter=1000)),
    (f"boosting, last {LAST}", HistGradientBoostingClassifier(random_state=SEED)),
]:
    baseline.fit(rows, answers)
    simple[name] = baseline.predict(table[test].reshape(-1, rows.shape[1]))

# %%
probability = model.predict(inputs[test])[..., 0]
y_true, y_pred = is_open[test].ravel(), (probability > 0.5).astype(int).ravel()
board = evaluation.Scoreboard(
    y_true, {"LSTM": y_pred}, baselines=simple, metric="accuracy"
)
print(board)  # skill: the part of the best baseline's mistakes that is avoided
plots.scoreboard(board)
evaluation.claim("the LSTM is better than the best baseline", board.best == "LSTM")
evaluation.claim("it is right at least 99 % of the time", board.scores["LSTM"] >= 0.99)

# %%
# Open it
# -------
# ``gates.trace`` runs the model once and returns every number inside its LSTM. Time
# goes from left to right. The rows of the input are the symbols, in the order printed
# above. In all other panels each row is a unit, with its number at the left; they are
# sorted, so that units which go together stand together.

trace = gates.trace(model, inputs)
shown, first = slice(0, 40), test[0]
text = texts[first][shown]
short = gates.trace(model, inputs[[first], shown])
plots.gates(short, labels=text)

# %%
# Look for the semicolons: below them the forget gate turns pale in some rows, which
# means *closed*. Look at the cell state: there are rows that change a little with each
# opening bracket, and change back with each closing one.
#
# Does the memory hold the depth?
# -------------------------------
# If a *linear* formula reads the depth off the :term:`cell state`, it is in there. The
# formula is fitted on the training texts and judged on the test texts by R²: 1 is
# perfect, 0 is no better than the mean depth. Two others show what would be found
# anyway: the same LSTM **before training**, and the last characters without any LSTM.


def read_depth(columns):
    table = columns.reshape(*depths.shape, -1)
    flat = {part: table[rows].reshape(-1, table.shape[-1]) for part, rows in parts}
    reading = LinearRegression().fit(flat["train"], depths[train].ravel())
    return reading, reading.score(flat["test"], depths[test].ravel())


parts = [("train", train), ("test", test)]
reading, r_squared = read_depth(trace.cell)
found = {
    "cell state": r_squared,
    "cell state before training": read_depth(before.cell)[1],
    f"last {LAST} characters": read_depth(table)[1],
}
print(*(f"R² from the {name}: {value:.3f}" for name, value in found.items()), sep="\n")

# %%
enough = found["cell state"] >= 0.95
evaluation.claim("the cell state gives the depth with R² of at least 0.95", enough)
others = max(list(found.values())[1:])
evaluation.claim("neither of the others comes near: both below 0.7", others < 0.7)

# %%
# Nobody told the model how deep it is. It had to find out, to know when all is closed.
#
# Which unit counts?
# ------------------
# The one whose cell state goes along with the depth best, up or down. This page has
# five units because so few can be read. An LSTM of another size solves the task as
# well, but need not have one unit that does this alone.

cells = trace.cell[test].reshape(-1, UNITS)
size = [
    np.corrcoef(cells[:, unit], depths[test].ravel())[0, 1] for unit in range(UNITS)
]
counter = int(np.argmax(np.abs(size)))
print(f"unit {counter}: correlation with the depth {size[counter]:+.3f}")
alone = abs(size[counter]) >= 0.95
evaluation.claim("one unit alone goes along with the depth, correlation 0.95", alone)
plots.gates(short, units=[counter], labels=text)

# %%
# The lowest panel is the count. It moves one way with ``(`` and the other way with
# ``)``: see how the candidate (what to write) changes its sign. At ``;`` the forget
# gate drops: the count is thrown away, and the candidate writes in its place what
# stands for depth zero in this unit, which need not be the number zero.
#
# When does the forget gate close?
# --------------------------------


def means(part):
    here = part[test, :, counter]
    return {symbol: here[characters[test] == symbol].mean() for symbol in SYMBOLS}


forget, candidate = means(trace.forget), means(trace.candidate)
fig, ax = plt.subplots(figsize=(6.4, 2.8))
ax.bar(list(forget), list(forget.values()), color=plots.GATES["forget"], width=0.6)
ax.tick_params(axis="x", labelsize=14)
ax.set(ylim=(0, 1), xlabel="character", ylabel="0 closed, 1 open")
ax.set_title(f"Forget gate of unit {counter}, mean over the test texts")

# %%
reset, second = sorted(forget, key=forget.get)[:2]
alone = forget[second] - forget[reset] >= 0.5 and (reset == ";" or ";" not in SYMBOLS)
evaluation.claim(f"only at '{reset}' the forget gate is lower, by at least 0.5", alone)

# %%
change = np.diff(depths, axis=1, prepend=0)  # which symbols go one up, and one down?
up, down = (
    min(SYMBOLS, key=lambda symbol: np.abs(change[characters == symbol] - step).mean())
    for step in (1, -1)
)
opposite = candidate[up] * candidate[down] < 0
evaluation.claim(f"the candidate has other signs at '{up}' and '{down}'", opposite)

# %%
# Open, it keeps what was counted; closed, it lets go of it. That is what this gate was
# added to the LSTM for (`Gers et al., 2000 <https://doi.org/10.1162/089976600300015015>`_).
#
# Look closer: deeper than ever before
# ------------------------------------
# No training text goes deeper than eight. What happens at twenty?

tower = up * DEEP + down * DEEP  # of brackets: ((( … )))
tall = gates.trace(model, one_hot([tower]))
read = reading.predict(tall.cell[0])
true_depth = np.r_[1 : DEEP + 1, DEEP - 1 : -1 : -1]
fig, ax = plt.subplots(figsize=(6.4, 3.2))
ax.plot(true_depth, color="black", label="true depth")
ax.plot(read, color="#0072B2", label="read from the cell state")
ax.axhline(depths.max(), color="#D55E00", ls="--", label="deepest in training")
ax.set(title="A tower of brackets", xlabel="character", ylabel="open brackets")
ax.legend()

# %%
seen = depths.max()
off = np.abs(read - true_depth)[true_depth <= seen][:seen]
evaluation.claim(
    "on the way up to the depth seen in training it is right to 1.5", off.max() <= 1.5
)
evaluation.claim("it counts on, deeper than it ever saw", read.max() > seen + 1)
lost = (true_depth - read)[DEEP:].max()
evaluation.claim("on the way down it is too low by 2 or more", lost >= 2)

# %%
# The count goes on past what was ever seen, but it leaks: a forget gate that is almost
# open still loses a little at each step, and the more there is, the more it loses. So
# on the way down the count is too low. Trust a model where it was trained, and test it
# where it was not.
#
# Use it
# ------
# Any Keras model with an LSTM can be opened, also one that was saved. Under the text
# stands the answer after each character: ``o`` where something is open.

import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder, "brackets.keras"))
    loaded = keras.saving.load_model(Path(folder, "brackets.keras"))
mine = texts[test[0]]  # or a text of your own, of the same characters
answer = loaded.predict(one_hot([mine]))[0, :, 0]
print(mine, "\n" + "".join("o" if here > 0.5 else "." for here in answer))
print(gates.trace(loaded, one_hot([mine])))

# %%
# Make it yours
# -------------
# Put texts of one length and a number for each of their characters, some zero and some
# not, into the line that begins with ``texts, depths =``. *Try:* ``UNITS = 16``. The
# depth can still be read from all units together, but no longer need one unit do the
# counting, or one gate the forgetting: a larger memory shares its work.
#
# .. dropdown:: Why is an R² from the untrained LSTM shown at all?
#
#    An LSTM with random weights, too, remembers a little of what it read. Only what
#    comes on top of that was learned.
#
# .. dropdown:: Why does the correlation of the counting unit not need to be positive?
#
#    The dense layer can turn any sign around. Counting down from zero is counting.
#
# Next: :doc:`/gallery/1_understand/plot_4_compare_with_simple_rnn` asks how long an
# LSTM can remember; :doc:`/explanation/gates` tells what each gate is for.

plt.show()
