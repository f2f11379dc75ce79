"""Character n-grams against the formula, by hand and by a slow dictionary."""

import re
from collections import Counter, defaultdict
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simple_lstm import characters
from simple_lstm.characters import ngram

CONTEXTS = st.integers(0, 5)
SMALL = st.text("abé", max_size=12)
CORPORA = st.lists(SMALL, min_size=1, max_size=4).filter(any)


def naive(texts, context, before):
    """Interpolated Witten-Bell as the formula says it, one symbol at a time."""
    symbols = ["", *sorted(set("".join(texts)))]
    counts = defaultdict(Counter)
    for text in texts:
        read = ["", *text]
        for place, symbol in enumerate(read):
            for length in range(min(place, context) + 1):
                counts[tuple(read[place - length : place])][symbol] += 1
    before = ["", *(c if c in symbols else "" for c in before)]
    chances = dict.fromkeys(symbols, 1 / len(symbols))
    for length in range(min(len(before), context) + 1):
        seen = counts.get(tuple(before[len(before) - length :]))
        if seen:
            kinds, total = len(seen), sum(seen.values())
            chances = {
                c: (seen[c] + kinds * shorter) / (total + kinds)
                for c, shorter in chances.items()
            }
    return list(chances.values())


@given(CORPORA, CONTEXTS, st.text("abé?", max_size=12))
@settings(deadline=None, max_examples=200)
def test_probabilities_are_those_of_a_dictionary_of_counts(texts, context, before):
    model = characters.NGram(context).fit(texts)
    np.testing.assert_allclose(
        model.probabilities(before), naive(texts, context, before), rtol=1e-12
    )


@given(CORPORA, CONTEXTS, st.text("abé", min_size=1, max_size=12))
@settings(deadline=None, max_examples=100)
def test_what_is_written_is_drawn_from_a_dictionary_of_counts(texts, context, prompt):
    texts = ["abé", *texts]
    model = characters.NGram(context).fit(texts)
    chances = np.array(naive(texts, context, prompt))[1:]
    found = characters.probabilities(model, prompt)
    np.testing.assert_allclose(found, chances / chances.sum(), rtol=1e-12)


@pytest.mark.parametrize("context", [1, 4, 12])
def test_a_character_costs_one_look_at_each_length_of_context(context):
    model = characters.NGram(context).fit(["abcabcab" * 9])
    looks = []
    for length in (10, 60):
        with mock.patch.object(
            ngram._Counts,
            "place",
            autospec=True,
            side_effect=ngram._Counts.place,
        ) as place:
            characters.generate(model, "abc", length, seed=0)
        looks.append(place.call_count)
    assert looks[1] - looks[0] <= 50 * context


def test_characters_are_numbered_once_however_many_texts(monkeypatch):
    numbered = mock.Mock(side_effect=enumerate)
    monkeypatch.setattr(ngram, "enumerate", numbered, raising=False)
    model = characters.NGram(2).fit(["ab", "ba", "aab"] * 20)
    counted = numbered.call_count
    model.negative_log_likelihood("abab")
    model.probabilities("abab")
    assert counted == numbered.call_count == 1


@given(CORPORA, CONTEXTS, st.one_of(st.text(max_size=12), SMALL))
@settings(deadline=None, max_examples=100)
def test_probabilities_sum_to_one_after_any_text(texts, context, before):
    chances = characters.NGram(context).fit(texts).probabilities(before)
    assert (chances > 0).all()
    assert chances.sum() == pytest.approx(1, abs=1e-12)


@given(CORPORA, CONTEXTS, st.text("abé?映", min_size=1, max_size=12))
@settings(deadline=None, max_examples=100)
def test_each_character_is_scored_after_all_before_it(texts, context, text):
    model = characters.NGram(context).fit(texts)
    due = []
    for place, character in enumerate(text):
        known = character in model.characters
        symbol = model.characters.index(character) if known else 0
        due.append(-np.log(model.probabilities(text[:place])[symbol]))
    np.testing.assert_allclose(model.negative_log_likelihood(text), due, rtol=1e-10)


@given(CORPORA, st.randoms(use_true_random=False), CONTEXTS, SMALL)
@settings(deadline=None, max_examples=100)
def test_no_context_reaches_from_one_text_into_the_next(texts, random, context, before):
    shuffled = random.sample(texts, len(texts))
    np.testing.assert_allclose(
        characters.NGram(context).fit(shuffled).probabilities(before),
        characters.NGram(context).fit(texts).probabilities(before),
        rtol=1e-12,
    )


@given(CORPORA, st.integers(0, 5), st.integers(0, 5), SMALL)
@settings(deadline=None, max_examples=100)
def test_up_to_is_a_model_fitted_with_that_context(texts, context, shorter, text):
    assume(shorter <= context)
    cut = characters.NGram(context).fit(texts).up_to(shorter)
    fresh = characters.NGram(shorter).fit(texts)
    assert cut.context == shorter
    assert cut.characters == fresh.characters
    np.testing.assert_array_equal(cut.probabilities(text), fresh.probabilities(text))
    np.testing.assert_array_equal(
        cut.negative_log_likelihood(text + "a"),
        fresh.negative_log_likelihood(text + "a"),
    )


