import json
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from simple_lstm import baselines, models, training, word_vectors, words
from simple_lstm.batches import TextBatches

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
    return word_vectors.WordVectors(words, rng.normal(size=(5, 6)))


def of_characters():
    return plain(split="character")


def plain(**options):
    return sharp(models.text_classifier(TRAINING, units=5, dimensions=7, **options))


def with_vectors():
    model = models.text_classifier(
        TRAINING, vectors=planted_vectors(), units=5, classes=3
    )
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


@pytest.fixture(scope="module")
def five_steps():
    return models.text_classifier(TRAINING, time_steps=5, units=2)


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
    model = models.text_classifier(TRAINING, classes=classes, units=3)
    probabilities = answers(model, READ)
    assert probabilities.shape == (len(READ), outputs)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    if classes > 2:
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_words_are_told_apart_if_they_stand_in_the_texts_twice():
    model = sharp(models.text_classifier(["good bad good bad once"], units=4))
    good, bad, once, unseen, capital = answers(
        model, ["good", "bad", "once", "unseen", "GOOD!"]
    )
    assert abs(good - bad) > 1e-3
    assert abs(good - once) > 1e-3
    assert once == unseen
    assert capital == good


def test_the_commonest_words_are_known():
    model = models.text_classifier(["a a a a b b b c c d"], vocabulary=2, units=2)
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
    model = models.text_classifier(TRAINING, vectors=vectors, units=3)
    found = embedded(model, " ".join(vectors.words))
    np.testing.assert_allclose(
        found / found.std(), vectors.vectors / vectors.vectors.std(), rtol=1e-5
    )


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_vectors_of_any_size_come_to_the_lstm_with_a_spread_of_1(scale):
    vectors = planted_vectors()
    large = word_vectors.WordVectors(vectors.words, scale * vectors.vectors)
    model = models.text_classifier(TRAINING, vectors=large, units=3)
    found = embedded(model, " ".join(vectors.words))
    assert found.std() == pytest.approx(1, rel=1e-3)


def test_vectors_without_spread_do_no_harm():
    flat = word_vectors.WordVectors(["good", "film"], np.ones((2, 3)))
    model = models.text_classifier(TRAINING, vectors=flat, units=3)
    assert np.isfinite(answers(model, READ)).all()


def test_a_model_with_vectors_knows_their_words_and_no_others():
    vectors = planted_vectors()
    model = models.text_classifier(TRAINING, vectors=vectors, units=4)
    assert vocabulary_of(model) == vectors.words
    assert not embedded(model, "story unseen").any()  # "story" stands there twice


@pytest.mark.parametrize("fine_tune", [False, True])
def test_training_changes_vectors_only_to_fine_tune_them(fine_tune):
    model = models.text_classifier(
        TRAINING, vectors=planted_vectors(), fine_tune=fine_tune, units=2
    )
    before = embedded(model, "good bad film")
    data = (["good film", "bad film"], [1, 0])
    training.fit(model, data, validation=data, epochs=1)
    assert np.array_equal(embedded(model, "good bad film"), before) != fine_tune


def test_the_same_seed_builds_the_same_model():
    first, same, other = (
        models.text_classifier(TRAINING, units=3, seed=seed).get_weights()
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first, same))
    assert not all(map(np.array_equal, first, other))


def test_a_text_of_10_000_words_is_cut_at_the_stated_length():
    words = np.random.default_rng(0).choice(["good", "bad", "film"], 10_000)
    model = plain(time_steps=40)
    assert models.words_not_read(model, [" ".join(words)]).tolist() == [10_000 - 40]
    whole, start, shorter = answers(
        model, [" ".join(words), " ".join(words[:40]), " ".join(words[:39])]
    )
    np.testing.assert_allclose(whole, start, rtol=1e-6)
    assert abs(whole - shorter) > 1e-4


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=6),
    st.sampled_from(["good", "unknown", "映画"]),
)
@settings(deadline=None, max_examples=25)
def test_words_beyond_the_time_steps_are_not_read(five_steps, lengths, word):
    texts = [" ".join([word] * length) for length in lengths]
    due = np.maximum(np.array(lengths) - 5, 0)
    np.testing.assert_array_equal(models.words_not_read(five_steps, texts), due)


