"""
What does a unit of the memory stand for?
=========================================

You train an LSTM to guess the next character of Python code, and nothing else. Then you
look for single numbers in its memory that follow something a programmer would name:
inside a string, inside brackets, in a comment, how far indented, how far in the line.
The same search in an untrained LSTM shows what would be found by chance. The page takes
30 to 80 seconds on a laptop. **For code of your own, change the line that begins with**
``texts =``.
"""

# sphinx_gallery_parallel = False

# %%
# Settings
# --------

import io
import tempfile
import tokenize
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf

from simple_lstm import callbacks, cell, characters, datasets, diagnostics, evaluation
from simple_lstm import gates, plots

# %%
UNITS, EPOCHS = 192, 2  # the LSTM's memory; passes over the training texts
BATCH_SIZE, TIME_STEPS = 128, 25  # pieces read side by side; steps of a piece
LEARNING_RATE, WEIGHT_DECAY = 3e-2, 0.2
EACH = 10_000  # characters of each module in which units are looked for
SEED = 0

plt.style.use("simple_lstm.simple_lstm")

# %%
# Data, split, model
# ------------------
# As on :doc:`/gallery/4_characters/plot_1_write_python`, where every step is explained.

texts = datasets.load_python_source(characters=800_000, seed=SEED)

train, validation, test = datasets.split_texts(texts, seed=SEED)

# %%
updates = EPOCHS * sum(map(len, train)) // (BATCH_SIZE * TIME_STEPS)
rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, updates)
build = {"units": UNITS, "learning_rate": rate, "weight_decay": WEIGHT_DECAY}
trained = characters.character_model(train, batch_size=BATCH_SIZE, seed=SEED, **build)
untrained = characters.character_model(train, units=UNITS, seed=SEED)

# %%
# ``diagnose`` checks the model and some of the data before training. The loss is in
# :term:`nats <nat>` per character.

streams = characters.CharacterStreams(train, trained, time_steps=TIME_STEPS)
validating = characters.CharacterStreams(validation, trained, time_steps=TIME_STEPS)
diagnostics.diagnose(trained, streams, validating)
stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
history = trained.fit(
    streams,
    validation_data=validating,
    shuffle=False,
    epochs=EPOCHS,
    callbacks=[callbacks.ResetStates(), stop],
)
model = characters.character_model(train, units=UNITS)  # any batch, starts from zero
model.set_weights(trained.get_weights())
print(f"{min(history.history['val_loss']):.2f} nats per validation character")

# %%
# What a programmer would name
# ----------------------------
# Python's own ``tokenize`` says what each character is part of. The number after a
# character tells what is the case **once it is read**: after an opening quote a string
# is open, after the closing one it is not. The place in the line is taken as a
# logarithm: the first characters of a line differ more than the fortieth and the next.


def describe(text):
    """Five numbers for each character, of shape (characters, 5)."""
    lines, found = text.split("\n"), np.zeros((len(text) + 1, 3))
    starts = np.cumsum([0] + [len(line) + 1 for line in lines])
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        first, last = (starts[row - 1] + at for row, at in (token.start, token.end))
        kind = tokenize.tok_name[token.type]
        if kind in ("STRING", "FSTRING_START", "FSTRING_MIDDLE"):
            found[first : last - (kind == "STRING"), 0] = 1
        elif kind == "OP" and token.string in "([{)]}":
            found[first, 1] += 1 if token.string in "([{" else -1
        elif kind == "COMMENT":
            found[first:last, 2] = 1
    found[:, 1] = np.cumsum(found[:, 1]) > 0  # is any bracket open?
    return np.column_stack([found[: len(text)], *in_line(lines, len(text))])


# %%
def in_line(lines, length):
    """How far each line is indented so far, and log(1 + its length) so far."""
    indented, column = [], []
    for line in lines:
        spaces = len(line) - len(line.lstrip(" "))
        read = np.arange(1, len(line) + 1)
        indented += [*np.minimum(read, spaces), 0]
        column += [*read, 0]
    return np.array(indented)[:length], np.log1p(column)[:length]


NAMES = ["in a string", "in brackets", "in a comment", "indentation", "place in line"]
example = 'f("a)", 1)  # ok'
print(" " * 14, *example)
for name, row in zip(NAMES, describe(example).T, strict=True):
    print(f"{name:14}", *(f"{value:.0f}"[-1] for value in row))

# %%
# The memory while it reads
# -------------------------
# ``cell.forward``, the LSTM in NumPy, takes the weights of the Keras layer and keeps
# the :term:`cell state` after each character. It is taken in two ways, as it is, and
# its tanh, from -1 to 1; times the :term:`output gate` that is the :term:`hidden
# state`, which the rest of the model sees.


