"""
How to draw the next character: temperature and top-p
=====================================================

A model of characters gives probabilities; a text needs one character. You train an LSTM
on Python's own source code and draw from it in several ways: always taking the
likeliest character ends in a loop, too much freedom gives nonsense. You will see a map
of both dangers, with the way between them. The page takes 30 to 80 seconds on a laptop.
**For your own data, change the line that begins with** ``texts =``.
"""

# %%
# Settings
# --------

import ast
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from simple_lstm import callbacks, characters, datasets, diagnostics, evaluation, plots

# %%
UNITS, EPOCHS = 160, 2  # the LSTM's memory; passes over the training texts
BATCH_SIZE, TIME_STEPS = 128, 25  # pieces read side by side; steps of a piece
LEARNING_RATE, WEIGHT_DECAY = 3e-2, 0.2
TEMPERATURES = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.3, 1.6]
TOP_PS = [0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 1.0]
SAMPLES, LENGTH = 6, 1200  # texts that are written with each, and their characters
CONTEXTS = range(2, 8)  # characters that the n-gram, the baseline, may look back on
PROMPT, SEED = "    def __", 0

plt.style.use("simple_lstm.simple_lstm")

# %%
# Data, split, model
# ------------------
# As on :doc:`/gallery/4_characters/plot_1_write_python`, where every step is explained:
# whole modules, some kept apart, read in pieces by a stateful LSTM.

texts = datasets.load_python_source(characters=1_000_000, seed=SEED)

train, validation, test = datasets.split_texts(texts, seed=SEED)
print(*(f"{sum(map(len, part)):,}" for part in (train, validation, test)), "characters")

# %%
updates = EPOCHS * sum(map(len, train)) // (BATCH_SIZE * TIME_STEPS)
rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, updates)
build = {"units": UNITS, "learning_rate": rate, "weight_decay": WEIGHT_DECAY}
trained = characters.character_model(train, batch_size=BATCH_SIZE, seed=SEED, **build)

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
# One point, many ways to go on
# -----------------------------
# :term:`Temperature <temperature>` divides the logarithms of the probabilities before
# they are made to sum to one again. Below 1 the likely gets likelier, above 1 all come
# closer together; at 0 only the likeliest is left.

PROMPT = PROMPT if set(PROMPT) <= set("".join(train)) else train[0][:1]
ways = {
    f"temperature {value}": characters.probabilities(model, PROMPT, temperature=value)
    for value in (1.0, 0.5, 1.5)
}
ax = plots.next_characters(ways)
ax.set_title(f"What may come after {PROMPT!r}")
spread = {name: float(-(p[p > 0] * np.log(p[p > 0])).sum()) for name, p in ways.items()}
print(*(f"{name}: {value:.2f} nats" for name, value in spread.items()), sep="\n")
order = sorted(spread, key=spread.get)
rising = order == ["temperature 0.5", "temperature 1.0", "temperature 1.5"]
evaluation.claim("a higher temperature leaves more open", rising)

# %%
# The printed numbers are the *entropy*: how open the next character is, on average.
#
# :term:`Top-p <top-p>` draws a line instead: the likeliest characters stay, as few as
# have the probability ``top_p`` together, and the long tail of unlikely ones is cut
# off. Where the model is sure, one character is left; where it is not, many.

ways = {
    f"top-p {value}": characters.probabilities(model, PROMPT, top_p=value)
    for value in (1.0, 0.9, 0.5)
}
ax = plots.next_characters(ways)
ax.set_title(f"What may come after {PROMPT!r}")
left = {name: int((series > 0).sum()) for name, series in ways.items()}
print(*(f"{name}: {number} characters" for name, number in left.items()), sep="\n")
fewer = left["top-p 0.5"] < left["top-p 0.9"] < left["top-p 1.0"]
evaluation.claim("a lower top-p leaves fewer characters", fewer)

# %%
# The same prompt under each
# --------------------------

samples = [{"temperature": value} for value in (0.0, 0.4, 0.8, 1.6)]
for options in [*samples, {"top_p": 0.8}]:
    print(*(f"-------- {name} {value} --------" for name, value in options.items()))
    print(PROMPT + characters.generate(model, PROMPT, 220, seed=SEED, **options))

# %%
# Two dangers, measured
# ---------------------
# **Repetition**: of all runs of twelve characters in a text, how many are different
# (`Li et al., 2016 <https://aclanthology.org/N16-1014/>`_)? **Nonsense**: how many
# lines does Python refuse, by themselves and inside each of these pieces of code, where
# ``{}`` marks their place? A good setting is far from both.

warnings.filterwarnings("ignore", category=SyntaxWarning)  # odd escapes in strings
FRAMES = ["{}", "{} pass", "if 0: pass\n{} pass", "try: pass\n{} pass"]
FRAMES += ["{} pass\nfinally: pass", "{}\ndef f(): pass"]


def parses(line):
    for frame in FRAMES:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return bool(ast.parse(frame.format(line)))
    return False


# %%
# What people wrote, cut to the same length, shows what is possible, and an
# :term:`n-gram` model, which only counts, is drawn from in the same way.


def distinct(text, size=12):
    runs = [text[start : start + size] for start in range(len(text) - size)]
    return len(set(runs)) / len(runs)