def hand_made(*after, **options):
    """A model of a TextVectorization and other layers."""
    return keras.Sequential(
        [
            keras.Input((), dtype="string"),
            layers.TextVectorization(**{"vocabulary": ["good", "film"]} | options),
            *after,
        ]
    )


LONG = ["good", "", "good film of note, good"]


def test_a_fixed_output_length_is_a_length_at_which_a_model_cuts():
    rest = [layers.Embedding(4, 3, mask_zero=True), layers.LSTM(2), layers.Dense(1)]
    model = hand_made(*rest, output_sequence_length=3)
    assert models.words_not_read(model, LONG).tolist() == [0, 0, 2]


def test_a_cut_is_found_without_an_embedding():
    model = hand_made(layers.Rescaling(0.1), output_sequence_length=2)
    assert models.words_not_read(model, LONG).tolist() == [0, 0, 3]


def test_a_vocabulary_learned_by_adapt_is_taken():
    cutter = layers.TextVectorization(output_sequence_length=3)
    cutter.adapt(tf.constant(LONG))
    model = keras.Sequential(
        [keras.Input((), dtype="string"), cutter, layers.Embedding(9, 2)]
    )
    assert models.words_not_read(model, LONG).tolist() == [0, 0, 2]


@pytest.mark.parametrize("mode", ["multi_hot", "count"])
def test_a_bag_of_words_has_room_for_any_text(mode):
    model = hand_made(layers.Dense(1), output_mode=mode)
    assert models.words_not_read(model, LONG).tolist() == [0, 0, 0]


def test_a_model_that_reads_no_texts_is_refused():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="words_not_read: the model has no TextVec"):
        models.words_not_read(model, ["good"])


def cutter(time_steps):
    return layers.TextVectorization(
        vocabulary=["good"], output_sequence_length=time_steps
    )


def test_words_not_read_are_those_that_reach_no_embedding_of_them():
    five = ["good good good good good"]
    text, kind = keras.Input((), dtype="string"), keras.Input((1,), dtype="int32")
    numbers = cutter(4)(text)
    other = layers.Embedding(2, 3)(keras.ops.zeros_like(numbers))
    both = layers.LSTM(2)(other + layers.Embedding(3, 3)(numbers))
    assert models.words_not_read(keras.Model(text, both), five).tolist() == [1]
    category = layers.Flatten()(layers.Embedding(5, 3)(kind))
    beside = layers.Concatenate()([category, both])
    model = keras.Model([kind, text], beside)
    assert models.words_not_read(model, five).tolist() == [1]
    inner = keras.Sequential(
        [cutter(2), layers.Embedding(3, 3, mask_zero=True), layers.LSTM(2)]
    )
    nested = keras.Sequential([keras.Input((), dtype="string"), inner])
    assert models.words_not_read(nested, five).tolist() == [3]


def test_two_layers_that_cut_differently_are_no_single_answer():
    text = keras.Input((), dtype="string")
    parts = [layers.Embedding(3, 2)(cutter(steps)(text)) for steps in (2, 3)]
    model = keras.Model(text, layers.Concatenate(axis=1)(parts))
    with pytest.raises(ValueError, match="has 2 TextVectorization layers, and needs"):
        models.words_not_read(model, ["good"])


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
    ],
)
def test_a_classifier_that_cannot_be_built_says_why(texts, options, message):
    with pytest.raises(ValueError, match=message):
        models.text_classifier(texts, **options)


ASK = {
    "words_not_read": models.words_not_read,
    "TextBatches": lambda model, texts: TextBatches(texts, np.zeros(len(texts))),
    "fit": lambda model, texts: training.fit(
        model,
        (texts, np.zeros(len(texts))),
        validation=(["good", "bad"], [1, 0]),
        epochs=1,
    ),
}


@pytest.mark.parametrize("who", ASK)
def test_one_text_is_not_taken_for_a_list_of_letters(five_steps, who):
    with pytest.raises(ValueError, match=f"{who}: .*one text"):
        ASK[who](five_steps, "a good film")