def memory(model, text):
    symbols = model.layers[0](tf.constant(["", *text])).numpy()
    x = model.layers[1].embeddings.numpy()[symbols]
    trace = cell.forward(x, gates.read_weights(model.layers[2]))
    return np.hstack([trace.cell, np.tanh(trace.cell)])[1:]  # (characters, 2 units)


# %%
def read(part):
    """The five numbers of the beginning of each text, and the memory of both models."""
    rows = [
        (
            describe(text)[:EACH],
            memory(model, text[:EACH]),
            memory(untrained, text[:EACH]),
        )
        for text in part
    ]
    return [np.concatenate(parts) for parts in zip(*rows, strict=True)]


# %%
# Search on some texts, judge on others
# -------------------------------------
# Of many units the best is always a bit too good to be true: some fit by luck. So the
# unit is **chosen** by its correlation on the validation modules, and its correlation
# on the **test** modules is what counts. The untrained LSTM has as many to choose from.


def correlations(cells, named):
    """Of each column of the memory with each of the five numbers, (2 units, 5)."""
    cells = (cells - cells.mean(axis=0)) / np.maximum(cells.std(axis=0), 1e-9)
    named = (named - named.mean(axis=0)) / np.maximum(named.std(axis=0), 1e-9)
    return cells.T @ named / len(named)


# %%
chosen, judged = read(validation), read(test)
columns = {}
for place, name in [(1, "trained"), (2, "untrained")]:
    best = np.abs(correlations(chosen[place], chosen[0])).argmax(axis=0)
    result = correlations(judged[place], judged[0])[best, range(len(NAMES))]
    columns |= {
        f"{name} column": best,
        f"{name} unit": best % UNITS,
        f"{name} r": result,
    }
table = pd.DataFrame(columns, index=NAMES)
print(table.filter(regex="unit|r$").round(2))

# %%
sizes = table[["trained r", "untrained r"]].abs()
ax = sizes.plot.barh(color=["C0", "#b9bec4"], width=0.7, figsize=(7, 3.6))
ax.invert_yaxis()
ax.axvline(0.6, color="C1", ls="--", lw=1)
ax.set(
    title="The best unit for each, on test modules",
    xlabel="size of the correlation, whatever its sign",
)
ax.legend(["0.6", "trained", "untrained"], loc="center left", bbox_to_anchor=(1, 0.5))
ahead = sizes["trained r"] - sizes["untrained r"]
learned = table.index[(sizes["trained r"] >= 0.6) & (ahead >= 0.2)]
print("clearly learned:", ", ".join(learned))
evaluation.claim(
    "two or more are clearly learned: 0.6, and 0.2 ahead", len(learned) >= 2
)

# %%
# Nobody told the model what these things are. It found out, because what comes next
# depends on them. And what is *not* found in one unit may still be in the memory,
# spread over many.
#
# See it in the code
# ------------------
# A piece of a test module with strings, brackets and comments in it, colored by the
# unit chosen for each. Where the correlation is low, it follows little. Blue is what
# the unit shows *inside*, orange *outside*; for the last two, blue is far and orange is
# near.

longest = int(np.argmax([len(text) for text in test]))
whole = test[longest][:EACH]
first = sum(len(text[:EACH]) for text in test[:longest])  # its place in ``judged``
here = slice(first, first + len(whole))
named, cells = judged[0][here], judged[1][here]
lines = [0] + [place + 1 for place, one in enumerate(whole) if one == "\n"]
windows = list(zip(lines, lines[16:], strict=False)) or [(0, len(whole))]
mixed = [named[start:end, :3].std(axis=0).sum() for start, end in windows]
start, end = windows[int(np.argmax(mixed))]


# %%
def show_any(text, memories, name):
    """Any text, colored by the unit that was chosen for one of the NAMES."""
    column, unit, r = table.loc[name, ["trained column", "trained unit", "trained r"]]
    sign = -1 if r < 0 else 1
    usual = sign * judged[1][:, int(column)]
    low, high = np.quantile(usual, [0.02, 0.98])
    print(f"{name}: unit {unit:.0f}, correlation {r:+.2f}")
    return plots.colored_source(
        text, sign * memories[:, int(column)], limits=(low, high + 1e-6)
    )


def show(name):
    return show_any(whole[start:end], cells[start:end], name)


# %%
# In the first one look at the quotes: does the color change right after the opening
# one, and back after the closing one? Where is it wrong?

show(NAMES[0])

# %%
show(NAMES[1])

# %%
show(NAMES[2])

# %%
show(NAMES[3])

# %%
show(NAMES[4])

