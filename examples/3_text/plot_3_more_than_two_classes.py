"""
More than two classes: which module is this code from?
======================================================

You train an LSTM to say from which of eight modules of Python's standard library a
snippet of source code comes. The data is on your disk already: your own Python. Some
modules are far larger than others, so you will see two scores, accuracy and macro-F1,
what class weights change, and the snippets that nobody could place. The page takes 20
to 60 seconds on a laptop. **For your own data, change the line that begins with**
``texts, labels, groups =``.
"""

# %%
# Settings
# --------

import ast
import importlib.util
import re
from collections import Counter
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, recall_score
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline

from simple_lstm import diagnostics, evaluation, plots, text

# %%
MODULES = "_pydecimal turtle tarfile mailbox threading statistics smtplib fractions"
TIME_STEPS = 60  # tokens that are read of each snippet
DIMENSIONS = 128  # numbers that stand for a token
UNITS = 32  # numbers in the memory of the LSTM, for each direction
DROPOUT = 0.5  # part of those numbers left out at random while training
EPOCHS, BATCH_SIZE, LEARNING_RATE = 6, 32, 1e-2
SEED = 0

plt.style.use("simple_lstm.simple_lstm")
plt.rcParams["text.parse_math"] = False  # show dollar signs as they are

# %%
# Data: look before you touch
# ---------------------------
# The files are read as text; no module is imported. A **snippet** is one statement of a
# function or method, with all that is indented under it. Docstrings and comments are
# left out: they would tell too much.


def read_statements(modules):
    """Every statement, the name of its module, and the function it stands in."""
    rows = []
    for module in modules.split():
        file = Path(importlib.util.find_spec(module).origin)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef):
                for function in node.body:
                    if isinstance(function, ast.FunctionDef):
                        start = 0 if ast.get_docstring(function) is None else 1
                        place = f"{module}, line {function.lineno}"
                        for statement in function.body[start:]:
                            rows.append((ast.unparse(statement), module, place))
    return map(list, zip(*rows, strict=True))


# %%
# The model will see **tokens**: names, numbers and single signs, with a space between.

texts, labels, groups = read_statements(MODULES)


def cut(code):
    return " ".join(re.findall(r"\w+|[^\w\s]", code))


texts = np.array([cut(code) for code in texts], dtype=object)
names = [str(name) for name, _ in Counter(labels).most_common()]
classes = np.array([names.index(str(label)) for label in labels])
lengths = np.array([len(snippet.split()) for snippet in texts])
middle = np.argsort(np.abs(lengths - np.median(lengths)), kind="stable")
for number, name in enumerate(names):
    example = texts[next(row for row in middle if classes[row] == number)]
    print(f"{name:12}", example if len(example) < 66 else f"{example[:64]} …")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4))
left.barh(names, np.bincount(classes))
left.invert_yaxis()
left.set(title="Snippets of each module", xlabel="snippets")
right.hist(lengths, bins=np.geomspace(1, lengths.max() + 1, 25))
right.axvline(TIME_STEPS, color="C1", ls="--", label="read up to here")
right.set(xscale="log", title="Length", xlabel="tokens (log scale)", ylabel="snippets")
right.xaxis.set_major_formatter("{x:g}")
right.legend()
share = np.mean(lengths <= TIME_STEPS)
evaluation.claim("at least 9 of 10 snippets are read to their end", share >= 0.9)
uneven = np.bincount(classes).max() >= 4 * np.bincount(classes).min()
evaluation.claim("the largest class is at least 4 times the smallest", uneven)

# %%
# On the left: the classes are far from equal. On the right: a few snippets are very
# long. They are cut at the dashed line, which costs little and saves much time.
#
# Split, then prepare
# -------------------
# The statements of one function share its local names. If some of them stood in the
# training data and others in the test data, a model could look the answer up. So whole
# **functions** are dealt out, and each part gets its share of every class.

dealer = StratifiedGroupKFold(10, shuffle=True, random_state=SEED)
tenth = np.empty(len(texts), dtype=int)
for number, (_, rows) in enumerate(dealer.split(texts, classes, groups)):
    tenth[rows] = number
test, validation, train = tenth < 2, tenth == 2, tenth > 2
print(
    f"snippets: {train.sum()} train, {validation.sum()} validation, {test.sum()} test"
)
seen = {group for group, row in zip(groups, train, strict=True) if row}
apart = seen.isdisjoint(np.array(groups)[~train].tolist())
evaluation.claim("no function stands in the training data and elsewhere", apart)

