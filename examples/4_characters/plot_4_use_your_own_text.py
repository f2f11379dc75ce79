"""
Teach an LSTM your own text, and see when it learns it by heart
===============================================================

You give an LSTM a text file of any kind, in any language, and it writes more of it. How
much text is enough? With little a large model soon knows it by heart and gets worse at
everything else. You see that happen, try three remedies, and compare the LSTM with
counting at three sizes. The page takes 25 to 80 seconds on a laptop. **For your own
data, change the line that begins with** ``text =``.
"""

# sphinx_gallery_parallel = False

# %%
# Settings
# --------

import pydoc_data.topics
import tempfile
import time
import tracemalloc
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from simple_lstm import callbacks, characters, diagnostics, evaluation, plots

# %%
SMALL = 15_000  # characters of a small corpus
MORE = 60_000  # of a larger one, to compare; the third is all there is
UNITS, FEW_UNITS, DROPOUT = 128, 48, 0.5  # the LSTM's memory, large and small
BATCH_SIZE, TIME_STEPS = 32, 25  # pieces read side by side; their steps
EPOCHS, MORE_EPOCHS, ALL_EPOCHS = 9, 3, 2  # passes over each of the three
LEARNING_RATE, SEED = 2e-2, 0
CONTEXTS = range(1, 7)  # characters that the n-grams look back on

plt.style.use("simple_lstm.simple_lstm")

# %%
# Any text file is one line
# -------------------------
# As an example stands here what ``help("assert")`` and the like print: it is on every
# computer with Python. It is written to a file first, so that you see how one is read.

topics = np.random.default_rng(SEED).permutation(
    list(pydoc_data.topics.topics.values())
)
folder = tempfile.TemporaryDirectory()
file = Path(folder.name, "my_text.txt")
file.write_text("\n\n".join(topics[:50]), encoding="utf-8")

text = file.read_text(encoding="utf-8")

print(f"{len(text):,} characters, {len(set(text))} different ones. It begins with:\n")
print("\n".join(text.splitlines()[:8]))
share = pd.Series(list(text)).value_counts(normalize=True)
ax = plots.next_characters({"share": share}, most=30)
ax.set(title="The commonest characters", xlabel="character", ylabel="part of the text")
ax.get_legend().remove()

# %%
# If a file is not in UTF-8, ``read_text`` raises a ``UnicodeDecodeError``, as here.
# Older files from Windows are often in ``cp1252``. Name the right encoding; with
# ``errors="ignore"`` you would lose every character that does not fit, without a word.

coded = "déjà vu".encode("cp1252")
try:
    coded.decode("utf-8")
except UnicodeDecodeError as error:
    print("UnicodeDecodeError:", error)
print("with the right encoding:", coded.decode("cp1252"))

# %%
# Split
# -----
# A text has an order, so it is cut at two places, each the end of a line. If test lines
# were drawn at random, their neighbors would be in the training text.

