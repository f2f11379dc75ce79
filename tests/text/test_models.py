"""Text classifiers: what they know, what they read, how they train and are saved."""

import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from simple_lstm.text import TextBatches, WordVectors, text_classifier

TRAINING = [
    "A good film,\nand a good story.",
    "a bad film\r\n\r\nand a bad\tstory",
    "été été 映画 映画 \x85 \u2028 \x85 \u2028",
]
READ = [
    "good",
    "",
    "a bad film and a good story " * 5,
    "nobody heard of these",
    "映画 été, film",
    "bad\nstory",
    "?!",
]


def answers(model, texts):
    return np.asarray(model(tf.constant(texts)))


def sharp(model):
    """The model with large weights, so that each word matters to its answers."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def planted_vectors():
    rng = np.random.default_rng(2)
    words = ["film", "good", "bad", "plot", "映画"]
    return WordVectors(words, rng.normal(size=(5, 6)))


def of_characters():
    return plain(split="character")


def plain(**options):
    return sharp(text_classifier(TRAINING, units=5, embedding_dim=7, **options))


def with_vectors():
    model = text_classifier(TRAINING, vectors=planted_vectors(), units=5, classes=3)
    return sharp(model)


def bidirectional():
    model = plain()
    words = find(model, layers.SpatialDropout1D).output
    both = layers.Bidirectional(layers.LSTM(4))(words)
    return sharp(keras.Model(model.input, layers.Dense(1)(both)))


def find(model, kind):
    """The one layer of this kind."""
    (found,) = (layer for layer in model.layers if isinstance(layer, kind))
    return found


@pytest.mark.parametrize("build", [plain, of_characters, with_vectors, bidirectional])
def test_an_answer_does_not_depend_on_the_padding(build):
    model = build()
    alone = np.concatenate([answers(model, [text]) for text in READ])
    assert len(np.unique(alone.round(4), axis=0)) > 3
    for longest in ("film", "good bad film " * 7, "film " * 500):
        together = answers(model, [*READ, longest])[:-1]
        np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_an_empty_text_is_a_text_of_punctuation():
    model = plain()
    empty = answers(model, ["", "", ""])
    assert np.isfinite(empty).all()
    np.testing.assert_allclose(answers(model, ["?!", " \n", "good"])[:2], empty[:2])


@pytest.mark.parametrize(("classes", "outputs"), [(2, 1), (5, 5)])
def test_a_classifier_has_the_outputs_its_classes_need(classes, outputs):
    model = text_classifier(TRAINING, classes=classes, units=3)
    probabilities = answers(model, READ)
    assert probabilities.shape == (len(READ), outputs)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    if classes > 2:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_words_are_told_apart_if_they_occur_twice():
    model = sharp(text_classifier(["good bad good bad once"], units=4))
    good, bad, once, unseen, capital = answers(
        model, ["good", "bad", "once", "unseen", "GOOD!"]
    )
    assert abs(good - bad) > 1e-3
    assert abs(good - once) > 1e-3
    assert once == unseen
    assert capital == good


def test_the_commonest_words_are_known():
    model = text_classifier(["a a a a b b b c c d"], max_tokens=4, units=2)
    assert vocabulary_of(model) == ["a", "b"]


def vocabulary_of(model):
    cutter = find(model, layers.TextVectorization)
    return cutter.get_vocabulary(include_special_tokens=False)


def test_words_beyond_ascii_are_known():
    assert {"映画", "été"} <= set(vocabulary_of(plain()))


def embedded(model, text):
    """What the embedding makes of the words of a text: (words, dimensions)."""
    read = keras.Model(model.input, find(model, layers.Embedding).output)
    return np.asarray(read(tf.constant([text])))[0, :-1]  # the last step is padding


def test_the_embedding_holds_the_vectors_up_to_one_factor():
    vectors = planted_vectors()
    model = text_classifier(TRAINING, vectors=vectors, units=3)
    found = embedded(model, " ".join(vectors.words))
    np.testing.assert_allclose(
        found / found.std(), vectors.vectors / vectors.vectors.std(), rtol=1e-5
    )


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_vectors_of_any_size_come_to_the_lstm_with_a_spread_of_1(scale):
    vectors = planted_vectors()
    large = WordVectors(vectors.words, scale * vectors.vectors)
    model = text_classifier(TRAINING, vectors=large, units=3)
    found = embedded(model, " ".join(vectors.words))
    assert found.std() == pytest.approx(1, rel=1e-3)


def test_vectors_without_spread_do_no_harm():
    flat = WordVectors(["good", "film"], np.ones((2, 3)))
    model = text_classifier(TRAINING, vectors=flat, units=3)
    assert np.isfinite(answers(model, READ)).all()


def test_a_model_with_vectors_knows_their_words_and_no_others():
    vectors = planted_vectors()
    model = text_classifier(TRAINING, vectors=vectors, units=4)
    assert vocabulary_of(model) == vectors.words
    assert not embedded(model, "story unseen").any()  # "story" stands there twice


@pytest.mark.parametrize("trainable", [False, True])
def test_training_changes_vectors_only_if_they_are_trainable(trainable):
    model = text_classifier(
        TRAINING, vectors=planted_vectors(), trainable=trainable, units=2
    )
    before = embedded(model, "good bad film")
    model.fit(TextBatches(["good film", "bad film"], [1, 0]), verbose=0)
    assert np.array_equal(embedded(model, "good bad film"), before) != trainable


def test_the_same_seed_builds_the_same_model():
    first, same, other = (
        text_classifier(TRAINING, units=3, seed=seed).get_weights()
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first, same))
    assert not all(map(np.array_equal, first, other))


def test_of_10_000_words_the_stated_number_is_read():
    words = np.random.default_rng(0).choice(["good", "bad", "film"], 10_000)
    model = plain(time_steps=40)
    whole, start, shorter = answers(
        model, [" ".join(words), " ".join(words[:40]), " ".join(words[:39])]
    )
    np.testing.assert_allclose(whole, start, rtol=1e-6)
    assert abs(whole - shorter) > 1e-4


@pytest.mark.parametrize(
    ("texts", "options", "message"),
    [
        ("a good film", {}, "text_classifier: this is one text; give a list of them"),
        (
            ["good good", None],
            {},
            "text_classifier: 1 of the 2 texts are not text; the",
        ),
        (["good", float("nan")], {}, "1 of the 2 texts are not text; the first is nan"),
        ([], {}, "text_classifier: there is no word in the texts"),
        (["", "  "], {}, "text_classifier: there is no word in the texts"),
        (["?!", "..."], {}, "text_classifier: there is no word in the texts"),
        (["each word once"], {}, "text_classifier: .*twice"),
        (TRAINING, {"classes": 1}, r"classes=1, .*at least 2 classes"),
        (TRAINING, {"time_steps": 0}, r"time_steps=0, .*1 time step"),
        (TRAINING, {"max_tokens": 2}, r"max_tokens=2\): .*3 tokens \(padding, unkn"),
        (TRAINING, {"split": "words"}, "text_classifier: split='words'; choose"),
    ],
)
def test_a_classifier_that_cannot_be_built_says_why(texts, options, message):
    with pytest.raises(ValueError, match=message):
        text_classifier(texts, **options)


IN_A_FRESH_PROCESS = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import json, keras, numpy
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
texts = json.load(open(sys.argv[2], encoding="utf-8"))
numpy.save(sys.argv[3], model.predict(numpy.array(texts, dtype=object), verbose=0))
"""


