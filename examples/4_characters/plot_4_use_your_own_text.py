"""
Teach an LSTM your own text, and see when it learns it by heart
===============================================================

You give an LSTM a text file of any kind, in any language, and it writes more of it. How
much text is enough? With little a large model soon knows it by heart and gets worse at
everything else. You see that happen, hold three remedies against it, and find the size
from which an LSTM beats counting. The page takes 25 to 80 seconds on a laptop. **For
your own data, change the line that begins with** ``text =``.
"""

# %%
# Settings
# --------

import pydoc_data.topics
import tempfile
import tracemalloc
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from simple_lstm import baselines, batches, evaluation, generation, models, training

# %%
SMALL = 20_000  # characters of a small corpus
SIZES = [SMALL, 80_000]  # and of others, to compare; then all there is
UNITS, FEW_UNITS, DROPOUT = 128, 48, 0.5  # the LSTM's memory, large and small
BATCH_SIZE, TIME_STEPS = 64, 25  # pieces read side by side; their steps
EPOCHS, PASSES = 20, 700_000  # passes over the small corpus; characters at most in all
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
file.write_text("\n\n".join(topics), encoding="utf-8")

text = file.read_text(encoding="utf-8")

print(f"{len(text):,} characters, {len(set(text))} different ones. It begins with:\n")
print("\n".join(text.splitlines()[:8]))

# %%
# If a file is not in UTF-8, this line says so. Older files from Windows are often in
# ``cp1252``. Name the right encoding; with ``errors="ignore"`` you would lose the very
# characters that you cannot see.

coded = "déjà vu".encode("cp1252")
try:
    coded.decode("utf-8")
except UnicodeDecodeError as error:
    print("UnicodeDecodeError:", error)
print("with the right encoding:", coded.decode("cp1252"))

# %%
# Split
# -----
# A text has an order, so it is cut at two places, each the end of a paragraph. Lines
# drawn at random would stand beside their neighbors in the training text.

cuts = [text.find("\n\n", int(part * len(text))) for part in (0.8, 0.9)]
cuts = [
    cut if cut > 0 else int(part * len(text)) for cut, part in zip(cuts, (0.8, 0.9))
]
train, validation, test = text[: cuts[0]], text[cuts[0] : cuts[1]], text[cuts[1] :]
SIZES = [size for size in SIZES if size < len(train)]
SMALL = min(SMALL, len(train))
print(f"{len(train):,} to learn from, {len(validation):,} and {len(test):,} kept apart")

# %%
# Learning by heart
# -----------------
# Only the first part of the training text is given to the model, again and again. The
# characters that it knows are those of the whole training text.


def train_lstm(size, epochs, units=UNITS, dropout=0.0, patience=1000):
    build = {"units": units, "dropout": dropout, "seed": SEED}
    build["learning_rate"] = LEARNING_RATE
    stateful = models.character_model([train], batch_size=BATCH_SIZE, **build)
    history = training.fit(
        stateful,
        batches.TextStreams([train[:size]], stateful, time_steps=TIME_STEPS),
        validation=batches.TextStreams([validation], stateful, time_steps=TIME_STEPS),
        epochs=epochs,
        patience=patience,
        seed=SEED,
    )
    model = models.character_model([train], **build)
    model.set_weights(stateful.get_weights())
    return model, history


# %%
small = {
    f"{UNITS} units": train_lstm(SMALL, EPOCHS),
    f"{UNITS} units, dropout": train_lstm(SMALL, EPOCHS, dropout=DROPOUT),
    f"{FEW_UNITS} units": train_lstm(SMALL, EPOCHS, units=FEW_UNITS),
}
fig, ax = plt.subplots(figsize=(7, 3.8))
for place, (name, (_, history)) in enumerate(small.items()):
    losses = history.table["val_loss"]
    ax.plot(losses, color=f"C{place}", label=name)
    ax.plot(history.table["loss"], ":", color=f"C{place}")
    ax.plot(history.best_epoch, losses.min(), "o", ms=9, mfc="none", color=f"C{place}")
ax.set(title=f"The same {SMALL:,} characters again and again", xlabel="epoch")
ax.set(ylabel="nats per character")
ax.legend(title="solid: validation, dotted: training")

# %%
table = pd.DataFrame(
    {
        name: {
            "best epoch": history.best_epoch,
            "best validation loss": history.table["val_loss"].min(),
            "validation loss at the end": history.table["val_loss"].iloc[-1],
            "training loss at the end": history.table["loss"].iloc[-1],
        }
        for name, (_, history) in small.items()
    }
).T
print(table.round(2).T)