cuts = [int(part * len(text)) for part in (0.8, 0.9)]
cuts = [text.rfind("\n", cut - 500, cut) + 1 or cut for cut in cuts]  # at a line
train, validation, test = text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :]
SMALL, MORE = min(SMALL, len(train) // 4), min(MORE, len(train) // 2)
print(f"{len(train):,} to learn from, {len(validation):,} and {len(test):,} kept apart")

# %%
# Learning by heart
# -----------------
# The model gets only the first ``SMALL`` characters of the training text, again and
# again. It knows all characters that occur in the whole training text. Training goes
# through all epochs, to see what happens; the weights of the best one are kept all the
# same. ``diagnose`` checks the model and some of the data before training.


def cut_streams(part, model):
    return characters.CharacterStreams([part], model, time_steps=TIME_STEPS)


# %%
def fit_streams(model, size, epochs):
    streams, validating = (cut_streams(p, model) for p in (train[:size], validation))
    diagnostics.diagnose(model, streams, validating)
    stop = keras.callbacks.EarlyStopping(patience=epochs, restore_best_weights=True)
    history = model.fit(
        streams,
        validation_data=validating,
        shuffle=False,
        epochs=epochs,
        callbacks=[callbacks.ResetStates(), stop],
    )
    return pd.DataFrame(history.history, index=np.array(history.epoch) + 1)


# %%
# The stateful model takes batches of ``BATCH_SIZE`` rows alone. For all that comes
# after training, its weights go into one that takes any batch.


def train_lstm(size, epochs, units=UNITS, dropout=0.0, rate=LEARNING_RATE):
    build = {"units": units, "dropout": dropout, "learning_rate": rate, "seed": SEED}
    stateful = characters.character_model([train], batch_size=BATCH_SIZE, **build)
    losses = fit_streams(stateful, size, epochs)
    model = characters.character_model([train], **build)
    model.set_weights(stateful.get_weights())
    return model, losses


# %%
small = {
    f"{UNITS} units": train_lstm(SMALL, EPOCHS),
    f"{UNITS} units, dropout": train_lstm(SMALL, EPOCHS, dropout=DROPOUT),
    f"{FEW_UNITS} units": train_lstm(SMALL, EPOCHS, units=FEW_UNITS),
}
fig, ax = plt.subplots(figsize=(7, 3.8))
for place, (name, (_, history)) in enumerate(small.items()):
    losses = history["val_loss"]
    ax.plot(losses, color=f"C{place}", label=name)
    ax.plot(history["loss"], ":", color=f"C{place}")
    ax.plot(losses.idxmin(), losses.min(), "o", ms=9, mfc="none", color=f"C{place}")
ax.set(title=f"The same {SMALL:,} characters again and again", xlabel="epoch")
ax.set(ylabel="nats per character")
ax.legend(title="solid: validation, dotted: training")

# %%
# The solid blue line is :term:`overfitting` as it is drawn in textbooks: while the
# training loss falls on, the validation loss turns and rises.

table = pd.DataFrame(
    {
        name: {
            "best epoch": history["val_loss"].idxmin(),
            "best validation loss": history["val_loss"].min(),
            "validation loss at the end": history["val_loss"].iloc[-1],
            "training loss at the end": history["loss"].iloc[-1],
        }
        for name, (_, history) in small.items()
    }
).T
print(table.round(2).T)

# %%
best, end = table["best validation loss"], table["validation loss at the end"]
rise = (end - best).to_list()
evaluation.claim("the large model gets worse by 0.1 or more", rise[0] >= 0.1)
flat = max(rise[1:]) < rise[0] / 2
evaluation.claim("with dropout or fewer units by less than half of that", flat)
evaluation.claim("with dropout it is the lowest of all", "dropout" in best.idxmin())
epoch = table["best epoch"].to_list()
evaluation.claim("and comes later than without", bool(epoch[1] > epoch[0]))

# %%
# Three remedies. **Early stopping** costs nothing: Keras goes back to the weights of
# the best epoch, marked by a circle. **Fewer units** leave less room to learn by heart,
# but also less to learn with. :term:`Dropout <dropout>` leaves out a part of what the
# LSTM says, another one each time, so that no single unit can be relied on: the best
# epoch comes later, and is better.
#
# How much text is enough?
# ------------------------
# The best model of the small corpus, and two of ``UNITS`` units on more of the text,
# trained without dropout, in fewer passes, with a rate that falls to zero. They are
# judged on test data, by the mean :term:`negative log-likelihood` of a character (minus
# the logarithm of its probability), beside an :term:`n-gram` model of the same text.
# Its context is the one that is best on the test data: an advantage that the LSTM does
# not get.


def loss_on_test(model):
    return characters.negative_log_likelihood(model, test).mean()


def best_ngram(size):
    counts = characters.NGram(max(CONTEXTS)).fit([train[:size]])
    return min(loss_on_test(counts.up_to(k)) for k in CONTEXTS)


def settle(size, epochs):
    """With a learning rate that falls to zero."""
    updates = epochs * size // (BATCH_SIZE * TIME_STEPS)
    rate = keras.optimizers.schedules.CosineDecay(1.5 * LEARNING_RATE, updates)
    return train_lstm(size, epochs, rate=rate)


# %%
trained = {
    SMALL: min(small.values(), key=lambda pair: pair[1]["val_loss"].min()),
    MORE: settle(MORE, MORE_EPOCHS),
}
started = time.perf_counter()
trained[len(train)] = settle(len(train), ALL_EPOCHS)
seconds = time.perf_counter() - started
learned = [loss_on_test(model) for model, _ in trained.values()]
counted = [best_ngram(size) for size in trained]

# %%
fig, ax = plt.subplots(figsize=(6.4, 3.4))
ax.plot(list(trained), counted, "o-", color="C1", label="best n-gram")
ax.plot(list(trained), learned, "s-", color="C0", label="LSTM")
ax.set(xscale="log", title="Loss on test data", xlabel="characters of training text")
ax.set(ylabel="nats per character")
ax.set_xticks(list(trained), [f"{size:,}" for size in trained])
ax.minorticks_off()
ax.legend()

# %%
print(pd.DataFrame({"LSTM": learned, "n-gram": counted}, list(trained)).round(2))
apart = np.abs(np.array(counted) - learned).max()
evaluation.claim("LSTM and n-gram are within 0.2 nats at each size", bool(apart <= 0.2))
falling = (np.diff(learned) < 0).all() and (np.diff(counted) < 0).all()
evaluation.claim("more text gives both a lower loss", bool(falling))

# %%
# More text is the best remedy of all, and it helps both. After so little training the
# two are close, and which one is ahead depends on the text: with another ``SEED``,
# which puts the same topics in another order, it can be the other one. Counting takes a
# second, so always count first.
#
# And ten million characters?
# ---------------------------
# The model hardly grows with the text: only by the characters that are new. The text
# has to fit in memory, as numbers, and one pass takes longer. Both are measured here
# and scaled up. The speed includes compiling, the checks before training and the passes
# over the validation text, so one pass alone is faster.

model, _ = trained[len(train)]
stateful = characters.character_model([train], units=UNITS, batch_size=BATCH_SIZE)
tracemalloc.start()
streams = cut_streams(train, stateful)
kept, peak = tracemalloc.get_traced_memory()
tracemalloc.stop()
rate = len(train) * ALL_EPOCHS / seconds
ten = 10_000_000
each = peak / len(train)
print(f"{kept / len(train):.0f} bytes a character, {each:.0f} at the peak")
print(f"ten million characters: {ten * each / 1e6:,.0f} MB of memory at the peak")
print(f"one pass over them at {rate:,.0f} characters/s: {ten / rate / 60:.0f} minutes")
evaluation.claim("ten million characters need less than 1 GB", each * ten < 1e9)

# %%
# Use it
# ------

prompt = test.strip()[:40]
prompt = "".join(one for one in prompt if one in set(train))
path = Path(folder.name, "my_model.keras")
model.save(path)
loaded = keras.saving.load_model(path)
options = {"temperature": 0.6, "seed": SEED}
written = characters.generate(loaded, prompt, 500, **options)
print(prompt + written)
same = written == characters.generate(model, prompt, 500, **options)
evaluation.claim("the loaded model writes the same text", same)
folder.cleanup()

# %%
# Make it yours
# -------------
# Change the line that begins with ``text =`` to
# ``text = Path("my_text.txt").read_text(encoding="utf-8")``. The settings fit texts of
# 50,000 to a million characters. *Try:* ``DROPOUT = 0.2``. Expect a best epoch that
# comes earlier, and a line that rises a little after it.
#
# .. dropdown:: The validation loss rises. Is the model broken?
#
#    No, it was trained for too long. The weights of the best epoch are what counts, and
#    they are kept.
#
# .. dropdown:: Why not shuffle the lines before the split?
#
#    Then nearly every test line would have neighbors in the training text that tell of
#    it. The score would look better, and a new text would bring the disappointment.
#
# Next: :doc:`/gallery/4_characters/plot_2_sample_with_temperature` shows how to draw
# from what you trained.

plt.show()
