"""
Can an LSTM learn to write Python?
==================================

You train an LSTM on the source code of Python's standard library, which is on your disk
already, to say which character comes next. You will see how well it does on modules
that it never saw, beside the best that counting can do, and new code, one character at
a time. The page takes 40 to 90 seconds on a laptop. **For your own data, change the
line that begins with** ``texts =``.
"""

# sphinx_gallery_parallel = False

# %%
# Settings
# --------

import ast
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

from simple_lstm import callbacks, characters, datasets, diagnostics, evaluation, plots

# %%
UNITS, DIMENSIONS = 160, 32  # the LSTM's memory; numbers that stand for a character
BATCH_SIZE, TIME_STEPS = 128, 25  # pieces read side by side; steps of a piece
EPOCHS = 2  # passes over the training texts
LEARNING_RATE, WEIGHT_DECAY = 3e-2, 0.2
CONTEXTS = range(1, 9)  # characters that the baselines look back on
PROMPT, TEMPERATURE = "def ", 0.7  # to go on from; below 1: likely becomes likelier
SEED = 0

plt.style.use("simple_lstm.simple_lstm")

# %%
# Data: look before you touch
# ---------------------------
# Each text is one whole **module**: a file of the library. They come in random order.

texts = datasets.load_python_source(characters=1_200_000, seed=SEED)

total = sum(map(len, texts))
print(f"{len(texts)} texts with {total:,} characters. The shortest begins with:\n")
print("\n".join(min(texts, key=len).splitlines()[:8]))

# %%
# Split, then prepare
# -------------------
# Whole modules go into one part or another. If the halves of a module stood in two
# parts, the model would know the names of the second half from the first.
# ``split_texts`` gives long and short ones to each part.

train, validation, test = datasets.split_texts(texts, seed=SEED)
for name, part in [("train", train), ("validation", validation), ("test", test)]:
    print(f"{name:>10}: {len(part)} texts, {sum(map(len, part)):,} characters")

# %%
# From characters to numbers and back
# -----------------------------------
# ``StringLookup`` gives each character of the training texts its number. Number 0,
# ``[UNK]``, is left for what is *no* known character: one that stands in no training
# text, and the empty string, which marks where a text begins.

known = sorted(set("".join(train)))
to_numbers = layers.StringLookup(vocabulary=known)
to_characters = layers.StringLookup(vocabulary=known, invert=True)
numbers = to_numbers(tf.constant(["", *"if x:\n"]))
back = [character.decode() for character in to_characters(numbers).numpy()]
PROMPT = PROMPT if set(PROMPT) <= set(known) else train[0][:1]
print(len(known), "characters:", repr("".join(known)))
print("numbers:", *numbers.numpy())
print("back:   ", *map(repr, back))

# %%
# What does the model have to say? After **every** character the next one: the targets
# are the inputs, one step later.

line = 'import os\nprint("os")'
fig, ax = plt.subplots(figsize=(8, 1.5))
for step, (given, due) in enumerate(zip(["", *line], line, strict=False)):
    for height, character in [(1, given or "start"), (0, due)]:
        shown = {"\n": "new\nline", " ": "space"}.get(character, character)
        size = 12 if len(shown) == 1 else 7
        ax.text(step, height, shown, ha="center", va="center", fontsize=size)
    ax.annotate("", (step, 0.25), (step, 0.75), arrowprops={"arrowstyle": "->"})
ax.set(xlim=(-0.7, len(line)), ylim=(-0.4, 1.4), yticks=[0, 1])
ax.set_xticks(range(0, len(line), 5))
ax.set(title="Inputs and targets", xlabel="time step", yticklabels=["target", "input"])
ax.grid(visible=False)

# %%
# The model
# ---------
# ``return_sequences=True`` gives an answer at every step. ``stateful=True`` makes the
# LSTM begin a :term:`batch` in the state (:term:`cell state` and :term:`hidden state`)
# in which the last one ended: it is :term:`stateful`. The :term:`embedding` is a table
# of learned numbers for each character.


def build_model(batch_size=None):
    keras.utils.set_random_seed(SEED)
    return keras.Sequential(
        [
            keras.Input(batch_shape=(batch_size, None), dtype="string"),
            layers.StringLookup(vocabulary=known),
            layers.Embedding(len(known) + 1, DIMENSIONS),
            layers.LSTM(UNITS, return_sequences=True, stateful=batch_size is not None),
            layers.Dense(len(known) + 1, activation="softmax"),
        ]
    )


trained = build_model(BATCH_SIZE)
trained.summary()