# %%
# A token gets a number if it stands in the training data at least twice. All others
# share one number: *unknown*.

tokens = Counter(" ".join(texts[train]).split())
words = [token for token, times in tokens.most_common() if times > 1]
known = set(words)
there = [token in known for token in " ".join(texts[test]).split()]
print(f"{len(words)} tokens; {100 * np.mean(there):.0f} % of the test data is known")

# %%
# The model
# ---------
# **Softmax** turns the last eight numbers into probabilities that sum to one. The loss
# is the :term:`cross-entropy`; *sparse* means that a label is the number of its class.
# What decides may stand anywhere in a snippet, so the model keeps for each unit the
# **strongest** value that it had at any token, not only the last one
# (`Conneau et al., 2017 <https://doi.org/10.18653/v1/D17-1070>`_). ``pad`` adds a step,
# so that even a batch of empty texts has one.


def build_model():
    keras.utils.set_random_seed(SEED)
    snippet = keras.Input((), dtype="string", name="snippet")
    numbers = layers.TextVectorization(vocabulary=words, standardize=None)(snippet)
    numbers = keras.ops.pad(numbers, [[0, 0], [0, 1]])[:, :TIME_STEPS]
    embedding = layers.Embedding(len(words) + 2, DIMENSIONS, mask_zero=True)
    embedded = layers.SpatialDropout1D(DROPOUT)(embedding(numbers))
    memory = layers.LSTM(UNITS, return_sequences=True)
    strongest = keras.ops.max(layers.Bidirectional(memory)(embedded), axis=1)
    dropped = layers.Dropout(DROPOUT)(strongest)
    answer = layers.Dense(len(names), activation="softmax")(dropped)
    model = keras.Model(snippet, answer)
    adam = keras.optimizers.Adam(LEARNING_RATE)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %%
# Train, without and with class weights
# -------------------------------------
# ``TextBatches`` turns texts and labels into what Keras takes; ``shuffled`` puts
# snippets of like length together. First ``diagnose`` checks the model and the data, as
# arrays, so that it looks at all of them. Do not follow its advice here: long snippets
# are cut on purpose, and no function is in two parts, but short statements, such as
# ``return self``, occur in many functions. They make the score a little better than on
# code that is all new.

diagnostics.diagnose(
    build_model(),
    (texts[train], classes[train]),
    (texts[validation], classes[validation]),
)
learning = text.TextBatches(texts[train], classes[train], batch_size=BATCH_SIZE)
checking = text.TextBatches(
    texts[validation], classes[validation], batch_size=BATCH_SIZE
)

# %%
# A **class weight** multiplies the loss of every snippet of a class. Here it is the
# mean size of a class divided by the size of this one, so that in sum all classes
# count the same.


def train_lstm(weights=None):
    model = build_model()
    stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    history = model.fit(
        learning.shuffled(seed=SEED),
        validation_data=checking,
        class_weight=weights,
        epochs=EPOCHS,
        callbacks=[stop],
    )
    return model, history


# %%
sizes = np.bincount(classes[train], minlength=len(names))
weights = {number: float(sizes.mean() / size) for number, size in enumerate(sizes)}
print(*(f"{name} {weights[number]:.2f}" for number, name in enumerate(names)), sep=", ")
plain, history = train_lstm()
model, weighted_history = train_lstm(weights)
print(f"tokens not read: {diagnostics.words_not_read(model, texts[test]).sum()}")
fig, axes = plt.subplots(1, 2, figsize=(7.4, 3.2), sharey=True)
plots.history(history, metric="accuracy", ax=axes[0])
plots.history(weighted_history, metric="accuracy", ax=axes[1])
axes[0].set_title("Without class weights")
axes[1].set_title("With class weights")

# %%
# Where the blue line flattens out and the gray one climbs on, the model learns its
# training snippets by heart. ``EarlyStopping`` brings back the best weights.
#
# Is it any good?
# ---------------
# Two kinds of baseline: one that always says the largest class, and a **bag of
# tokens**, logistic regression on the tokens and pairs of neighbors of a snippet,
# without and with the same class weights.


def bag_of_tokens(weights=None):
    settings = {"token_pattern": r"\S+", "lowercase": False, "sublinear_tf": True}
    counting = TfidfVectorizer(ngram_range=(1, 2), **settings)
    deciding = LogisticRegression(C=10, class_weight=weights, max_iter=2000)
    return make_pipeline(counting, deciding).fit(texts[train], classes[train])


# %%
from sklearn.dummy import DummyClassifier