def judge(written):
    lines = [line.strip() for text in written for line in text.splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    parsed = np.mean([parses(line) for line in code]) if code else np.nan
    return np.mean([distinct(text) for text in written]), parsed


# %%
def path(writer, name, values):
    """Both measures for each value of a setting, over SAMPLES texts."""
    points = []
    for value in values:
        options = [{name: value, "seed": seed} for seed in range(SAMPLES)]
        written = [
            characters.generate(writer, PROMPT, LENGTH, **each) for each in options
        ]
        points.append(judge(written))
    return np.array(points)


# %%
counts = characters.NGram(max(CONTEXTS)).fit(train)
some = "".join(validation)[:50_000]  # enough to tell which context is best
nats = {k: counts.up_to(k).negative_log_likelihood(some).mean() for k in CONTEXTS}
best, longest = min(nats, key=nats.get), max(CONTEXTS)
print("best context of the n-gram on validation modules:", best)
usable = TEMPERATURES[3:]
paths = {
    "LSTM, temperature": path(model, "temperature", TEMPERATURES),
    "LSTM, top-p": path(model, "top_p", TOP_PS),
    f"n-gram of {best}, temperature": path(counts.up_to(best), "temperature", usable),
    f"n-gram of {longest}, temperature": path(counts, "temperature", usable),
}
whole = "".join(test)
starts = range(0, max(1, len(whole) - LENGTH), LENGTH)
by_hand = judge([whole[at : at + LENGTH] for at in starts])

# %%
fig, ax = plt.subplots(figsize=(7, 5))
for (name, points), style in zip(paths.items(), ["o-", "s--", "^:", "v:"], strict=True):
    ax.plot(*points.T, style, label=name)
    values = TOP_PS if "top-p" in name else TEMPERATURES[-len(points) :]
    for end in (0, -1):
        ax.annotate(values[end], points[end], (7, 3), textcoords="offset points")
ax.plot(*by_hand, "*", ms=16, color="black", label="written by hand")
ax.set(
    title="Between a loop and nonsense",
    xlabel="part of the runs of twelve characters that are different",
)
ax.set(ylabel="part of the lines that parse")
ax.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=2)

# %%
cold, warm = paths["LSTM, temperature"][0], paths["LSTM, temperature"][-1]
loops = cold[0] <= by_hand[0] / 2
evaluation.claim("at temperature 0 at most half as many runs are different", loops)
between = paths["LSTM, temperature"][3:6, 1].mean()  # 0.6 to 1.0
nonsense = warm[1] <= between / 1.5
evaluation.claim(
    "at 0.6 to 1.0 at least 1.5 times as many lines parse as at 1.6", nonsense
)
shares = {
    k: paths[f"n-gram of {k}, temperature"][:3, 1].mean() for k in (best, longest)
}
evaluation.claim("and more than of the best n-gram", between > shares[best])
copies = shares[longest] >= shares[best]
evaluation.claim("more lines of the n-gram with the longest context parse", copies)
print("lines that parse:", f"LSTM {between:.0%}, longest n-gram {shares[longest]:.0%}")

# %%
# Follow the path of the temperature from its cold end at the left: first the runs
# become different, then the lines fall apart. No setting is best for everything. And
# compare with the n-gram of the longest context: it may get as many lines right as the
# LSTM, or more. It copies long pieces of the training texts, as
# :doc:`/gallery/4_characters/plot_1_write_python` shows, and predicts new ones worse
# than a short context does. The best n-gram is the one that predicts best.
#
# Which temperature does the model mean?
# --------------------------------------
# Lower temperatures give more lines that parse. Are they also closer to what people
# write? If so, the :term:`cross-entropy` on the longest test module would fall when the
# probabilities are sharpened.

piece = max(test, key=len)[:6000]
symbols = model.layers[0](tf.constant([["", *piece]])).numpy()[0]
answers = model.predict(tf.constant([["", *piece[:-1]]]))[0]
logs = np.log(np.maximum(answers, 1e-30))
grid = np.array([0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6])
losses = []
for value in grid:
    scaled = logs / value
    total = np.log(np.exp(scaled).sum(axis=1))
    losses.append(np.mean(total - scaled[np.arange(len(piece)), symbols[1:]]))

# %%
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(grid, losses, "o-")
ax.set(title="Loss of sharpened and flattened probabilities", xlabel="temperature")
ax.set(ylabel="nats per character")
meant = grid[np.argmin(losses)]
evaluation.claim(
    "the loss is lowest at a temperature of 0.8 to 1.3", 0.8 <= meant <= 1.3
)

# %%
# The lowest point is near 1: the model knows how unsure it is (:term:`calibration`).
# Drawing colder is a choice of style, not a correction.
#
# Use it
# ------
# ``stream`` gives each character as soon as it is there: print it, or stop when you
# have seen enough. Saved and loaded, the model writes the same for the same seed.

options = {"temperature": 0.8, "top_p": 0.9, "seed": SEED}
written = ""
for character in characters.stream(model, PROMPT, 1000, **options):
    written += character
    if written.count("\n") == 8:
        break
print(PROMPT + written)
with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder, "writer.keras"))
    loaded = keras.saving.load_model(Path(folder, "writer.keras"))
again = characters.generate(loaded, PROMPT, len(written), **options)
evaluation.claim("the loaded model writes the same text", again == written)

# %%
# Make it yours
# -------------
# Put a list of at least ten texts, 50,000 characters or more together, into the line
# that begins with ``texts =``. If they are not Python, put another measure of what is
# right into ``judge``: the part of the words that stand in a dictionary, say. *Try:*
# temperature 0.8 and ``top_p=0.9`` together, as in the last cell, in ``path``. Where is
# the point?
#
# .. dropdown:: Does the likeliest character at each step give the likeliest text?
#
#    No. A step that looks best now can lead to where only poor ones follow. And the
#    likeliest text need not be a good one: it may be one line again and again.
#
# .. dropdown:: Does a temperature of 0 need a seed?
#
#    No. Nothing is drawn, so the text is the same each time.
#
# Next: :doc:`/gallery/4_characters/plot_3_read_the_cells` looks at what the memory
# holds while it reads; :doc:`/gallery/4_characters/plot_4_use_your_own_text` begins
# with a file of yours.

plt.show()