@pytest.mark.parametrize("who", ASK)
@pytest.mark.parametrize(
    "texts",
    [["good", None], [None, "good"], ["good", float("nan")]],
    ids=["None", "None first", "NaN"],
)
def test_what_is_no_text_is_named(five_steps, who, texts):
    with pytest.raises(ValueError, match=f"{who}: .*1 of the 2 texts are not text"):
        ASK[who](five_steps, texts)


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
    model = models.text_classifier(
        texts, units=16, dimensions=8, dropout=0, learning_rate=0.03
    )
    unseen = words_and_labels(200, seed=1)
    training.fit(
        model, (texts, labels), validation=unseen, epochs=8, batch_size=32, patience=8
    )
    right = (answers(model, unseen[0])[:, 0] > 0.5) == unseen[1]
    assert right.mean() > 0.9


@pytest.mark.parametrize(
    "kind",
    [list, tuple, np.array, lambda texts: np.array(texts, dtype=object), pd.Series],
    ids=["list", "tuple", "array of str", "array of objects", "series"],
)
def test_texts_come_in_any_sequence(five_steps, kind):
    texts, labels = words_and_labels(8)
    data = (kind(texts), labels)
    history = training.fit(five_steps, data, validation=data, epochs=1)
    assert np.isfinite(history.table.to_numpy()).all()


def test_training_on_texts_repeats_with_the_seed():
    data = words_and_labels(40)
    losses = []
    for before in (1, 2):
        keras.utils.set_random_seed(before)  # what went before does not matter
        model = models.text_classifier(data[0], units=3)
        history = training.fit(model, data, validation=data, epochs=1, batch_size=8)
        losses.append(history.table["loss"].tolist())
    assert losses[0] == losses[1]


def test_fit_says_what_is_cut(five_steps, capsys):
    texts = ["good bad film story good bad", "good " * 1005, "bad", ""]
    training.fit(
        five_steps,
        (texts, [1, 1, 0, 0]),
        validation=(["good", "bad bad bad bad bad bad"], [1, 0]),
        epochs=1,
    )
    assert capsys.readouterr().out == (
        "fit: 2 of the 4 texts of train are longer than the model reads: 1,001 words "
        "at their ends are left out. Build it with more time_steps to read them.\n"
        "fit: 1 of the 2 texts of validation are longer than the model reads: 1 words "
        "at their ends are left out. Build it with more time_steps to read them.\n"
    )


def test_fit_is_silent_where_nothing_is_cut(five_steps, capsys):
    data = (["good bad film, good bad", "bad", ""], [1, 0, 0])
    training.fit(five_steps, data, validation=data, epochs=1)
    assert capsys.readouterr().out == ""


def test_fewer_labels_than_texts_are_refused(five_steps):
    data = (["good", "bad"], [1, 0])
    with pytest.raises(ValueError, match="train has 2 inputs but 1 labels"):
        training.fit(five_steps, (data[0], [1]), validation=data, epochs=1)


def sentences_without_spaces(samples, seed=0):
    """Made up; one of eight words tells whether a sentence praises."""
    rng = np.random.default_rng(seed)
    about = ["这部电影", "那部片子", "剧情", "演员", "音乐", "结尾", "对白", "画面"]
    how = [["难看", "无聊", "糟糕", "乏味"], ["好看", "感人", "精彩", "有趣"]]
    labels = rng.permutation(np.arange(samples) % 2)
    texts = [
        rng.choice(about)
        + rng.choice(["很", "真", "太", "非常", "有点"])
        + rng.choice(how[label])
        + rng.choice(["", "。", "！", "，他说", "，看过的人都知道"])
        for label in labels
    ]
    return texts, labels


def hand_made_classifier(split="whitespace"):
    layer = layers.TextVectorization(split=split)
    layer.adapt(tf.constant(sentences_without_spaces(20)[0]))
    model = keras.Sequential(
        [
            keras.Input((), dtype="string"),
            layer,
            layers.Embedding(99, 4, mask_zero=True),
            layers.LSTM(3),
            layers.Dense(1),
        ]
    )
    model.compile("adam", "binary_crossentropy")
    return model


def fit_hand_made(texts, labels, **options):
    data = (texts, labels)
    training.fit(hand_made_classifier(**options), data, validation=data, epochs=1)


