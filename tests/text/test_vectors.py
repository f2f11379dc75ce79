import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import datasets
from simple_lstm.text import (
    WordVectors,
    _splitting,
    cut_words,
    separate_words,
    text_classifier,
    vectors,
    word_vectors,
)

WORDS = 5
# Texts as numbers of words; -1 is a word that is not counted.
numbered_texts = st.lists(
    st.lists(st.integers(-1, WORDS - 1), max_size=8), min_size=1, max_size=6
)


def joined(texts):
    """Numbers of all texts in one array, and the length of each."""
    numbers = np.array([number for text in texts for number in text], dtype=int)
    return numbers, np.array([len(text) for text in texts])


def pairs_one_by_one(texts, window):
    counts = np.zeros((WORDS, WORDS))
    for text in texts:
        for place, word in enumerate(text):
            for other_place, other in enumerate(text):
                near = 0 < abs(place - other_place) <= window
                if near and word >= 0 and other >= 0:
                    counts[word, other] += 1
    return counts


def information_by_the_definition(counts):
    """max(0, log(p(row, column) / (p(row) p(column)))), cell by cell."""
    together = counts / counts.sum()
    rows, columns = together.sum(axis=1), together.sum(axis=0)
    information = np.zeros_like(together)
    for row, column in np.argwhere(together > 0):
        ratio = together[row, column] / (rows[row] * columns[column])
        information[row, column] = max(0, np.log(ratio))
    return information


@given(numbered_texts, st.integers(1, 10))
@settings(deadline=None)
def test_near_words_are_counted_as_a_double_loop_counts_them(texts, window):
    counts = vectors._count_near(*joined(texts), WORDS, window)
    np.testing.assert_array_equal(counts.toarray(), pairs_one_by_one(texts, window))


@given(numbered_texts)
@settings(deadline=None)
def test_words_of_whole_texts_are_counted_as_a_double_loop_counts_them(texts):
    due = np.zeros((WORDS, len(texts)))
    for column, text in enumerate(texts):
        for word in text:
            if word >= 0:
                due[word, column] += 1
    counts = vectors._count_texts(*joined(texts), WORDS)
    np.testing.assert_array_equal(counts.toarray(), due)


@given(numbered_texts, st.integers(1, 10))
@settings(deadline=None)
def test_no_pair_is_counted_across_two_texts(texts, window):
    together = vectors._count_near(*joined(texts), WORDS, window)
    alone = sum(vectors._count_near(*joined([text]), WORDS, window) for text in texts)
    np.testing.assert_array_equal(together.toarray(), alone.toarray())


@given(numbered_texts, st.sampled_from([1, 3, None]))
@settings(deadline=None)
def test_information_is_that_of_its_definition(texts, window):
    if window is None:
        counts = vectors._count_texts(*joined(texts), WORDS)
    else:
        counts = vectors._count_near(*joined(texts), WORDS, window)
    found = vectors._positive_information(counts).toarray()
    if counts.sum() == 0:
        assert not found.any()
    else:
        due = information_by_the_definition(counts.toarray())
        np.testing.assert_allclose(found, due, atol=1e-5)


def random_texts(seed, texts=40, words=12):
    rng = np.random.default_rng(seed)
    return [" ".join(f"w{n}" for n in rng.integers(0, words, 9)) for _ in range(texts)]


@pytest.mark.parametrize("window", [1, 4, None])
def test_angles_are_those_of_an_exact_decomposition(window):
    texts = random_texts(seed=1)
    found = word_vectors(texts, embedding_dim=12, window=window)
    places = [[found.words.index(word) for word in text.split()] for text in texts]
    if window is None:
        counts = np.stack([np.bincount(text, minlength=12) for text in places], axis=1)
    else:
        counts = vectors._count_near(*joined(places), 12, window).toarray()
    information = information_by_the_definition(counts.astype(float))
    left, values, _ = np.linalg.svd(information)
    due = left * np.sqrt(values)  # (words, dimensions)
    due /= np.linalg.norm(due, axis=1, keepdims=True)
    np.testing.assert_allclose(
        found.vectors @ found.vectors.T, due @ due.T, atol=1e-4, rtol=0
    )


def test_the_same_seed_gives_the_same_vectors():
    texts = random_texts(seed=2, texts=100, words=40)
    first, same, other = (
        word_vectors(texts, embedding_dim=5, seed=seed).vectors for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("window", "dimensions"), [(2, 6), (None, 6), ((2, None), 12), ((1, 3, None), 18)]
)
def test_vectors_have_length_1(window, dimensions):
    texts = random_texts(seed=3, texts=100, words=40)
    vectors = word_vectors(texts, embedding_dim=6, window=window).vectors
    assert vectors.shape == (40, dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)


