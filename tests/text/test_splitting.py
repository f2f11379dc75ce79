"""Texts that have no spaces, or lose words when split: refused or reported, and mended.

Whatever reads texts behaves alike here: the classifier and the baselines.
"""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from simple_lstm.text import (
    TextBatches,
    averaged_vectors,
    bag_of_words,
    naive_bayes,
    separate_words,
    text_classifier,
    word_vectors,
)


def answers(model, texts):
    return np.asarray(model(tf.constant(texts)))


def sharp(model):
    """The model with large weights, so that each word matters to its answers."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def vocabulary_of(model):
    (cutter,) = (
        layer for layer in model.layers if isinstance(layer, layers.TextVectorization)
    )
    return cutter.get_vocabulary(include_special_tokens=False)


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


READERS = {
    "text_classifier": lambda texts, labels, **options: text_classifier(
        texts, units=2, **options
    ),
    "naive_bayes": naive_bayes,
    "bag_of_words": bag_of_words,
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
    + [(who, "Chinese") for who in READERS if who != "text_classifier"],
)
def test_texts_without_spaces_are_refused_and_taken_as_characters(who, language):
    texts, labels = WITHOUT_SPACES[language], [1, 0] * 10
    with pytest.raises(ValueError, match=f"{who}: most of the texts have no spaces"):
        READERS[who](texts, labels)
    READERS[who](texts, labels, split="character")


def test_a_model_of_characters_learns_texts_without_spaces():
    data, unseen = sentences_without_spaces(160), sentences_without_spaces(80, seed=1)
    with pytest.raises(
        ValueError, match=r"text_classifier: .*pass split=\"character\""
    ):
        text_classifier(data[0])
    model = text_classifier(
        data[0],
        split="character",
        units=16,
        embedding_dim=16,
        dropout=0,
        learning_rate=0.02,
    )
    train = TextBatches(*data, batch_size=32).shuffled(split="character")
    model.fit(train, epochs=15, verbose=0)
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
    texts = separate_words(NORMAL[language] * 4)
    text_classifier(texts, units=2)
    assert capsys.readouterr().out == ""


def test_some_texts_without_spaces_are_reported(capsys):
    texts = ["a good film", "a bad film"] * 5 + ["这部电影很好看", "这部电影真无聊"]
    text_classifier(texts, units=2)
    assert capsys.readouterr().out == (
        "text_classifier: of 12 texts checked, 2 have no spaces between their words: "
        "'这部电影很好看' is read as one word. Leave such texts out, or give them a "
        'model of their own, with split="character".\n'
    )
    text_classifier(texts[:-2], units=2)
    assert capsys.readouterr().out == ""
    text_classifier(texts[-2:], split="character", units=2)


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
    [("text_classifier", kind) for kind in LOSSY] + [("naive_bayes", "emoticons")],
)
def test_what_is_lost_is_reported_until_words_are_separated(who, kind, capsys):
    texts, labels = LOSSY[kind] * 5, [1, 0] * 5
    READERS[who](texts, labels)
    assert f"{who}: of 10 texts checked, 10 lose something" in capsys.readouterr().out
    READERS[who](separate_words(texts), labels)
    assert capsys.readouterr().out == ""


def test_glued_words_are_shown(capsys):
    text_classifier(["a well-made film", "a bad film"], units=2)
    assert capsys.readouterr().out == (
        "text_classifier: of 2 texts checked, 1 lose something when they are split "
        "into words: 'well-made' is read as 'wellmade', not 'well made'. Separate "
        "the words first, here and before predict: text.separate_words(texts).\n"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [(":)", ":("), ("fine,bad", "finebad"), ("fine<br />bad", "finebrbad")],
)
def test_what_was_the_same_to_a_model_is_told_apart(one, other):
    texts = separate_words([f"film {one}", f"film {other}"] * 2)
    model = sharp(text_classifier(texts, units=4))
    first, second = answers(model, texts[:2])
    assert abs(first - second) > 1e-3


def test_a_nul_is_refused_and_made_a_space():
    texts = ["good\0", "good bad", "bad"]
    with pytest.raises(ValueError, match=r"NUL character .*separate_words\(texts\)"):
        text_classifier(texts)
    model = text_classifier(separate_words(texts), units=2)
    assert set(vocabulary_of(model)) == {"good", "bad"}


def test_words_that_occur_once_are_taken_as_characters():
    texts = ["each word once"]
    with pytest.raises(
        ValueError, match='split them into characters: split="character"'
    ):
        text_classifier(texts)
    model = text_classifier(texts, split="character", units=2)
    assert set(vocabulary_of(model)) == set("eco ")


def test_vectors_and_model_split_the_same_way():
    texts = sentences_without_spaces(40)[0]
    vectors = word_vectors(texts, embedding_dim=4, split="character")
    with pytest.raises(ValueError, match=r"split=\"whitespace\"\): the vectors come"):
        text_classifier(["a film"], vectors=vectors)
    model = text_classifier(texts, vectors=vectors, split="character", units=2)
    assert vocabulary_of(model) == vectors.words
    labels = [1, 0] * 20
    assert averaged_vectors(texts, labels, vectors).predict(texts).shape == (40,)