# %%
# A text far longer than memory
# -----------------------------
# To train on a million steps at once is out of the question, so they are cut into
# **pieces**. ``BATCH_SIZE`` readers start at even distances and go on side by side. A
# batch holds the next piece of each.

shown_rows, shown_steps = 4, 5
fig, ax = plt.subplots(figsize=(8, 2.4))
for row, piece in np.ndindex(shown_rows, shown_steps):
    ax.barh(row, 0.8, left=piece, height=0.55, color=f"C{piece % 2}", alpha=0.35)
    ax.text(piece + 0.4, row, f"piece {row + 1}.{piece + 1}", ha="center", va="center")
    if piece < shown_steps - 1:
        ax.annotate(
            "", (piece + 1.02, row), (piece + 0.78, row), arrowprops={"width": 1}
        )
ax.set(xticks=np.arange(shown_steps) + 0.4, yticks=range(shown_rows))
ax.set_xticklabels([f"batch {piece + 1}" for piece in range(shown_steps)])
ax.set_yticklabels([f"reader {row + 1}" for row in range(shown_rows)])
ax.set(title="The state goes on along the arrows, the gradient does not")
ax.invert_yaxis()
ax.grid(visible=False)

# %%
# The state flows from piece to piece, so the model may remember from far back. The
# :term:`gradient` stops at the left edge of a piece: what must be remembered for longer
# than ``TIME_STEPS`` is learned only by luck. This is *truncated*
# :term:`backpropagation through time`.
#
# It is right only if row 1 of a batch goes on where row 1 of the last batch ended.
# ``CharacterStreams`` cuts the pieces and refuses to give them in another order.

streams = characters.CharacterStreams(train, trained, time_steps=TIME_STEPS)
validating = characters.CharacterStreams(validation, trained, time_steps=TIME_STEPS)
inputs, targets = streams[0]
print(len(streams), "batches; inputs", inputs.shape, "targets", targets.shape)
print("unknown characters in the validation texts:", validating.unknown)

# %%
# Train, and watch it write
# -------------------------
# `Muon <https://kellerjordan.github.io/posts/muon/>`_ is an optimizer for matrices: it
# makes an update equally large in all directions. To compare, put
# ``keras.optimizers.Adam(rate)`` in its place. After each epoch the model writes a few
# lines.


def write_sample(epoch, logs=None):
    title = f" after {epoch + 1} of {EPOCHS} epochs " if epoch >= 0 else " untrained "
    print(f"\n{title:-^60}")
    options = {"temperature": TEMPERATURE, "seed": SEED}
    print(characters.generate(trained, PROMPT, 200, **options))


# %%
rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, EPOCHS * len(streams))
muon = keras.optimizers.Muon(rate, weight_decay=WEIGHT_DECAY, clipnorm=1.0)
trained.compile(muon, "sparse_categorical_crossentropy")
write_sample(-1)

# %%
# Keras shuffles batches unless told not to: ``shuffle=False``. ``ResetStates`` sets the
# state to zero before each pass over training or validation texts. The weights of the
# best epoch are kept. First ``diagnose`` checks the model and some of the data.

diagnostics.diagnose(trained, streams, validating)
history = trained.fit(
    streams,
    validation_data=validating,
    shuffle=False,
    epochs=EPOCHS,
    callbacks=[
        callbacks.ResetStates(),
        keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
        keras.callbacks.LambdaCallback(on_epoch_end=write_sample),
    ],
)

# %%
# The trained model takes ``BATCH_SIZE`` readers, no more and no fewer. For all that
# follows its weights go into a model without that limit, and without a state of its
# own.

model = build_model()
model.set_weights(trained.get_weights())
plots.history(history, unit="nats per character")

# %%
# Is it any good?
# ---------------
# The **negative log-likelihood** of a character is minus the natural logarithm of the
# probability that the model gave it. It is 0 if the model was certain of the character,
# and larger the less likely the model thought it. The unit is the :term:`nat`. The mean
# over a text is the loss, the :term:`cross-entropy`, and *e* to the power of the loss
# has a plain meaning: a model with a loss of 1.4 is as unsure as if it had to choose
# among four characters, all equally likely. The baselines *count*: an :term:`n-gram`
# model knows which character followed the last one, two, three … in the training texts.

counts = characters.NGram(max(CONTEXTS)).fit(train)


def loss_on_test(model):
    nats = [characters.negative_log_likelihood(model, text) for text in test]
    return np.concatenate(nats).mean()