CUT_TEXTS = {
    "text_classifier": lambda texts, labels, **options: models.text_classifier(
        texts, units=2, **options
    ),
    "fit: the inputs of train": fit_hand_made,
    "naive_bayes": baselines.naive_bayes,
    "bag_of_words": baselines.bag_of_words,
}
WITHOUT_SPACES = {
    "Chinese": sentences_without_spaces(20)[0],
    "Chinese, repeated": ["这部电影很好看", "这部电影很难看"] * 10,
    "Chinese, short": ["非常好看", "太难看了", "不错", "演员很好"] * 5,
    "Japanese": ["この映画はとても面白かったです。", "この映画はつまらない"] * 10,
    "Thai": ["หนังเรื่องนี้สนุกมาก", "หนังเรื่องนี้น่าเบื่อมากจริงๆ"] * 10,
    "Korean": ["이영화는정말재미있었어요", "이영화는너무지루했습니다"] * 10,
    "DNA": ["ACGTTGCAACGGTATACGCATTAGCA" * 2, "TTGACGATTACAGGCATCAGCATTACG" * 2] * 10,
}


@pytest.mark.parametrize(
    ("who", "language"),
    [("text_classifier", language) for language in WITHOUT_SPACES]
    + [(who, "Chinese") for who in CUT_TEXTS if who != "text_classifier"],
)
def test_texts_without_spaces_are_refused_and_taken_as_characters(who, language):
    texts, labels = WITHOUT_SPACES[language], [1, 0] * 10
    with pytest.raises(ValueError, match=f"{who}: most of the texts have no spaces"):
        CUT_TEXTS[who](texts, labels)
    CUT_TEXTS[who](texts, labels, split="character")


def test_a_model_of_characters_learns_texts_without_spaces():
    data, unseen = sentences_without_spaces(160), sentences_without_spaces(80, seed=1)
    with pytest.raises(
        ValueError, match=r"text_classifier: .*give split=\"character\""
    ):
        models.text_classifier(data[0])
    model = models.text_classifier(
        data[0],
        split="character",
        units=16,
        dimensions=16,
        dropout=0,
        learning_rate=0.02,
    )
    training.fit(model, data, validation=unseen, epochs=15, batch_size=32, patience=15)
    right = (answers(model, unseen[0])[:, 0] > 0.5) == unseen[1]
    assert right.mean() == 1


NORMAL = {
    "English": ["A well made film, and funny.", "Incomprehensibly overproduced!"],
    "German": ["Die Sehenswürdigkeiten", "Donaudampfschifffahrtsgesellschaft", "Gut."],
    "code": ["self.assertEqual(response.status_code, 200)", "x = [f(y) for y in z]"],
    "addresses": ["https://www.example.org/a/very/long/path/to/something?query=1"],
    "names of things": ["customer_support_request", "refund", "delivery-date-changed"],
    "single words": ["good", "bad", "internationalization"],
    "Chinese, in words": ["这 部 电影 非常 好看", "剧情 太 糟糕 了 。", "很 无聊"],
    "Japanese, in words": ["この 映画 は とても 面白かった です 。"],
    "Thai, in words": ["หนัง เรื่อง นี้ สนุก มาก"],
    "Korean": ["이 영화는 정말 재미있었어요", "너무 지루했습니다"],
    "Hindi": ["यह फ़िल्म बहुत अच्छी है", "कहानी बेकार थी"],
}


@pytest.mark.parametrize("language", NORMAL)
def test_texts_with_spaces_are_taken(language, capsys):
    texts = words.separate(NORMAL[language] * 4)
    models.text_classifier(texts, units=2)
    assert capsys.readouterr().out == ""


def test_some_texts_without_spaces_are_reported(capsys):
    texts = ["a good film", "a bad film"] * 5 + ["这部电影很好看", "这部电影真无聊"]
    models.text_classifier(texts, units=2)
    assert capsys.readouterr().out == (
        "text_classifier: of 12 texts looked at, 2 have no spaces between their words: "
        "'这部电影很好看' is read as one word. Leave such texts out, or give them a "
        'model of their own, with split="character".\n'
    )
    models.text_classifier(texts[:-2], units=2)
    assert capsys.readouterr().out == ""
    models.text_classifier(texts[-2:], split="character", units=2)


LOSSY = {
    "emoticons": ["fine film :)", "fine film :("],
    "commas": ["film good,bad", "film bad,good"],
    "tags": ["fine<br />film", "bad<br />film"],
    "hyphens": ["a well-made film", "a badly-made film"],
    "spaces": ["fine\xa0film", "bad\xa0film"],
    "quotes": ["“fine film”", "“bad film”"],
}