def test_each_of_several_windows_counts_the_same():
    texts = random_texts(seed=3, texts=100, words=40)
    both, near, whole = (
        word_vectors(texts, embedding_dim=6, window=window).vectors
        for window in ((2, None), 2, None)
    )
    mean = (near @ near.T + whole @ whole.T) / 2  # of the cosines
    np.testing.assert_allclose(both @ both.T, mean, atol=1e-5)


def test_a_word_without_company_in_one_of_its_windows_has_length_1():
    texts = [*random_texts(seed=4), "alone", "alone"]
    found = word_vectors(texts, embedding_dim=4, window=(2, None))
    length = np.linalg.norm(found.vectors[found.words.index("alone")])
    assert length == pytest.approx(1, rel=1e-5)


def test_a_word_without_company_has_zeros():
    found = word_vectors([*random_texts(seed=4), "alone"], embedding_dim=4)
    assert not found.vectors[found.words.index("alone")].any()


def test_the_commonest_words_come_first_and_the_rest_has_no_vector():
    texts = ["a a a a b b b c c d"] * 5
    found = word_vectors(texts, embedding_dim=2, max_tokens=5)
    assert found.words == ["a", "b", "c"]


def test_planted_synonyms_are_neighbors():
    rng = np.random.default_rng(5)
    texts = []
    for number in range(15):  # each pair of synonyms has contexts of its own
        contexts = rng.choice(60, 6, replace=False)
        for _ in range(60):
            left, right = rng.choice(contexts, 2)
            texts += [f"c{left} {word}{number} c{right}" for word in ("one", "same")]
    found = word_vectors(texts, embedding_dim=30, window=1)
    for number in range(15):
        assert found.neighbors(f"one{number}", 1) == [f"same{number}"]


def test_neighbors_are_sorted_by_angle_whatever_the_lengths():
    vectors = np.array([[1, 0], [9, 1], [0.1, 0.1], [0, 0], [-5, 0]], dtype=np.float32)
    found = WordVectors(["at", "near", "mid", "zero", "far"], vectors)
    assert found.neighbors("at") == ["near", "mid", "zero", "far"]
    assert found.neighbors("at", 2) == ["near", "mid"]


texts_without_nul = st.text(
    st.sampled_from("aBéÉ映ก ;.'\n\xa0\x85\x1c\u3000🙂")
    | st.characters(codec="utf-8", exclude_characters="\0"),
    max_size=30,
)


@pytest.mark.parametrize("split", ["whitespace", "character"])
@given(st.lists(texts_without_nul, min_size=1, max_size=10))
@settings(deadline=None, max_examples=40)
def test_numbered_words_are_those_of_the_cut(split, texts):
    found, numbers, lengths = _splitting.number_words([*texts, "word"], split=split)
    ends = np.cumsum(lengths)[:-1]
    back = [[found[n] for n in text] for text in np.split(numbers, ends)[:-1]]
    assert back == [cut_words(text, split) for text in texts]


def test_words_are_cut_as_a_model_cuts_them():
    texts = ["Don't STOP, (ever)!\n", "ÉTÉ été...\tstop", "", "映画 映画。 stop-gap"]
    found, numbers, lengths = _splitting.number_words(texts)
    vectors = WordVectors(found, np.eye(len(found)))
    model = text_classifier(texts, vectors=vectors, units=2)
    cutter = model.get_layer(index=1)
    table = np.asarray(cutter(np.array(texts, dtype=object)))  # 0 is padding
    np.testing.assert_array_equal((table > 0).sum(axis=1), lengths)
    np.testing.assert_array_equal(table[table > 0], numbers + 2)


def test_every_word_counts_if_none_is_left_out():
    found, numbers, lengths = _splitting.number_words(["b a b", "", "c b"])
    assert [found[number] for number in numbers] == ["b", "a", "b", "c", "b"]
    assert lengths.tolist() == [3, 0, 2]
    assert _splitting.number_words(["b a b", "", "c b"], 3)[1].tolist() == [
        0,
        -1,
        0,
        -1,
        0,
    ]