@given(CORPORA, st.integers(0, 5), st.text("abé?", max_size=12))
@settings(deadline=None, max_examples=60)
def test_what_lies_before_the_context_does_not_matter(texts, context, before):
    model = characters.NGram(context).fit(texts)
    longer = "b" + before + "abéab"[:context]  # at least a character more than is read
    other = "aé" + longer[len(longer) - context :]
    np.testing.assert_allclose(
        model.probabilities(longer), model.probabilities(other), rtol=1e-12
    )


# The text "aab" is read as the symbols "", a, a, b; so there are three symbols.
# Without context: "" came once, a twice, b once; 4 in all, of 3 kinds. The base of 1/3
# for each gives P("") = (1 + 3/3) / 7, P(a) = (2 + 3/3) / 7, P(b) = (1 + 3/3) / 7.
# After "": a, once. P("") = (0 + 2/7) / 2, P(a) = (1 + 3/7) / 2, P(b) = (0 + 2/7) / 2.
# After a: a and b, once each. P("") = (0 + 2 × 2/7) / 4, P(a) = (1 + 2 × 3/7) / 4,
# P(b) = (1 + 2 × 2/7) / 4.
# After b nothing ever came, so all is as without context.
@pytest.mark.parametrize(
    ("before", "chances"),
    [
        ("", [2 / 14, 10 / 14, 2 / 14]),
        ("a", [4 / 28, 13 / 28, 11 / 28]),
        ("b", [2 / 7, 3 / 7, 2 / 7]),
        ("bba", [4 / 28, 13 / 28, 11 / 28]),
    ],
)
def test_probabilities_are_those_worked_out_by_hand(before, chances):
    model = characters.NGram(1).fit(["aab"])
    assert model.characters == ["", "a", "b"]
    np.testing.assert_allclose(model.probabilities(before), chances, rtol=1e-12)


def test_every_start_is_counted_without_context():
    # "ab" and "b": "" twice, a once, b twice; 5 in all, of 3 kinds, base 1/3.
    model = characters.NGram(0).fit(["ab", "b"])
    np.testing.assert_allclose(model.probabilities("a"), [3 / 8, 2 / 8, 3 / 8])


def test_a_character_that_no_text_holds_is_read_as_a_start():
    model = characters.NGram(3).fit(["abab", "ba"])
    np.testing.assert_array_equal(
        model.probabilities("a映"), model.probabilities("a\N{SNOWMAN}")
    )
    np.testing.assert_allclose(
        model.negative_log_likelihood("映"), -np.log(model.probabilities("")[0])
    )


def test_fitting_again_forgets_what_was_counted():
    model = characters.NGram(2).fit(["abcabc"]).fit(["xyx"])
    fresh = characters.NGram(2).fit(["xyx"])
    assert model.characters == fresh.characters
    np.testing.assert_array_equal(model.probabilities("x"), fresh.probabilities("x"))


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Series])
def test_texts_come_in_any_sequence(kind):
    texts = ["abab", "ba"]
    np.testing.assert_array_equal(
        characters.NGram(1).fit(kind(texts)).probabilities("a"),
        characters.NGram(1).fit(texts).probabilities("a"),
    )


@pytest.mark.parametrize("context", [-1, 1.5, 2.0, True, None, "2"])
def test_a_context_that_is_no_number_of_characters_is_refused(context):
    with pytest.raises(ValueError, match=re.escape(f"NGram(context={context!r}): exp")):
        characters.NGram(context)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("abab", "NGram.fit: this is one text; give a list of them"),
        ([], "NGram.fit: there is no character in the texts"),
        (["", ""], "NGram.fit: there is no character in the texts"),
        (["ab", None], "NGram.fit: 1 of the 2 texts are not text; the first is None"),
    ],
)
def test_texts_without_characters_to_count_are_refused(texts, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        characters.NGram(2).fit(texts)


@pytest.mark.parametrize(
    ("name", "argument"),
    [("up_to", 0), ("negative_log_likelihood", "a"), ("probabilities", "a")],
)
def test_what_needs_counts_asks_for_fit_first(name, argument):
    with pytest.raises(ValueError, match=rf"NGram\.{name}: call fit\(texts\) first"):
        getattr(characters.NGram(2), name)(argument)


@pytest.mark.parametrize("context", [-1, 3])
def test_contexts_that_were_not_counted_are_refused(context):
    model = characters.NGram(2).fit(["abab"])
    with pytest.raises(
        ValueError, match=rf"up_to\({context}\): .* has counted .* 0 to 2 cha"
    ):
        model.up_to(context)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "the text is empty"), (None, "not a NoneType"), (["a"], "not a list")],
)
def test_one_text_is_scored_at_a_time(text, message):
    with pytest.raises(ValueError, match=f"NGram.negative_log_likelihood: .*{message}"):
        characters.NGram(2).fit(["abab"]).negative_log_likelihood(text)