@pytest.mark.parametrize(
    ("who", "kind"),
    [("text_classifier", kind) for kind in LOSSY]
    + [("fit: the inputs of train", "emoticons")],
)
def test_what_is_lost_is_reported_until_words_are_set_apart(who, kind, capsys):
    texts, labels = LOSSY[kind] * 5, [1, 0] * 5
    CUT_TEXTS[who](texts, labels)
    assert f"{who}: of 10 texts looked at, 10 lose something" in capsys.readouterr().out
    CUT_TEXTS[who](words.separate(texts), labels)
    assert capsys.readouterr().out == ""


def test_glued_words_are_shown(capsys):
    models.text_classifier(["a well-made film", "a bad film"], units=2)
    assert capsys.readouterr().out == (
        "text_classifier: of 2 texts looked at, 1 lose something when they are cut "
        "into words: 'well-made' is read as 'wellmade', not 'well made'. Set words "
        "apart, here and before predict: simple_lstm.words.separate(texts).\n"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [(":)", ":("), ("fine,bad", "finebad"), ("fine<br />bad", "finebrbad")],
)
def test_what_was_the_same_to_a_model_is_told_apart(one, other):
    texts = words.separate([f"film {one}", f"film {other}"] * 2)
    model = sharp(models.text_classifier(texts, units=4))
    first, second = answers(model, texts[:2])
    assert abs(first - second) > 1e-3


def test_a_layer_that_standardizes_otherwise_is_left_alone(capsys):
    model = hand_made(layers.Embedding(4, 2), layers.LSTM(2), layers.Dense(1))
    other = hand_made(
        layers.Embedding(4, 2), layers.LSTM(2), layers.Dense(1), standardize=None
    )
    for one in (model, other):
        one.compile("adam", "mse")
        data = (["good,film", "good"], [1.0, 0.0])
        training.fit(one, data, validation=data, epochs=1)
        lines = 2 if one is model else 0
        assert capsys.readouterr().out.count("lose something") == lines


def test_a_nul_is_refused_and_made_a_space():
    texts = ["good\0", "good bad", "bad"]
    with pytest.raises(ValueError, match=r"NUL character .*words.separate\(texts\)"):
        models.text_classifier(texts)
    model = models.text_classifier(words.separate(texts), units=2)
    assert set(vocabulary_of(model)) == {"good", "bad"}


def test_words_that_stand_once_are_taken_as_characters():
    texts = ["each word once"]
    with pytest.raises(ValueError, match='cut them into characters: split="character"'):
        models.text_classifier(texts)
    model = models.text_classifier(texts, split="character", units=2)
    assert set(vocabulary_of(model)) == set("eco ")


def test_vectors_and_model_are_cut_the_same_way():
    texts = sentences_without_spaces(40)[0]
    vectors = word_vectors.count(texts, dimensions=4, split="character")
    with pytest.raises(ValueError, match=r"split=\"whitespace\"\): the vectors are of"):
        models.text_classifier(["a film"], vectors=vectors)
    model = models.text_classifier(texts, vectors=vectors, split="character", units=2)
    assert vocabulary_of(model) == vectors.words
    labels = [1, 0] * 20
    assert baselines.averaged_vectors(texts, labels, vectors).predict(texts).shape == (
        40,
    )


def test_characters_beyond_the_time_steps_are_counted():
    texts = sentences_without_spaces(20)[0]
    model = models.text_classifier(texts, split="character", time_steps=5, units=2)
    due = [max(len(words.cut(text, "character")) - 5, 0) for text in texts]
    assert models.words_not_read(model, texts).tolist() == due


def read(batch):
    """The texts and labels of a batch as lists."""
    texts, labels = batch
    return [text.decode() for text in texts.numpy()], labels.tolist()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 12))
