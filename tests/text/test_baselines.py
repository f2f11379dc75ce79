import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm.text import (
    WordVectors,
    averaged_vectors,
    bag_of_words,
    baselines,
    cut_words,
    naive_bayes,
    separate_words,
)

MOODS = ["good warm bright clever kind", "bad cold dull silly cruel"]


def make_corpus(texts=240, seed=0):
    """Texts of six words: four say nothing, two speak more often for the label."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(texts) % 2)
    made = []
    for label in labels:
        mood = label if rng.random() < 0.9 else 1 - label
        telling = rng.choice(MOODS[mood].split(), 2)
        made.append(" ".join(rng.permutation([*telling, *rng.choice(list("xyz"), 4)])))
    return made, labels


def planted_vectors():
    """Words of one mood point the same way, with noise; the others do not."""
    rng = np.random.default_rng(1)
    words = [*" ".join(MOODS).split(), "x", "y", "z"]
    vectors = rng.normal(0, 0.3, (len(words), 4))
    vectors[:5, 0] += 1
    vectors[5:10, 0] -= 1
    return WordVectors(words, vectors.astype(np.float32))


def averaged(texts, labels):
    return averaged_vectors(texts, labels, planted_vectors(), C=1)


@pytest.mark.parametrize("build", [naive_bayes, bag_of_words, averaged])
def test_words_that_tell_are_found(build):
    texts, labels = make_corpus()
    model = build(texts[:160], labels[:160])
    assert model.score(texts[160:], labels[160:]) > 0.8
    assert model.predict_proba(texts[160:]).shape == (80, 2)


@pytest.mark.parametrize("build", [naive_bayes, bag_of_words])
def test_pairs_of_neighbors_tell_what_single_words_do_not(build):
    texts = ["good, not bad", "bad, not good"] * 10
    labels = [1, 0] * 10
    assert build(texts, labels).score(texts, labels) == 1


def test_vectors_tell_of_words_that_no_training_text_holds():
    texts, labels = ["good warm", "bad cold"] * 10, [1, 0] * 10
    model = averaged(texts, labels)
    assert model.predict(["clever kind", "silly cruel"]).tolist() == [1, 0]


def test_the_order_of_words_does_not_change_their_average():
    texts, labels = make_corpus()
    turned = [" ".join(reversed(text.split())) for text in texts]
    model = averaged(texts, labels)
    np.testing.assert_allclose(
        model.predict_proba(texts), model.predict_proba(turned), rtol=1e-6
    )


@pytest.mark.parametrize(
    "build",
    [
        naive_bayes,
        bag_of_words,
        averaged,
    ],
)
@pytest.mark.parametrize(
    "kind", [lambda texts: np.array(texts, dtype=object), np.array, pd.Series]
)
def test_arrays_of_texts_are_read_as_lists_are(build, kind):
    texts, labels = make_corpus(60)
    np.testing.assert_array_equal(
        build(kind(texts), labels).predict_proba(kind(texts)),
        build(texts, labels).predict_proba(texts),
    )


def mean_vectors(texts, vectors):
    """What the pipeline of averaged_vectors makes of texts before it scales them."""
    model = averaged_vectors(["good", "bad"], [1, 0], vectors)
    return np.asarray(model[:-2].transform(texts))


def test_features_are_the_means_of_the_vectors_of_the_words():
    vectors = planted_vectors()
    of = dict(zip(vectors.words, vectors.vectors.astype(float), strict=True))
    texts = ["Good, BAD!", "x x y", "(kind)"]
    due = [
        (of["good"] + of["bad"]) / 2,
        (2 * of["x"] + of["y"]) / 3,
        of["kind"],
    ]
    np.testing.assert_allclose(mean_vectors(texts, vectors), due, rtol=1e-6)


def test_words_without_a_vector_are_passed_over():
    vectors = planted_vectors()
    with_others = mean_vectors(["unheard good of bad 映画"], vectors)
    np.testing.assert_array_equal(with_others, mean_vectors(["good bad"], vectors))


@pytest.mark.parametrize("text", ["unheard of", "", "...", "映画"])
def test_a_text_of_unknown_words_alone_has_the_mean_zero(text):
    vectors = planted_vectors()
    assert not mean_vectors([text], vectors).any()
    model = averaged_vectors(*make_corpus(60), vectors)
    np.testing.assert_allclose(model.predict_proba([text]).sum(axis=1), 1)


@pytest.mark.parametrize("build", [naive_bayes, bag_of_words])
def test_a_text_of_unknown_words_alone_gets_an_answer(build):
    model = build(*make_corpus(60))
    probabilities = model.predict_proba(["unheard of", "", "映画"])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("build", "vectors"),
    [(bag_of_words, []), (averaged_vectors, [planted_vectors()])],
)
def test_a_smaller_c_gives_a_more_careful_answer(build, vectors):
    texts, labels = make_corpus()
    weak, strong = (
        build(texts, labels, *vectors, C=c).predict_proba(texts) for c in (10, 0.01)
    )
    assert np.abs(strong - 0.5).mean() < np.abs(weak - 0.5).mean()


@pytest.mark.parametrize("build", [naive_bayes, bag_of_words, averaged])
@pytest.mark.parametrize("missing", [None, float("nan")])
def test_what_is_no_text_is_named(build, missing):
    with pytest.raises(ValueError, match="1 of the 3 texts are not text"):
        build(["good", "bad", missing], [1, 0, 1])


BAGS = [naive_bayes, bag_of_words]


@pytest.mark.parametrize("build", BAGS)
def test_emoticons_tell_once_they_are_separated(build, capsys):
    texts, labels = ["a film :)", "a film :("] * 10, [1, 0] * 10
    assert build(texts, labels).score(texts, labels) == 0.5
    assert capsys.readouterr().out == (
        f"{build.__name__}: of 20 texts checked, 20 lose something when they are split "
        "into words: ':)' is read as '', not '🙂'. Separate the words first, here and "
        "before predict: text.separate_words(texts).\n"
    )
    apart = separate_words(texts)
    assert build(apart, labels).score(apart, labels) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("build", BAGS)
def test_words_of_one_letter_and_marks_on_letters_tell(build):
    texts, labels = ["film a", "film b", "कि", "कु"] * 5, [1, 0, 1, 0] * 5
    assert build(texts, labels).score(texts, labels) == 1


@pytest.mark.parametrize("build", BAGS)
def test_punctuation_glues_no_words(build):
    model = build(["good film", "bad film"] * 5, [1, 0] * 5)
    texts = ["film,good,film", "film<br />bad"]
    assert model.predict(texts).tolist() == [1, 0]


any_text = st.text(st.sampled_from("ab é映 ,.'-<3:)(\n\xa0\x85🙂") | st.characters())


@given(any_text)
@settings(deadline=None, max_examples=300)
def test_baselines_find_the_words_of_the_model(text):
    """In separated texts; the apostrophe stays, which separates no words."""
    (text,) = separate_words([text.lower()])
    found = [word.replace("'", "") for word in baselines._read(text)]
    assert found == cut_words(text)


def test_scikit_learn_reads_what_is_reported():
    model = naive_bayes(["a b", "b"], [1, 0])
    analyze = model[0].build_analyzer()
    text = "It's ÉTÉ, a good-bad “film” 🙂 10/10 कि"
    found = [word for word in analyze(text) if " " not in word]
    assert found == baselines._read(text)


@pytest.mark.parametrize("build", BAGS)
def test_stored_baselines_hold_no_code_of_ours(build):
    model = build(["a b", "b"], [1, 0])
    assert b"simple_lstm" not in pickle.dumps(model)


@pytest.mark.parametrize("build", BAGS)
def test_baselines_of_characters_learn_texts_without_spaces(build):
    about = ["电影", "剧情", "演员", "音乐", "结尾", "对白"]
    texts = [
        f"{one}{how}{what}"
        for one in about
        for how in "很真太"
        for what in ["好看的", "精彩的", "难看的", "糟糕的"]
    ]
    labels = [1, 1, 0, 0] * 18
    with pytest.raises(ValueError, match=r'most of the texts .*split="character"'):
        build(texts[:36], labels[:36])
    model = build(texts[:36], labels[:36], split="character")
    assert model.score(texts[36:], labels[36:]) == 1