losses = {f"n-gram, context {k}": loss_on_test(counts.up_to(k)) for k in CONTEXTS}
losses = {
    "all equally likely": np.log(len(known) + 1),
    "how common each is": loss_on_test(counts.up_to(0)),
    **losses,
    "LSTM": loss_on_test(model),
}
table = pd.DataFrame({"nats per character": losses})
table["as if choosing among"] = np.exp(table["nats per character"])
print(table.round(2))

# %%
best = min((name for name in losses if name != "LSTM"), key=losses.get)
BEST_CONTEXT = int(best.split()[-1]) if best.startswith("n-gram") else 1
fig, ax = plt.subplots(figsize=(6.4, 3.2))
ngram_losses = [losses[f"n-gram, context {k}"] for k in CONTEXTS]
ax.plot(CONTEXTS, ngram_losses, "o-", color="C1", label="n-gram")
ax.axhline(losses["LSTM"], color="C0", label="LSTM")
ax.legend()
ax.set(title="Loss on modules never seen", xlabel="context of the n-gram, characters")
ax.set(ylabel="nats per character")
lead = 1 - losses["LSTM"] / losses[best]
evaluation.claim("the LSTM is at least 8 % below the best of the others", lead >= 0.08)
evaluation.claim("the longest context is not the best", max(CONTEXTS) > BEST_CONTEXT)

# %%
# The counts get worse again on the right. A long context that does occur in the
# training texts occurs there only a few times, and what followed it then says little
# about a new module. The LSTM has no such table: it reads all that stands before.
#
# Does it write Python?
# ---------------------
# A line is right if Python can parse it. But ``else:`` or ``if x:`` alone is not a
# statement, so each line is also tried inside a small piece of code that completes it:
# ``{}`` marks its place. What people wrote, the test modules, is the measure: many of
# their lines are part of a docstring or of a longer statement.

warnings.filterwarnings("ignore", category=SyntaxWarning)  # odd escapes in strings
FRAMES = ["{}", "{} pass", "if 0: pass\n{} pass", "try: pass\n{} pass"]
FRAMES += ["{} pass\nfinally: pass", "{}\ndef f(): pass"]


def parses(line):
    for frame in FRAMES:
        with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            return bool(ast.parse(frame.format(line)))
    return False


# %%
# Judged by that alone, a model that copies would be as good as the people it copies, so
# the table also shows how many of the longer lines stand in the training texts.