@settings(deadline=None, max_examples=40)
def test_each_pass_holds_every_text_once_with_its_label(lengths, batch_size):
    texts = [f"{number} " + "word " * n for number, n in enumerate(lengths)]
    batches = TextBatches(texts, np.arange(len(texts)), batch_size)
    for _ in range(3):
        came = [read(batches[number]) for number in range(len(batches))]
        assert all(len(labels) <= batch_size for _, labels in came)
        assert sum(len(labels) < batch_size for _, labels in came) <= 1
        pairs = [pair for batch in came for pair in zip(*batch, strict=True)]
        assert sorted(pairs, key=lambda pair: pair[1]) == list(
            zip(texts, range(len(texts)), strict=True)
        )
        batches.on_epoch_end()


def padding(batches):
    """Steps that hold no word, if each batch is as wide as its longest text."""
    lengths = [np.array([len(text.split()) for text in texts]) for texts in batches]
    return sum((batch.max() - batch).sum() for batch in lengths)


def texts_of_many_lengths(samples=600):
    lengths = np.random.default_rng(0).geometric(0.05, samples)
    return [f"w{number} " + "word " * n for number, n in enumerate(lengths)]


def test_batches_of_like_length_need_little_padding():
    texts = texts_of_many_lengths()
    batches = TextBatches(texts, np.zeros(600), 32)
    order = np.random.default_rng(1).permutation(600)
    at_random = [[texts[n] for n in order[i : i + 32]] for i in range(0, 600, 32)]
    assert padding(read(batch)[0] for batch in batches) < 0.1 * padding(at_random)


def test_texts_without_spaces_need_little_padding():
    lengths = np.random.default_rng(0).geometric(0.05, 600)
    batches = TextBatches(
        ["好" * n for n in lengths], np.zeros(600), 32, split="character"
    )
    spread = [
        max(map(len, texts)) - min(map(len, texts)) for texts, _ in map(read, batches)
    ]
    assert np.median(spread) <= 2


def test_the_longest_batch_may_come_at_any_time():
    batches = TextBatches(texts_of_many_lengths(), np.zeros(600), 100)
    places = set()
    for _ in range(30):
        longest = [max(map(len, read(batches[number])[0])) for number in range(6)]
        places.add(int(np.argmax(longest)))
        batches.on_epoch_end()
    assert places == set(range(6))


def test_texts_of_one_length_meet_others_in_every_pass():
    batches = TextBatches(list("abcdefghijkl"), range(12), 3)
    passes = []
    for _ in range(2):
        passes.append({frozenset(read(batch)[1]) for batch in batches})
        batches.on_epoch_end()
    assert passes[0] != passes[1]


def test_the_order_of_batches_repeats_with_the_seed():
    def two_passes(seed):
        batches = TextBatches(texts_of_many_lengths(), np.arange(600), 32, seed=seed)
        passes = []
        for _ in range(2):
            passes.append([read(batches[n])[1] for n in range(len(batches))])
            batches.on_epoch_end()
        return passes

    assert two_passes(1) == two_passes(1)
    assert two_passes(1) != two_passes(2)
    assert two_passes(1)[0] != two_passes(1)[1]


def test_labels_may_have_several_numbers():
    labels = np.eye(5)
    batches = TextBatches(list("abcde"), labels, 2)
    for texts, rows in map(read, batches):
        for text, row in zip(texts, rows, strict=True):
            assert row == labels["abcde".index(text)].tolist()


def test_batches_that_cannot_be_made_are_refused():
    with pytest.raises(ValueError, match=r"batch_size=0\): a batch needs at least 1"):
        TextBatches(["good"], [1], 0)
    with pytest.raises(ValueError, match="2 texts but 1 labels; give one for each"):
        TextBatches(["good", "bad"], [1])


def test_texts_may_come_as_a_tensor_and_numbers_as_a_frame():
    texts, labels = ["a good film", "a bad film"] * 8, np.array([1, 0] * 8)
    model = models.text_classifier(texts, units=2)
    data = (tf.constant(texts), labels)
    history = training.fit(model, data, validation=data, epochs=1)
    assert len(history.table) == 1
    dense = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    dense.compile("sgd", "mse")
    frame = (pd.DataFrame({"a": labels, "b": labels}), labels)
    assert len(training.fit(dense, frame, validation=frame, epochs=1).table) == 1


def test_no_samples_and_missing_texts_are_named():
    model = models.text_classifier(["a good film", "a bad film"], units=2)
    whole = (["a film"], [1])
    with pytest.raises(ValueError, match="fit: train holds no samples"):
        training.fit(model, ([], []), validation=whole, epochs=1)