# %%
# The last unit counts from the start of each line, and starts again at the next. Here
# is how it runs, on average over the test modules.

column, r = table.loc["place in line", ["trained column", "trained r"]]
clock = pd.Series((-1 if r < 0 else 1) * judged[1][:, int(column)])
clock = clock.groupby(np.rint(np.expm1(judged[0][:, 4]))).mean().loc[:70]
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(clock)
ax.set(xlabel="characters since the line began", ylabel="mean (no unit)")
ax.set_title("The unit that follows the place in the line")

# %%
# A steep line tells places apart, a flat one does not.
#
# What do its gates do?
# ---------------------
# The unit for strings, on a line with two of them.

snippet = 'name = "abc" + f(x, "de") # end'
snippet = snippet if set(snippet) <= set("".join(train)) else whole[start:][:30]
unit = int(table.loc[NAMES[0], "trained unit"])
short = gates.trace(model, np.array([["", *snippet]]))
ax = plots.gates(short, units=[unit], labels=["", *snippet])

# %%
# Look below the quotes. To store something new, the :term:`forget gate` has to close
# for a moment and the input gate to open; to keep it to the end of the string, the
# forget gate has to stay open. Over the whole module:

symbols = model.layers[0](tf.constant(["", *whole])).numpy()
x = model.layers[1].embeddings.numpy()[symbols]
forget = cell.forward(x, gates.read_weights(model.layers[2])).forget[1:, unit]
opening = np.diff(named[:, 0], prepend=0) > 0
later = (named[:, 0] > 0) & ~opening
for where, rows in [("at opening quotes", opening), ("inside strings", later)]:
    print(f"forget gate {where}: {forget[rows].mean():.2f}")

# %%
# Does the model use it?
# ----------------------
# A correlation shows that something is known, not that it is used. So the unit is cut
# off: its weights to all that reads it are set to zero, and the
# :term:`negative log-likelihood` of each character is measured again, inside strings
# and elsewhere. It is minus the logarithm of the character's probability, and its mean
# is the loss. The same is done to five other units, drawn at random.


def cut_off(unit):
    silent = characters.character_model(train, units=UNITS)
    arrays = [array.copy() for array in model.get_weights()]
    for array in (arrays[2], arrays[4]):  # to the gates, and to the answer
        array[unit] = 0
    silent.set_weights(arrays)
    return silent


# %%
before = characters.negative_log_likelihood(model, whole)
rng = np.random.default_rng(SEED)
others = rng.choice(np.delete(np.arange(UNITS), unit), 5, replace=False)
rise = [
    characters.negative_log_likelihood(cut_off(one), whole) - before
    for one in (unit, *others)
]

# %%
names = [f"unit {unit}", *(f"unit {other}, drawn" for other in others)]
inside = named[:, 0] > 0.5
parts = {"in strings": inside, "elsewhere": ~inside}
costs = pd.DataFrame(
    {part: [one[rows].mean() for one in rise] for part, rows in parts.items()}, names
)
print(costs.round(3), "\n(nats per character more)")
small = costs.loc[names[0]].max() <= 0.2
evaluation.claim("the loss without this unit rises by 0.2 nats at most", bool(small))

# %%
# Cutting off one unit costs little; compare it with those drawn at random. A unit can
# be easy to read and still not be what the model stands on.
#
# Use it
# ------
# Nothing here needs the model to be new: any saved model of characters can be read.

with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder, "reader.keras"))
    loaded = keras.saving.load_model(Path(folder, "reader.keras"))
mine = 'print("hello", [1, 2])  # a line of your own'
mine = "".join(one for one in mine if one in set("".join(train)))
same = np.allclose(memory(loaded, mine), memory(model, mine))
evaluation.claim("the loaded model has the same memory", same)
show_any(mine, memory(loaded, mine), NAMES[0])

# %%
# Make it yours
# -------------
# Put a list of at least ten files of Python 3 that run, 50,000 characters or more
# together, into the line that begins with ``texts =``. For other texts write your own
# ``describe``: inside a quotation, in a heading, how many letters since the last vowel.
# *Try:* ``UNITS = 32``. With fewer units each has more to do; do the correlations rise
# or fall?
#
# .. dropdown:: Why is the unit chosen on other modules than it is judged on?
#
#    The best of many on some modules is partly the luckiest. On new modules the luck is
#    gone, and what was learned is left.
#
# .. dropdown:: The untrained units follow the place in the line a little. Why?
#
#    A random memory, too, takes some steps to forget the last new line. Only what
#    training adds to that was learned.
#
# Next: :doc:`/gallery/1_understand/plot_3_watch_the_gates` finds a unit that counts, in
# a model small enough to read whole.

plt.show()