def judge(written):
    lines = [line.strip() for line in written.splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    long = [line for line in lines if len(line) >= 20]
    parsed = np.mean([parses(line) for line in code]) if code else np.nan
    copied = np.mean([line in known_lines for line in long]) if long else np.nan
    return {"lines that parse": parsed, "copied": copied}


# %%
known_lines = {line.strip() for text in train for line in text.splitlines()}
ngram = counts.up_to(BEST_CONTEXT)
options = {"temperature": TEMPERATURE, "seed": SEED}
longest = f"n-gram, context {max(CONTEXTS)}"
written = {
    name: characters.generate(writer, PROMPT, 8000, **options)
    for name, writer in [("LSTM", model), (best, ngram), (longest, counts)]
}
written["written by hand"] = "".join(test)
quality = pd.DataFrame({name: judge(text) for name, text in written.items()}).T
print(quality.map("{:.0%}".format))

# %%
parse = quality["lines that parse"]
more = parse["LSTM"] > max(parse[best], parse[longest])
evaluation.claim("more lines of the LSTM parse than of either n-gram", bool(more))
copies = quality["copied"].idxmax() == longest
evaluation.claim("the n-gram with the longest context copies most", copies)
print(written["LSTM"][1000:1600])

# %%
# There are two n-grams: the one with the lowest loss, and the one with the longest
# context, which gets more lines right because it copies. Names and indentation of the
# LSTM look right, and most of it means nothing. That is what a loss of this size is:
# the model has learned how code *looks*.
#
# Look closer: what the state is good for
# ---------------------------------------
# Take pieces from the middle of test modules, and let the model read each in three
# ways: with the state in which it arrives there, with a new start, and with the state
# that it had in the middle of *another* module, as after a careless shuffle.

PIECE, BEFORE = 100, 250  # characters of a piece, and of what is read before it
rng = np.random.default_rng(SEED)
long = [text for text in test if len(text) > PIECE + BEFORE]
ways = {"its own state": [], "a new start": [], "the state of another text": []}
for _ in range(80):
    text, other = rng.choice(np.array(long, dtype=object), 2, replace=len(long) < 2)
    start, there = (rng.integers(BEFORE, len(one) - PIECE) for one in (text, other))
    piece = text[start : start + PIECE]
    for way, before in zip(
        ways,
        (text[start - BEFORE : start], "", other[there - BEFORE : there]),
        strict=True,
    ):
        nats = characters.negative_log_likelihood(model, before + piece)
        ways[way].append(nats[-PIECE:])

# %%
places = np.arange(0, PIECE, 5)
fig, ax = plt.subplots(figsize=(6.4, 3.2))
for way, style in zip(ways, ["-", ":", "--"], strict=True):
    mean = np.mean(ways[way], axis=0).reshape(-1, 5).mean(axis=1)
    ax.plot(places + 2.5, mean, style, label=way)
ax.set(title="Loss inside a piece", xlabel="characters from the left edge")
ax.set(ylabel="nats per character")
ax.legend()

# %%
first = {way: np.mean([losses[:10] for losses in ways[way]]) for way in ways}
print(*(f"{way}: {loss:.2f}" for way, loss in first.items()), sep="; ")
last = [np.mean([losses[-20:] for losses in ways[way]]) for way in ways]
own = first["its own state"] == min(first.values())
evaluation.claim("in the first ten characters its own state is the best", own)
worst = first["the state of another text"] == max(first.values())
evaluation.claim("and the state of another text is the worst", worst)
met = np.ptp(last) < np.ptp(list(first.values())) / 2
evaluation.claim("in the last 20 they are less than half as far apart", bool(met))

# %%
# At the left edge the lines are far apart, further on they meet: the state that a piece
# begins with matters until the new characters have pushed it aside. A state from a text
# that has nothing to do with this one is worse than none: the model relies on it.
#
# How quick is it?
# ----------------
# Many tutorials write like this: give the model the last 100 characters, take the
# answer, add it, and start again. Every character then costs 100 steps. ``generate``
# keeps the state and takes one step.


def write_by_window(prompt, length, window=100):
    drawing, text = np.random.default_rng(SEED), list(prompt)
    for _ in range(length):
        answer = model.predict_on_batch(tf.constant([text[-window:]]))[0, -1, 1:]
        text.append(str(drawing.choice(known, p=answer / answer.sum())))
    return "".join(text)


def per_second(write, prompt, length):
    started = time.perf_counter()
    write(prompt, length)
    return length / (time.perf_counter() - started)


# %%
start = train[0][:100]  # only the speed is measured
write_by_window(start, 1)  # the first call of predict compiles
speeds = {
    "window": per_second(write_by_window, start, 25),
    "state": per_second(lambda *given: characters.generate(model, *given), start, 5000),
}
print(*(f"{way}: {speed:,.0f} characters/s" for way, speed in speeds.items()), sep="; ")
print(f"ratio: {speeds['state'] / speeds['window']:,.0f}")
quick = speeds["state"] >= 2000 and speeds["state"] >= 10 * speeds["window"]
evaluation.claim("with its state: 2,000 characters/s, and 10 times the window", quick)

# %%
# Use it
# ------
# Write the beginning; the model goes on. Saved and loaded, it writes the same for the
# same seed, and ``load_model`` needs nothing but Keras.

mine = PROMPT  # or a beginning of your own
after = characters.generate(model, mine, 400, temperature=0.5, seed=SEED)
print(mine + after)
with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder, "writer.keras"))
    loaded = keras.saving.load_model(Path(folder, "writer.keras"))
again = characters.generate(loaded, mine, 400, temperature=0.5, seed=SEED)
evaluation.claim("the loaded model writes the same text", again == after)

# %%
# Make it yours
# -------------
# Put a list of at least ten texts, 50,000 characters or more together, into the line
# that begins with ``texts =``: poems, recipes, logs, most of them longer than 400
# characters. For less text set ``BATCH_SIZE = 16``. For one long file see
# :doc:`/gallery/4_characters/plot_4_use_your_own_text`. *Try:* ``EPOCHS = 6``. The loss
# falls further, by a few hundredths each, and the lines parse more often.
#
# .. dropdown:: Why is the validation loss higher than the training loss?
#
#    Part of the training texts is learned by heart. And every module has names of its
#    own: those of a new one nobody can know before they are read.
#
# .. dropdown:: Could a model have a loss of zero?
#
#    Only if the next character were always certain. What a programmer types next is
#    not, so there is a floor under the loss. Nobody knows how high it is.
#
# Next: :doc:`/gallery/4_characters/plot_2_sample_with_temperature` shows the ways to
# draw a character, :doc:`/gallery/4_characters/plot_3_read_the_cells` what the memory
# holds.

plt.show()