majority = DummyClassifier(strategy="most_frequent").fit(texts[train], classes[train])
simple = {
    "largest class": majority.predict(texts[test]),
    "bag of tokens": bag_of_tokens().predict(texts[test]),
    "bag, weighted": bag_of_tokens(weights).predict(texts[test]),
}
lstms = {
    "LSTM": plain.predict(texts[test]).argmax(axis=1),
    "LSTM, weighted": model.predict(texts[test]).argmax(axis=1),
}

# %%
# **Accuracy** counts snippets, so a large class weighs much and a rare one next to
# nothing. **Macro-F1** counts classes. *Recall* is the part of a class that is found,
# *precision* the part of the answers with its name that are right; F1 is their harmonic
# mean, low if one of the two is low; and macro-F1 is the plain mean over the classes.

y_true = classes[test]
board = evaluation.Scoreboard(y_true, lstms, baselines=simple, metric="accuracy")
said = simple | lstms
every = {"labels": range(len(names)), "zero_division": 0}
f1 = {name: f1_score(y_true, said[name], average="macro", **every) for name in said}
fig, ax = plt.subplots(figsize=(7, 3.8))
for shift, label, scores in [(-0.2, "accuracy", board.scores), (0.2, "macro-F1", f1)]:
    heights = np.arange(len(said)) + shift
    bars = ax.barh(heights, list(scores.values()), height=0.38, label=label)
    ax.bar_label(bars, fmt="%.2f", padding=4)
ax.set_yticks(range(len(said)), list(said))
ax.invert_yaxis()
ax.set(title="Two scores on the test data", xlabel="higher is better", xlim=(0, 1.1))
ax.legend(loc="upper right")

# %%
print(board)  # skill: the part of the best baseline's mistakes that is avoided
guess = "largest class"
low = f1[guess] < board.scores[guess] / 2
evaluation.claim(f"macro-F1 of '{guess}' is below half of its accuracy", low)
clear = min(score for name, score in board.scores.items() if name != guess)
clear = clear >= board.scores[guess] + 0.3
evaluation.claim("all others are at least 30 points more accurate than that", clear)
best = board.best_baseline
ahead = (said["LSTM"] == y_true) * 1.0 - (said[best] == y_true)
error = ahead.std() / np.sqrt(len(y_true))
lead = f"{100 * ahead.mean():+.1f} points, standard error {100 * error:.1f}"
print(f"LSTM minus {best}: {lead}")
close = abs(ahead.mean()) <= 3 * error
evaluation.claim("LSTM and best baseline are within 3 standard errors", close)

# %%
# Who always names the largest class has learned nothing, and yet its accuracy is the
# share of that class: with nine snippets of ten in one class it would be 90 %. Macro-F1
# gives it away, for all other classes are never found.
#
# The LSTM and the bag of tokens are too close for this test set to tell which is
# better, whichever is ahead: to know where a snippet comes from, the order of its
# tokens adds little to the tokens themselves. A tie goes to the simpler model. The LSTM
# is the one to have where order decides, or where there are no words to count.
#
# Which classes are mistaken for which?
# -------------------------------------

plots.confusion(y_true, said["LSTM, weighted"], classes=names)

# %%
# In this :term:`confusion matrix` each row is a true class, from the largest to the
# rarest. The diagonal is right. Look for the darkest fields off the diagonal, and for a
# column with many of them: a name that the model gives too often.
#
# What class weights buy, and what they cost
# ------------------------------------------

rarest = [names.index(name) for name in names[-3:]]
fig, ax = plt.subplots(figsize=(7, 3.4))
for shift, name in [(-0.2, "LSTM"), (0.2, "LSTM, weighted")]:
    recall = recall_score(y_true, said[name], average=None, **every)
    ax.bar(np.arange(len(names)) + shift, recall, width=0.38, label=name)
ax.set_xticks(range(len(names)), names, rotation=30, ha="right")
ax.set(title="Recall of each class", ylabel="part that is found", ylim=(0, 1.2))
ax.legend(ncols=2, loc="upper right")
rare = np.isin(y_true, rarest)
named = {name: np.isin(answers, rarest).sum() for name, answers in said.items()}
print(f"The three rarest classes, {rare.sum()} snippets:")
for name, answers in said.items():
    found = (answers == y_true)[rare].sum()
    print(f"  {name:14} names them {named[name]:3} times, finds {found}")

# %%
more = bool(named["bag, weighted"] > named["bag of tokens"])
evaluation.claim("class weights make the bag name rare classes more often", more)
cost = abs(board.scores["LSTM"] - board.scores["LSTM, weighted"])
small = cost <= 0.06
evaluation.claim("they change the accuracy of the LSTM by 6 points at most", small)
by_heart = history.history["accuracy"][-1] >= 0.9
evaluation.claim("in the end 90 % of the training snippets are right", by_heart)

