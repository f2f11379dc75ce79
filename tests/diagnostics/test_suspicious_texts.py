"""How many words at the end of a text never reach the layers of a model."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from simple_lstm import text
from simple_lstm.diagnostics import words_not_read

LONG = ["good", "", "good film of note, good"]
TRAINING = ["a good film, a bad film", "été été 映画 映画", "a good story, a bad story"]


@pytest.fixture(scope="module")
def five_steps():
    return text.text_classifier(TRAINING, time_steps=5, units=2)


def hand_made(*after, **options):
    """A model of a TextVectorization and other layers."""
    return keras.Sequential(
        [
            keras.Input((), dtype="string"),
            layers.TextVectorization(**{"vocabulary": ["good", "film"]} | options),
            *after,
        ]
    )


def cutter(time_steps):
    return layers.TextVectorization(
        vocabulary=["good"], output_sequence_length=time_steps
    )


def test_a_text_of_10_000_words_is_cut_at_the_stated_length():
    words = np.random.default_rng(0).choice(["good", "bad", "film"], 10_000)
    model = text.text_classifier(TRAINING, time_steps=40, units=2)
    assert words_not_read(model, [" ".join(words)]).tolist() == [10_000 - 40]
    given = [" ".join(words[:steps]) for steps in (10_000, 40, 39)]
    whole, start, shorter = np.asarray(model(tf.constant(given)))
    np.testing.assert_allclose(whole, start, rtol=1e-6)
    assert abs(whole - shorter) > 0


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=6),
    st.sampled_from(["good", "unknown", "映画"]),
)
@settings(deadline=None, max_examples=25)
def test_words_beyond_the_time_steps_are_not_read(five_steps, lengths, word):
    texts = [" ".join([word] * length) for length in lengths]
    due = np.maximum(np.array(lengths) - 5, 0)
    np.testing.assert_array_equal(words_not_read(five_steps, texts), due)


def test_characters_beyond_the_time_steps_are_counted():
    model = text.text_classifier(TRAINING, split="character", time_steps=5, units=2)
    texts = ["映画", "a film", "?!", "good film, good"]
    due = [0, 1, 0, len("good film good") - 5]
    assert words_not_read(model, texts).tolist() == due


def test_a_fixed_output_length_is_a_length_at_which_a_model_cuts():
    rest = [layers.Embedding(4, 3, mask_zero=True), layers.LSTM(2), layers.Dense(1)]
    model = hand_made(*rest, output_sequence_length=3)
    assert words_not_read(model, LONG).tolist() == [0, 0, 2]


def test_a_cut_is_found_without_an_embedding():
    model = hand_made(layers.Rescaling(0.1), output_sequence_length=2)
    assert words_not_read(model, LONG).tolist() == [0, 0, 3]


def test_a_vocabulary_learned_by_adapt_is_taken():
    adapted = layers.TextVectorization(output_sequence_length=3)
    adapted.adapt(tf.constant(LONG))
    model = keras.Sequential(
        [keras.Input((), dtype="string"), adapted, layers.Embedding(9, 2)]
    )
    assert words_not_read(model, LONG).tolist() == [0, 0, 2]


@pytest.mark.parametrize("mode", ["multi_hot", "count"])
def test_a_bag_of_words_has_room_for_any_text(mode):
    model = hand_made(layers.Dense(1), output_mode=mode)
    assert words_not_read(model, LONG).tolist() == [0, 0, 0]


def test_a_model_that_reads_no_texts_is_refused():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="words_not_read: the model has no TextVec"):
        words_not_read(model, ["good"])


def test_words_not_read_are_those_that_reach_no_embedding_of_them():
    five = ["good good good good good"]
    given, kind = keras.Input((), dtype="string"), keras.Input((1,), dtype="int32")
    numbers = cutter(4)(given)
    other = layers.Embedding(2, 3)(keras.ops.zeros_like(numbers))
    both = layers.LSTM(2)(other + layers.Embedding(3, 3)(numbers))
    assert words_not_read(keras.Model(given, both), five).tolist() == [1]
    category = layers.Flatten()(layers.Embedding(5, 3)(kind))
    beside = layers.Concatenate()([category, both])
    model = keras.Model([kind, given], beside)
    assert words_not_read(model, five).tolist() == [1]
    inner = keras.Sequential(
        [cutter(2), layers.Embedding(3, 3, mask_zero=True), layers.LSTM(2)]
    )
    nested = keras.Sequential([keras.Input((), dtype="string"), inner])
    assert words_not_read(nested, five).tolist() == [3]


def test_two_layers_that_cut_differently_are_no_single_answer():
    given = keras.Input((), dtype="string")
    parts = [layers.Embedding(3, 2)(cutter(steps)(given)) for steps in (2, 3)]
    model = keras.Model(given, layers.Concatenate(axis=1)(parts))
    with pytest.raises(ValueError, match="has 2 TextVectorization layers, and needs"):
        words_not_read(model, ["good"])


def test_one_text_is_not_taken_for_a_list_of_letters(five_steps):
    with pytest.raises(ValueError, match=r"words_not_read: .*one text"):
        words_not_read(five_steps, "a good film")


@pytest.mark.parametrize(
    "texts",
    [["good", None], [None, "good"], ["good", float("nan")]],
    ids=["None", "None first", "NaN"],
)
def test_what_is_no_text_is_named(five_steps, texts):
    with pytest.raises(ValueError, match=r"words_not_read: .*1 of the 2 texts are not"):
        words_not_read(five_steps, texts)
