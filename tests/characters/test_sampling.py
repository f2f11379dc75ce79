"""Text from a model of characters against Keras, asked anew for every character."""

import re
from collections import Counter
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from simple_lstm import cell, characters
from simple_lstm.text import text_classifier

CHARACTERS = "\n $'\\_abcdé映"
PREFIXES = ["a", "é映\n", "abcd dcba 'd' \\é $_", "dddddddddd" * 3]
SAMPLING = [
    {},
    {"temperature": 0.5},
    {"temperature": 3.0},
    {"temperature": 0},
    {"top_p": 0.8},
    {"top_p": 0.3},
    {"temperature": 0.6, "top_p": 0.9},
    {"temperature": 2.0, "top_p": 0.5},
]


def sharp(model):
    """The model with large weights, so that each character matters to its answers."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 1.5, w.shape) for w in model.get_weights()])
    return model


def hand_made(*middle, activation="softmax", lookup=None, embedding=None, bias=True):
    """A model of characters with these layers between Embedding and Dense."""
    lookup = lookup or layers.StringLookup(vocabulary=list(CHARACTERS))
    symbols = len(lookup.get_vocabulary())
    return keras.Sequential(
        [
            keras.Input((None,), dtype="string"),
            lookup,
            embedding or layers.Embedding(symbols, 6),
            *middle,
            layers.Dense(symbols, activation=activation, use_bias=bias),
        ]
    )


def lstm(units=7, **options):
    return layers.LSTM(units, return_sequences=True, **options)


def one():
    return sharp(characters.character_model([CHARACTERS], units=8, embedding_dim=6))


def two():
    return sharp(hand_made(lstm(), layers.Dropout(0.5), lstm(5)))


def three():
    return sharp(hand_made(lstm(), lstm(5), lstm(6)))


def logits():
    return sharp(hand_made(lstm(), activation="linear"))


def without_bias():
    return sharp(hand_made(lstm(use_bias=False)))


def functional():
    text = keras.Input((None,), dtype="string")
    found = text
    for layer in two().layers:
        found = layer(found)
    return keras.Model(text, found)


@pytest.fixture(
    scope="module", params=[one, two, three, logits, without_bias, functional]
)
def model(request):
    return request.param()


@pytest.fixture(scope="module")
def single():
    return one()


def of_keras(model, text):
    """Probabilities after the start and after each character, read by Keras."""
    answer = model(tf.constant([["", *text]]))[0]
    if model.layers[-1].activation.__name__ == "linear":
        answer = keras.ops.softmax(answer)
    return np.asarray(answer, dtype=float)


def redrawn(chances, temperature=1.0, top_p=1.0):
    """The probabilities to draw with, one by one; symbol 0 is left out."""
    chances = chances[1:] / chances[1:].sum()
    if temperature == 0:
        return np.eye(len(chances))[chances.argmax()]
    chances = chances ** (1 / temperature)
    chances /= chances.sum()
    together = 0.0
    for place in sorted(range(len(chances)), key=lambda place: -chances[place]):
        kept = together < top_p
        together += chances[place]
        chances[place] *= kept
    return chances / chances.sum()


def slowly(ask, prompt, length, seed, **sampling):
    """What should be written if the model is asked from the start each time."""
    rng, written = np.random.default_rng(seed), ""
    for _ in range(length):
        sums = np.cumsum(redrawn(ask(prompt + written), **sampling))
        written += CHARACTERS[np.flatnonzero(sums > rng.random())[0]]
    return written


@pytest.mark.parametrize("prompt", PREFIXES)
def test_probabilities_are_those_of_keras(model, prompt):
    chances = of_keras(model, prompt)[-1]
    for sampling in SAMPLING:
        found = characters.probabilities(model, prompt, **sampling)
        np.testing.assert_allclose(found, redrawn(chances, **sampling), atol=1e-5)


def test_these_models_say_something(model):
    found = [characters.probabilities(model, prompt) for prompt in PREFIXES]
    assert np.max(found) > 0.35
    assert np.ptp(found, axis=0).max() > 0.2


def test_probabilities_are_named_by_the_characters(model):
    found = characters.probabilities(model, "ab")
    assert found.index.tolist() == list(CHARACTERS)


@pytest.mark.parametrize("sampling", [{"temperature": 0}, {"top_p": 0.9}], ids=str)
def test_text_is_that_of_asking_keras_for_each_character(model, sampling):
    due = slowly(
        lambda text: of_keras(model, text)[-1], "ab\né", 20, seed=3, **sampling
    )
    assert characters.generate(model, "ab\né", 20, seed=3, **sampling) == due


CORPORA = st.lists(st.text(CHARACTERS, max_size=15), max_size=3)


@given(CORPORA, st.integers(0, 4), st.text(CHARACTERS, min_size=1, max_size=8))
@settings(deadline=None, max_examples=30)
def test_text_is_that_of_asking_an_ngram_for_each_character(texts, context, prompt):
    ngram = characters.NGram(context).fit([CHARACTERS, *texts])
    found = characters.generate(ngram, prompt, 12, temperature=0.7, seed=1)
    due = slowly(ngram.probabilities, prompt, 12, seed=1, temperature=0.7)
    assert found == due


@given(st.integers(0, 4), st.text(CHARACTERS, min_size=1, max_size=8))
@settings(deadline=None, max_examples=30)
def test_probabilities_are_those_of_an_ngram_without_the_start(context, prompt):
    ngram = characters.NGram(context).fit(["abc abd", CHARACTERS, "dab"])
    chances = ngram.probabilities(prompt)[1:]
    found = characters.probabilities(ngram, prompt)
    assert found.index.tolist() == ngram.characters[1:]
    np.testing.assert_allclose(found, chances / chances.sum(), rtol=1e-10)


LONG = "".join(np.random.default_rng(1).choice(list(CHARACTERS), 2003))


@pytest.fixture(scope="module")
def scored(single):
    """Every character of a long text, scored in several chunks."""
    return characters.negative_log_likelihood(single, LONG)


def due_scores(model, text):
    places = [1 + CHARACTERS.find(character) for character in text]
    return -np.log(of_keras(model, text)[np.arange(len(text)), places])


def test_scores_are_those_of_keras(model):
    text = "ab cd\n\\'é_映?? $ d"  # with an unknown character: symbol 0
    np.testing.assert_allclose(
        characters.negative_log_likelihood(model, text),
        due_scores(model, text),
        atol=1e-4,
    )


def test_scores_of_a_long_text_are_those_of_keras(single, scored):
    np.testing.assert_allclose(scored, due_scores(single, LONG), atol=1e-4)


@pytest.mark.parametrize("length", [1, 2, 999, 1000, 1001, 2000, 2001])
def test_scores_of_a_beginning_are_the_beginning_of_the_scores(single, scored, length):
    found = characters.negative_log_likelihood(single, LONG[:length])
    np.testing.assert_allclose(found, scored[:length], atol=1e-6)


def test_scores_without_the_start_are_those_of_the_probabilities(single):
    starts = of_keras(single, "ab\né")[:, 0]  # what generate never draws
    found = characters.negative_log_likelihood(single, "ab\né")
    for place in range(1, 4):
        chances = characters.probabilities(single, "ab\né"[:place])
        due = -np.log(chances["ab\né"[place]] * (1 - starts[place]))
        assert found[place] == pytest.approx(due, abs=1e-5)


def test_scores_of_an_ngram_are_its_own():
    ngram = characters.NGram(2).fit(["abc abd"])
    np.testing.assert_array_equal(
        characters.negative_log_likelihood(ngram, "abé"),
        ngram.negative_log_likelihood("abé"),
    )


def test_scores_of_what_is_all_but_impossible_are_finite():
    model = planted([1, 1e-30], start=-100.0)
    np.testing.assert_allclose(
        characters.negative_log_likelihood(model, "bab"),
        np.log([1e30, 1, 1e30]),
        atol=1e-4,
    )


@pytest.mark.parametrize("build", [one, two])
def test_the_same_seed_writes_the_same_text(build):
    first, same = (characters.generate(build(), "ab", 50, seed=7) for _ in range(2))
    assert first == same


def test_different_seeds_and_none_write_different_texts(single):
    seeds = [1, 2, 3, None, None]
    texts = {characters.generate(single, "ab", 50, seed=seed) for seed in seeds}
    assert len(texts) == len(seeds)


@pytest.mark.parametrize("build", [one, logits])
def test_a_saved_model_writes_the_same_text(build, tmp_path):
    model = build()
    model.save(tmp_path / "model.keras")
    opened = keras.saving.load_model(tmp_path / "model.keras")
    first, second = (characters.generate(m, "é", 50, seed=5) for m in (model, opened))
    assert first == second


def test_a_stateful_model_writes_from_a_state_of_zeros(single):
    stateful = characters.character_model(
        [CHARACTERS], units=8, embedding_dim=6, batch_size=2
    )
    stateful.set_weights(single.get_weights())
    stateful(tf.constant([list("ab"), list("cd")]))  # leaves a state
    due = characters.generate(single, "ab", 30, seed=0)
    for _ in range(2):
        assert characters.generate(stateful, "ab", 30, seed=0) == due


def test_writing_changes_nothing_in_the_model(single):
    before = single.get_weights()
    characters.generate(single, "ab", 10, seed=0)
    characters.negative_log_likelihood(single, "abc")
    assert all(map(np.array_equal, before, single.get_weights()))


def test_stream_writes_what_generate_writes(single):
    options = {"temperature": 0.8, "top_p": 0.9, "seed": 11}
    came = list(characters.stream(single, "ab", 40, **options))
    assert all(len(character) == 1 for character in came)
    assert "".join(came) == characters.generate(single, "ab", 40, **options)


def test_stream_gives_out_a_character_before_the_next_is_drawn(single):
    coming = characters.stream(single, "ab", 10**9, temperature=0)
    due = characters.generate(single, "ab", 3, temperature=0)
    assert next(coming) + next(coming) + next(coming) == due


@pytest.mark.parametrize(
    "sampling",
    [
        {"temperature": 1e-300},
        {"temperature": 5e-324},
        {"top_p": 1e-300},
        {"temperature": 0, "top_p": 0.5},
    ],
    ids=str,
)
def test_next_to_nothing_is_the_likeliest_character(single, sampling):
    due = characters.generate(single, "ab", 40, temperature=0)
    for seed in range(3):
        assert characters.generate(single, "ab", 40, seed=seed, **sampling) == due


def planted(chances, *, start=20.0):
    """A model with these chances of its characters, whatever it has read.

    They are its probabilities but for a factor; ``start`` is the logit of symbol 0.
    """
    model = characters.character_model(
        ["abcdefgh"[: len(chances)]], units=2, embedding_dim=2
    )
    *others, kernel, bias = model.get_weights()
    bias[:] = [start, *np.log(chances)]
    model.set_weights([*others, np.zeros_like(kernel), bias])
    return model


@pytest.mark.parametrize(
    ("sampling", "due"),
    [
        ({}, [0.4, 0.3, 0.2, 0.1]),
        ({"temperature": 0.5}, np.array([16, 9, 4, 1]) / 30),
        ({"temperature": 0}, [1, 0, 0, 0]),
        ({"top_p": 0.39}, [1, 0, 0, 0]),
        ({"top_p": 0.41}, [4 / 7, 3 / 7, 0, 0]),
        ({"top_p": 0.69}, [4 / 7, 3 / 7, 0, 0]),
        ({"top_p": 0.71}, [4 / 9, 3 / 9, 2 / 9, 0]),
        ({"top_p": 0.91}, [0.4, 0.3, 0.2, 0.1]),
        # 16/30 is enough, but only once the temperature has been applied
        ({"temperature": 0.5, "top_p": 0.5}, [1, 0, 0, 0]),
    ],
    ids=str,
)
def test_probabilities_are_those_worked_out_by_hand(sampling, due):
    model = planted([0.4, 0.3, 0.2, 0.1])
    found = characters.probabilities(model, "d", **sampling)
    np.testing.assert_allclose(found, due, atol=1e-6)


@pytest.mark.parametrize(
    "sampling", [{}, {"temperature": 0.5}, {"top_p": 0.75}], ids=str
)
def test_characters_come_as_often_as_they_are_likely(sampling):
    model = planted([0.4, 0.3, 0.2, 0.1])
    due = characters.probabilities(model, "a", **sampling)
    counts = Counter(characters.generate(model, "a", 4000, seed=0, **sampling))
    assert set(counts) == set(due[due > 0].index)
    for character, chance in due.items():
        error = 5 * np.sqrt(4000 * chance * (1 - chance))
        assert abs(counts[character] - 4000 * chance) <= error


@given(st.text("abcdefgh", min_size=1, max_size=30), st.floats(1e-6, 1))
@settings(deadline=None, max_examples=100)
def test_top_p_keeps_the_fewest_that_have_this_probability(text, top_p):
    ngram = characters.NGram(0).fit([text])
    whole = characters.probabilities(ngram, text).sort_values(ascending=False)
    sums = whole.cumsum()
    assume((sums - top_p).abs().min() > 1e-9 or top_p == 1)
    kept = characters.probabilities(ngram, text, top_p=top_p)
    kept = kept[kept > 0]
    fewest = len(sums) if top_p == 1 else 1 + int((sums < top_p).sum())
    likeliest = whole.iloc[:fewest]
    np.testing.assert_allclose(
        sorted(kept, reverse=True), likeliest / likeliest.sum(), rtol=1e-9
    )
    np.testing.assert_allclose(
        kept / whole[kept.index], 1 / likeliest.sum(), rtol=1e-9
    )  # each at its own character


def test_top_p_leaves_out_some_of_those_that_are_equally_likely():
    model = planted([0.25] * 4)
    assert (characters.probabilities(model, "a", top_p=0.5) > 0).sum() == 2


@given(st.floats(0.01, 100), st.floats(0.01, 1))
@settings(deadline=None, max_examples=50)
def test_probabilities_sum_to_one(single, temperature, top_p):
    found = characters.probabilities(single, "ab", temperature=temperature, top_p=top_p)
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(1, abs=1e-12)


def test_a_higher_temperature_evens_the_probabilities_out(single):
    likeliest = [
        characters.probabilities(single, "ab", temperature=temperature).max()
        for temperature in (0.1, 0.5, 1, 2, 10, 1e300)
    ]
    assert likeliest == sorted(likeliest, reverse=True)
    assert likeliest[-1] == pytest.approx(1 / len(CHARACTERS))


@pytest.mark.parametrize("length", [1, 2, 77])
@pytest.mark.parametrize(
    "build",
    [lambda: planted([0.5, 0.5]), lambda: characters.NGram(2).fit(["ab", "b"] * 9)],
    ids=["likely start", "ngram of short texts"],
)
def test_the_start_of_another_text_is_never_written(build, length):
    for seed in range(5):
        text = characters.generate(build(), "ab", length, seed=seed)
        assert len(text) == length
        assert set(text) <= {"a", "b"}


def test_an_unlucky_draw_of_zero_writes_a_possible_character(single):
    rng = mock.Mock(random=lambda: 0.0)
    with mock.patch.object(np.random, "default_rng", return_value=rng):
        text = characters.generate(single, "ab", 5, top_p=0.5)
    for place in range(5):
        chances = characters.probabilities(single, "ab" + text[:place], top_p=0.5)
        assert chances[text[place]] > 0


@pytest.mark.parametrize(("build", "lstms"), [(one, 1), (two, 2), (three, 3)])
@pytest.mark.parametrize("length", [1, 10, 60])
def test_each_character_costs_one_step(build, lstms, length):
    model = build()
    with mock.patch.object(cell, "step", wraps=cell.step) as step:
        characters.generate(model, "ab\n", length, seed=0)
    steps = (1 + 3 + length) * lstms  # the start, the prompt, and what is written
    assert step.call_count in (steps, steps - lstms)


ASK = {
    "generate": lambda model, prompt, **options: characters.generate(
        model, prompt, 5, **options
    ),
    "stream": lambda model, prompt, **options: characters.stream(
        model, prompt, 5, **options
    ),
    "probabilities": characters.probabilities,
}


@pytest.mark.parametrize("who", ASK)
@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("aXbYX", "the model does not know 'X', 'Y' in the prompt. It knows the 12"),
        ("", "the prompt: the text is empty"),
        (None, r"the prompt: expected a text \(str\), not a NoneType"),
        (["a", "b"], r"the prompt: expected a text \(str\), not a list"),
        (b"ab", r"the prompt: expected a text \(str\), not a bytes"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_refused(single, who, prompt, message):
    with pytest.raises(ValueError, match=message):
        ASK[who](single, prompt)


@pytest.mark.parametrize("who", ASK)
def test_a_prompt_without_the_unknown_characters_is_read(single, who):
    with pytest.raises(ValueError, match=r"'X', 'Y' .* Take the others out of the pr"):
        ASK[who](single, "aXbY")
    ASK[who](single, "aXbY".replace("X", "").replace("Y", ""))


def test_an_ngram_names_unknown_characters_of_the_prompt():
    with pytest.raises(ValueError, match=r"does not know 'é' in .* the 2 characters"):
        characters.generate(characters.NGram(1).fit(["ab"]), "é", 5)


@pytest.mark.parametrize("who", ASK)
@pytest.mark.parametrize("temperature", [-0.1, -np.inf, np.inf, np.nan])
def test_a_temperature_out_of_range_is_refused(single, who, temperature):
    message = (
        rf"{who}\(temperature={re.escape(str(temperature))}\): expected a number from"
    )
    with pytest.raises(ValueError, match=message):
        ASK[who](single, "ab", temperature=temperature)


@pytest.mark.parametrize("who", ASK)
@pytest.mark.parametrize("top_p", [0, -0.5, 1.0001, np.inf, np.nan])
def test_a_top_p_out_of_range_is_refused(single, who, top_p):
    message = rf"{who}\(top_p={re.escape(str(top_p))}\): expected a number above 0"
    with pytest.raises(ValueError, match=message):
        ASK[who](single, "ab", top_p=top_p)


@pytest.mark.parametrize("write", [characters.generate, characters.stream])
@pytest.mark.parametrize("length", [0, -1, True, False, 2.0, None, "3"])
def test_a_length_that_is_no_number_of_characters_is_refused(single, write, length):
    message = rf"{write.__name__}\(length={re.escape(repr(length))}\): expected the num"
    with pytest.raises(ValueError, match=message):
        write(single, "ab", length)


@pytest.mark.parametrize("text", ["", None, ["a"]])
def test_one_text_is_scored_at_a_time(single, text):
    with pytest.raises(ValueError, match="negative_log_likelihood: "):
        characters.negative_log_likelihood(single, text)


OTHERS = {
    "GRU": (
        lambda: hand_made(layers.GRU(2, return_sequences=True)),
        "layers are StringLookup, Embedding, GRU, Dense; expected",
    ),
    "no LSTM": (hand_made, "layers are StringLookup, Embedding, Dense; expected"),
    "both ways": (
        lambda: hand_made(layers.Bidirectional(lstm())),
        "layers are StringLookup, Embedding, Bidirectional, Dense; expected",
    ),
    "one more Dense": (
        lambda: hand_made(lstm(), layers.Dense(3)),
        "Embedding, LSTM, Dense, Dense; expected",
    ),
    "texts": (
        lambda: text_classifier(["good good"], units=2),
        "layers are TextVectorization",
    ),
    "backwards": (
        lambda: hand_made(lstm(), lstm(go_backwards=True, name="back")),
        "an LSTM reads backwards",
    ),
    "LSTM of relu": (lambda: hand_made(lstm(activation="relu")), "activation='relu'"),
    "sigmoid": (
        lambda: hand_made(lstm(), activation="sigmoid"),
        "Dense layer has activation='sigmoid'",
    ),
    "no bias": (lambda: hand_made(lstm(), bias=False), "use_bias=False"),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize(
    "ask", [*ASK.values(), characters.negative_log_likelihood], ids=[*ASK, "nll"]
)
def test_a_model_that_computes_something_else_is_refused(other, ask):
    build, message = OTHERS[other]
    with pytest.raises(ValueError, match=message):
        ask(build(), "ab")


def test_an_activation_that_is_a_layer_is_refused():
    model = hand_made(lstm(), activation=layers.ReLU())
    with pytest.raises(ValueError, match="Dense layer has activation="):
        characters.probabilities(model, "ab")


UNLIKE_KERAS = {
    "masked starts": lambda: hand_made(
        lstm(), embedding=layers.Embedding(len(CHARACTERS) + 1, 6, mask_zero=True)
    ),
    "a mask token": lambda: hand_made(
        lstm(), lookup=layers.StringLookup(vocabulary=list(CHARACTERS), mask_token="")
    ),
    "two numbers for the unknown": lambda: hand_made(
        lstm(),
        lookup=layers.StringLookup(vocabulary=list(CHARACTERS), num_oov_indices=2),
    ),
}


@pytest.mark.parametrize("build", UNLIKE_KERAS.values(), ids=UNLIKE_KERAS)
def test_a_model_that_numbers_or_reads_in_another_way_is_refused(build):
    with pytest.raises(ValueError):  # noqa: PT011 - no message is settled yet
        characters.probabilities(sharp(build()), "ab")


@pytest.mark.parametrize(
    "ask", [*ASK.values(), characters.negative_log_likelihood], ids=[*ASK, "nll"]
)
def test_an_ngram_without_counts_asks_for_fit_first(ask):
    with pytest.raises(ValueError, match=r"call fit\(texts\) first"):
        ask(characters.NGram(2), "ab")