# %%
# The rare classes stand at the right end. Class weights add no knowledge. They move the
# line between the classes, so that a rare one is named sooner, at the expense of the
# others. A network that has learned most of its training snippets by heart has little
# loss left to be weighted, so do not expect wonders (`Byrd and Lipton, 2019
# <https://proceedings.mlr.press/v97/byrd19a.html>`_). Whether the trade is good depends
# on what a miss costs you.
#
# Look closer: what is mistaken?
# ------------------------------

right = said["LSTM, weighted"] == y_true
edges = [1, 5, 8, 12, 20, 40, lengths.max() + 1]
edges = [edge for edge in edges if edge <= lengths.max() + 1]
group = np.digitize(lengths[test], edges)
kinds = [number for number in range(1, len(edges)) if (group == number).sum() >= 5]
fig, ax = plt.subplots(figsize=(6.4, 3))
bars = ax.bar(
    [f"{edges[number - 1]}-{edges[number] - 1}" for number in kinds],
    [right[group == number].mean() for number in kinds],
)
ax.bar_label(bars, [f"of {(group == number).sum()}" for number in kinds])
ax.set(title="Accuracy by length", xlabel="tokens in the snippet", ylabel="part right")
ax.margins(y=0.12)

# %%
few = lengths[test] < 5
gap = bool(few.any()) and right[~few].mean() - right[few].mean() >= 0.05
evaluation.claim("snippets below 5 tokens are right less often, by 5 points", gap)
sure = model.predict(texts[test]).max(axis=1)
for wrong in np.flatnonzero(~right)[:5]:
    answer = names[said["LSTM, weighted"][wrong]]
    print(f"{names[y_true[wrong]]:>12}, said {answer:12}", texts[test][wrong][:48])
often = bool((sure > 0.9).any()) and right[sure > 0.9].mean() >= 0.85
evaluation.claim("of the answers above 0.9 at least 85 of 100 are right", often)
seldom = bool((sure < 0.5).any()) and right[sure < 0.5].mean() <= 0.6
evaluation.claim("of the answers below 0.5 at most 60 of 100 are right", seldom)

# %%
# A short snippet often holds nothing that only one module would say: nobody could place
# it. The highest probability tells how sure the model is. Below a limit of your choice,
# let somebody look.
#
# Use it
# ------
# Your own snippet goes through the same ``cut``. Keras takes an object array.

import tempfile

mine = ["del self._toc[key]", "return self"]
snippets = np.array([cut(code) for code in mine], dtype=object)
probabilities = model.predict(snippets)
fig, axes = plt.subplots(1, 2, figsize=(7.4, 3), sharey=True)
for ax, code, probability in zip(axes, mine, probabilities, strict=True):
    ax.barh(names, probability)
    ax.set(title=code, xlabel="probability", xlim=(0, 1))
axes[0].invert_yaxis()
surer = bool(probabilities[0].max() > probabilities[1].max())
evaluation.claim("the model is surer of the first snippet than of the second", surer)
one = np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
evaluation.claim("the probabilities of a snippet sum to one", one)

# %%
with tempfile.TemporaryDirectory() as folder:
    model.save(Path(folder, "modules.keras"))
    loaded = keras.saving.load_model(Path(folder, "modules.keras"))
same = np.allclose(loaded.predict(snippets), probabilities, atol=1e-6)
evaluation.claim("the loaded model gives the same answer", same)

# %%
# Make it yours
# -------------
# Put your own into the line that begins with ``texts, labels, groups =``: a list of
# texts, a list of their labels, and a list that says which of them belong together (the
# author, the day); ``range(len(texts))`` if none do. *Try:* weights between the two,
# ``(sizes.mean() / size) ** 0.5``. Expect a milder form of the same trade.
#
# .. dropdown:: A model is right 95 times of 100. Is it good?
#
#    Ask first how large the largest class is. If it holds 95 of 100, the model may have
#    learned to say one word.
#
# .. dropdown:: Why do the class weights come from the training data alone?
#
#    The other parts stand for snippets that you do not have yet. How many of each class
#    there will be is one of the things you cannot know.
#
# Next: :doc:`/gallery/3_text/plot_1_classify_reviews` has two classes and words
# instead of code; :doc:`/gallery/1_understand/plot_3_watch_the_gates` looks inside.

plt.show()