@pytest.mark.parametrize("build", [plain, of_characters, with_vectors])
def test_a_saved_model_answers_the_same_without_simple_lstm(build, tmp_path):
    model = build()
    paths = [str(tmp_path / name) for name in ("model.keras", "in.json", "out.npy")]
    model.save(paths[0])
    (tmp_path / "in.json").write_text(json.dumps(TRAINING + READ), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS, *paths], check=True, timeout=120
    )
    due = answers(model, TRAINING + READ)
    np.testing.assert_allclose(np.load(paths[2]), due, rtol=1e-5)


@pytest.mark.parametrize("build", [plain, of_characters, with_vectors])
def test_models_are_made_of_stock_layers(build):
    modules = {type(layer).__module__.split(".")[0] for layer in build().layers}
    assert modules == {keras.__name__}


def words_and_labels(samples, seed=0):
    """Which of two words comes first decides the label; other words say nothing."""
    rng = np.random.default_rng(seed)
    texts, labels = [], rng.permutation(np.arange(samples) % 2)
    for label in labels:
        words = rng.choice(["so", "very", "it"], rng.integers(4, 9))
        first, second = np.sort(rng.choice(len(words), 2, replace=False))
        words[first], words[second] = ("up", "down") if label else ("down", "up")
        texts.append(" ".join(words))
    return texts, labels


def test_a_classifier_learns_the_order_of_words():
    texts, labels = words_and_labels(400)
    model = text_classifier(
        texts, units=16, embedding_dim=8, dropout=0, learning_rate=0.03
    )
    unseen = words_and_labels(200, seed=1)
    train = TextBatches(texts, labels, batch_size=32)
    model.fit(train.shuffled(), epochs=8, verbose=0)
    right = (answers(model, unseen[0])[:, 0] > 0.5) == unseen[1]
    assert right.mean() > 0.9


def test_training_repeats_with_the_seed():
    texts, labels = words_and_labels(40)
    losses = []
    for before in (1, 2):
        keras.utils.set_random_seed(before)  # what went before does not matter
        model = text_classifier(texts, units=3)
        train = TextBatches(texts, labels, batch_size=8)
        history = model.fit(train.shuffled(seed=1), epochs=2, verbose=0).history
        losses.append(history["loss"])
    assert losses[0] == losses[1]


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize(
    "policy", ["mixed_float16", "mixed_bfloat16", "float64"], indirect=True
)
@pytest.mark.parametrize("classes", [2, 3])
def test_answers_have_full_precision_under_any_policy(policy, classes):
    texts, labels = ["a good film", "a bad film"] * 8, np.arange(16) % classes
    model = text_classifier(texts, classes=classes, units=4)
    model.run_eagerly = True  # quick to start
    losses = model.fit(TextBatches(texts, labels), verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    said = model(tf.constant(texts))
    assert said.dtype == ("float64" if policy == "float64" else "float32")
    if classes > 2:
        np.testing.assert_allclose(np.sum(said, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", ["model.h5", "model.hdf5"])
def test_a_text_model_asks_for_the_format_that_opens(name, tmp_path):
    texts = ["a good film", "a bad film"]
    model = text_classifier(texts, units=4)
    for path in (tmp_path / name, str(tmp_path / name)):
        with pytest.raises(ValueError, match=r"Give it a name that ends in \.keras"):
            model.save(path)
    checkpoint = keras.callbacks.ModelCheckpoint(str(tmp_path / "model.h5"))
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        model.fit(TextBatches(texts, [1, 0]), callbacks=[checkpoint], verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    answered = loaded(tf.constant(texts))
    np.testing.assert_allclose(answered, model(tf.constant(texts)), rtol=1e-6)