def test_what_cannot_be_counted_is_refused():
    def message(texts, **options):
        with pytest.raises(ValueError, match=r"word_vectors") as caught:
            word_vectors(texts, **options)
        return str(caught.value)

    assert message("a good film") == (
        "word_vectors: this is one text; give a list of them: [text], or its "
        "lines, text.splitlines()."
    )
    assert message(["good", None, float("nan")]) == (
        "word_vectors: 2 of the 3 texts are not text; the first is None. Leave "
        "out what is missing."
    )
    assert message([]) == "word_vectors: there is no word in the texts."
    assert message(["", " \n"]) == "word_vectors: there is no word in the texts."
    assert message(["a b", "a c"], embedding_dim=4) == (
        "word_vectors(embedding_dim=4): the texts give a table of 3 words × 3 "
        "contexts, too small for so many dimensions. Give more texts, or a smaller "
        "embedding_dim."
    )
    assert "3 words × 2 contexts" in message(
        ["a b", "a c"], embedding_dim=3, window=None
    )


def test_more_texts_or_a_smaller_size_are_enough_as_advised():
    texts = ["a b", "a c"]
    with pytest.raises(ValueError, match="Give more texts, or a smaller embedding_dim"):
        word_vectors(texts, embedding_dim=4)
    assert word_vectors(texts, embedding_dim=3).vectors.shape == (3, 3)
    assert word_vectors([*texts, "a d e"], embedding_dim=4).vectors.shape == (5, 4)


@pytest.mark.parametrize("max_tokens", [3, 4, 7, 100])
def test_the_vocabulary_has_room_for_padding_and_unknown(max_tokens):
    texts = ["a b c d e"] * 2
    found = word_vectors(texts, embedding_dim=1, max_tokens=max_tokens)
    assert len(found.words) == min(5, max_tokens - 2)
    model = text_classifier(texts, max_tokens=max_tokens, units=2)
    assert model.get_layer("words_to_numbers").vocabulary_size() == min(7, max_tokens)


@pytest.mark.parametrize(
    "wrong",
    [{"embedding_dim": 0}, {"window": 0}, {"window": (2, 0)}, {"max_tokens": 2}],
    ids=str,
)
def test_sizes_below_1_are_refused(wrong):
    with pytest.raises(
        ValueError, match=r"word_vectors\(.*must be at least 1, and max_"
    ):
        word_vectors(["a b"], **wrong)


def test_at_least_one_window_is_needed():
    with pytest.raises(ValueError, match=r"word_vectors"):
        word_vectors(["a b"], embedding_dim=1, window=())


def test_punctuation_alone_is_no_word():
    with pytest.raises(ValueError, match="there is no word in the texts"):
        word_vectors(["!", "..."], embedding_dim=1)


def test_separated_emoticons_have_vectors(capsys):
    texts = ["fine :) film", "good :) film", "dull :( film", "sad :( film"] * 5
    word_vectors(texts, embedding_dim=2)
    assert capsys.readouterr().out == (
        "word_vectors: of 20 texts checked, 20 lose something when they are "
        "split into words: ':)' is read as '', not '🙂'. Separate the words first, "
        "here and before predict: text.separate_words(texts).\n"
    )
    found = word_vectors(separate_words(texts), embedding_dim=2)
    assert capsys.readouterr().out == ""
    assert {"🙂", "🙁"} < set(found.words)


def test_texts_without_spaces_are_counted_as_characters():
    texts = [
        "电影很好看我喜欢",
        "电影真好看他喜欢",
        "天气很冷我不想去",
        "天气真冷他不想去",
    ]
    with pytest.raises(ValueError, match=r'most of the texts .*split="character"'):
        word_vectors(texts, embedding_dim=2)
    found = word_vectors(texts, embedding_dim=2, window=None, split="character")
    assert set(found.neighbors("冷", 5)) >= {"天", "气", "不", "想", "去"}


def test_a_word_without_a_vector_has_no_neighbors():
    found = WordVectors(["film"], np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"neighbors\('Film'\).*has no vector"):
        found.neighbors("Film")


@pytest.mark.parametrize("shape", [(2,), (3, 4), (2, 4, 1)])
def test_there_is_one_vector_for_each_word(shape):
    with pytest.raises(ValueError, match=r"2 words but vectors of shape \("):
        WordVectors(["good", "film"], np.ones(shape))


def test_25_000_reviews_are_counted_in_seconds():
    reviews = datasets.load_reviews("unlabeled")
    started = time.process_time()
    found = word_vectors(reviews)
    # Processor time, since other programs may run; about 14 s. A count in plain Python
    # or without sparse tables takes minutes.
    assert time.process_time() - started < 40
    assert found.vectors.shape == (19_998, 100)
