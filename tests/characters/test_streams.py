"""Streams of text, and the models of characters that read them."""

import json
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from simple_lstm import generation, models, training
from simple_lstm.batches import TextStreams

# Each character stands once in the texts, so it says where it was read.
ONCE = "".join(map(chr, range(0x4E00, 0x4E00 + 240)))
LENGTHS = st.lists(st.integers(0, 60), min_size=1, max_size=4)
TIME_STEPS = st.integers(1, 7)


@pytest.fixture(scope="module", params=[2, 3, 5], ids="batch size {}".format)
def model(request):
    return models.character_model(
        [ONCE], units=1, dimensions=1, batch_size=request.param
    )


def texts_of(lengths):
    ends = np.cumsum(lengths)
    return [ONCE[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def all_symbols(texts):
    """What there is to read: each text after its start."""
    return [symbol for text in texts for symbol in ["", *text]]


def read(streams):
    """What each row reads and should have said, over all batches: (rows, steps)."""
    batches = [streams[number] for number in range(len(streams))]
    inputs = np.concatenate([inputs.numpy() for inputs, _ in batches], axis=1)
    targets = np.concatenate([targets for _, targets in batches], axis=1)
    return [[symbol.decode() for symbol in row] for row in inputs], targets


def named(numbers, model):
    """The characters that a model numbers so; symbol 0 is an empty string."""
    names = ["", *map(str, find(model, layers.StringLookup).get_vocabulary()[1:])]
    return [[names[number] for number in row] for row in numbers]


def find(model, kind):
    """The one layer of this kind."""
    (found,) = (layer for layer in model.layers if isinstance(layer, kind))
    return found


def streams_of(lengths, model, time_steps):
    texts = texts_of(lengths)
    assume(len(all_symbols(texts)) > model.input_shape[0] * time_steps)
    return texts, TextStreams(texts, model, time_steps=time_steps)


@given(LENGTHS, TIME_STEPS)
@settings(deadline=None, max_examples=25)
def test_a_row_goes_on_where_it_stopped_in_the_batch_before(model, lengths, steps):
    texts, streams = streams_of(lengths, model, steps)
    symbols = all_symbols(texts)
    for inputs, targets in zip(*read(streams), strict=True):
        came = [*inputs, *named([targets[-1:]], model)[0]]
        pieces = (
            symbols[start : start + len(came)]
            for start in range(len(symbols) - len(came) + 1)
        )
        assert came in pieces


@given(LENGTHS, TIME_STEPS)
@settings(deadline=None, max_examples=25)
def test_a_target_is_the_symbol_after_its_input(model, lengths, steps):
    _, streams = streams_of(lengths, model, steps)
    inputs, targets = read(streams)
    assert [row[1:] for row in inputs] == [row[:-1] for row in named(targets, model)]


@given(LENGTHS, TIME_STEPS)
@settings(deadline=None, max_examples=25)
def test_every_character_of_every_text_is_a_target(model, lengths, steps):
    texts, streams = streams_of(lengths, model, steps)
    _, targets = read(streams)
    reached = {name for row in named(targets, model) for name in row}
    assert reached >= set("".join(texts))


@given(LENGTHS, TIME_STEPS)
@settings(deadline=None, max_examples=25)
def test_before_each_text_stands_an_empty_string(model, lengths, steps):
    texts, streams = streams_of(lengths, model, steps)
    inputs, targets = read(streams)
    said = named(targets, model)
    before = {
        after: symbol
        for row, names in zip(inputs, said, strict=True)
        for symbol, after in zip(row, names, strict=True)
    }
    assert all(before[text[0]] == "" for text in texts if text)


@given(st.integers(1, 240), TIME_STEPS)
@settings(deadline=None, max_examples=25)
def test_readers_start_at_even_distances(model, length, steps):
    _, streams = streams_of([length], model, steps)
    said = named(read(streams)[1], model)
    starts = [ONCE.index(row[0]) for row in said]
    due = np.linspace(0, starts[-1], len(starts))
    assert np.abs(starts - due).max() < 1
    assert said[-1][-1] == ONCE[length - 1]


@given(LENGTHS, TIME_STEPS)
@settings(deadline=None, max_examples=25)
def test_nothing_is_read_more_often_than_full_batches_need(model, lengths, steps):
    texts, streams = streams_of(lengths, model, steps)
    due = len(all_symbols(texts)) - 1
    rows = model.input_shape[0]
    assert len(streams) * rows * steps < due + rows * steps


@pytest.mark.parametrize("rows", [2, 4])
def test_every_batch_is_full(rows):
    model = models.character_model([ONCE], units=1, batch_size=rows)
    streams = TextStreams([ONCE], model, time_steps=7)
    for number in range(len(streams)):
        inputs, targets = streams[number]
        assert inputs.shape == targets.shape == (rows, 7)


TEXTS = ["to be or not to be\n", "that is\tthe question: 'é' \"映\" \\ \\n\r\n"]


def sharp(model):
    """The model with large weights, so that each character matters to its answers."""
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
    return model


def pair(rows, **options):
    """A stateful model and one without state, of the same weights."""
    stateless = sharp(models.character_model(TEXTS, units=6, dimensions=5))
    stateful = models.character_model(
        TEXTS, units=6, dimensions=5, batch_size=rows, **options
    )
    stateful.set_weights(stateless.get_weights())
    return stateful, stateless


def loss_in_one_pass(stateless, streams):
    """The mean of -log p, each row read from its first to its last step at once."""
    inputs, targets = read(streams)
    chances = np.asarray(stateless(tf.constant(inputs)))
    of_targets = np.take_along_axis(chances, targets[..., np.newaxis], axis=-1)
    return -np.log(of_targets).mean()


def sixty_batches(rows):
    """Both models, a text, and streams of it that read no step twice."""
    stateful, stateless = pair(rows)
    text = (TEXTS[0] + TEXTS[1]) * 9
    text = text[: 5 * 60]
    streams = TextStreams([text], stateful, time_steps=5)
    assert len(streams) == 60 // rows
    return stateful, stateless, text, streams


@pytest.mark.parametrize("rows", [2, 3])
def test_batch_by_batch_has_the_loss_of_one_long_pass(rows):
    stateful, stateless, _, streams = sixty_batches(rows)
    due = loss_in_one_pass(stateless, streams)
    assert stateful.evaluate(streams, verbose=0) == pytest.approx(due, rel=1e-5)


def test_without_the_state_the_loss_is_another():
    stateful, stateless, _, streams = sixty_batches(2)
    losses = []
    for number in range(len(streams)):
        find(stateful, layers.LSTM).reset_states()
        losses.append(stateful.test_on_batch(*streams[number], return_dict=True))
        stateful.reset_metrics()
    alone = np.mean([loss["loss"] for loss in losses])
    assert abs(alone - loss_in_one_pass(stateless, streams)) > 0.01


@pytest.fixture(scope="module")
def fitted():
    """A fit that changes no weight, so each epoch should have the same losses."""
    stateful, stateless = pair(3, learning_rate=0.0)
    train = TextStreams([TEXTS[0] * 2, TEXTS[1]], stateful, time_steps=4)
    validation = TextStreams([TEXTS[1] * 2], stateful, time_steps=5)
    stateful.evaluate(train, verbose=0)  # a state is left that fit has to forget
    history = training.fit(stateful, train, validation=validation, epochs=3)
    return history.table, stateless, train, validation


def test_each_epoch_begins_in_a_state_of_zeros(fitted):
    table, stateless, train, _ = fitted
    due = loss_in_one_pass(stateless, train)
    np.testing.assert_allclose(table["loss"], [due] * 3, rtol=1e-5)


def test_each_validation_begins_in_a_state_of_zeros(fitted):
    table, stateless, _, validation = fitted
    due = loss_in_one_pass(stateless, validation)
    np.testing.assert_allclose(table["val_loss"], [due] * 3, rtol=1e-5)


def test_training_on_streams_repeats_with_the_seed():
    losses = []
    for before in (1, 2):
        keras.utils.set_random_seed(before)  # what went before does not matter
        model = models.character_model(TEXTS, units=4, dropout=0.3, batch_size=2)
        streams = TextStreams(TEXTS, model, time_steps=6)
        history = training.fit(model, streams, validation=streams, epochs=2)
        losses.append(history.table["loss"].tolist())
    assert losses[0] == losses[1]


def test_a_trained_model_writes_what_it_has_read():
    text = "the cat sat. " * 60
    trained = models.character_model([text], units=24, batch_size=4)
    streams = TextStreams([text], trained, time_steps=20)
    training.fit(trained, streams, validation=streams, epochs=12, patience=12)
    writer = models.character_model([text], units=24)
    writer.set_weights(trained.get_weights())
    written = generation.generate(writer, "the cat", 26, temperature=0)
    assert written == " sat. the cat sat. the cat"


def test_characters_the_model_does_not_know_are_counted_and_read_as_a_start():
    model = models.character_model(["abc"], units=1, batch_size=2)
    streams = TextStreams(["a?bc", "映c!"], model, time_steps=4)
    assert streams.unknown == 3
    inputs, targets = streams[0]
    lookup = find(model, layers.StringLookup)
    assert lookup(inputs).numpy().tolist() == [[0, 1, 0, 2], [3, 0, 0, 3]]
    assert targets.tolist() == [[1, 0, 2, 3], [0, 0, 3, 0]]


def test_a_model_that_knows_all_characters_has_none_unknown(model):
    assert TextStreams([ONCE, "", ONCE], model, time_steps=4).unknown == 0


@pytest.mark.parametrize(
    "kind",
    [list, tuple, np.array, lambda texts: np.array(texts, dtype=object), pd.Series],
    ids=["list", "tuple", "array of str", "array of objects", "series"],
)
def test_texts_come_in_any_sequence(kind):
    model = models.character_model([ONCE], units=1, batch_size=2)
    texts = [ONCE[:20], ONCE[20:50]]
    inputs, targets = read(TextStreams(kind(texts), model, time_steps=5))
    due_inputs, due_targets = read(TextStreams(texts, model, time_steps=5))
    assert inputs == due_inputs
    np.testing.assert_array_equal(targets, due_targets)


def no_lookup():
    return keras.Sequential([keras.Input(batch_shape=(2, 3)), layers.Dense(1)])


def two_rows():
    return models.character_model(["abc"], units=1, batch_size=2)


def one_row():
    return models.character_model(["abc"], units=1, batch_size=1)


def not_stateful():
    model = models.character_model(["abc"], units=1)
    return keras.Sequential(
        [keras.Input(batch_shape=(2, None), dtype="string"), *model.layers]
    )


def reading(*lookups):
    """A stateful model in which these number the characters."""
    given = keras.Input(batch_shape=(2, None), dtype="string")
    parts = [layers.Embedding(9, 2)(lookup(given)) for lookup in lookups]
    steps = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    return keras.Model(
        given, layers.LSTM(1, return_sequences=True, stateful=True)(steps)
    )


def two_lookups():
    return reading(
        layers.StringLookup(vocabulary=["a"]), layers.StringLookup(vocabulary=["b"])
    )


def two_unknown():
    return reading(layers.StringLookup(vocabulary=["a"], num_oov_indices=2))


def masked():
    return reading(layers.StringLookup(vocabulary=["a"], mask_token=""))


def no_batch_size():
    return models.character_model(["abc"], units=1)


@pytest.mark.parametrize(
    ("texts", "build", "steps", "message"),
    [
        ("abcabc", two_rows, 2, "this is one text; give a list of them"),
        (["abc", None], two_rows, 2, "1 of the 2 texts are not text"),
        (["abc"], two_rows, 2, r"3 characters, too few for one batch of 2 × 2"),
        ([], two_rows, 2, "0 characters, too few for one batch"),
        (["", ""], two_rows, 2, "too few for one batch"),
        (["abcabc"], two_rows, 0, r"time_steps=0\): a row needs at least 1 step"),
        (["abcabc"], no_lookup, 2, "the model has no StringLookup layer"),
        (["abcabc"], two_lookups, 2, "the model has 2 StringLookup layers, and needs"),
        (["abcabc"], two_unknown, 2, "must give whole numbers, one to unknown"),
        (["abcabc"], masked, 2, "must give whole numbers, one to unknown"),
        (["abcabc"], no_batch_size, 2, r"\(None, None\), but to carry its state"),
        (["abcabc"], one_row, 2, r"\(1, None\), but to carry its state"),
        (["abcabc"], not_stateful, 2, "no layer of the model is stateful"),
        (["abc\0abc"], two_rows, 2, "there is a NUL character in the texts"),
    ],
)
def test_streams_that_cannot_be_read_say_why(texts, build, steps, message):
    with pytest.raises(ValueError, match=f"TextStreams.*{message}"):
        TextStreams(texts, build(), time_steps=steps)


def test_layers_inside_other_models_are_found():
    whole = models.character_model(["abc"], units=1, batch_size=2)
    nested = keras.Sequential([keras.Input(batch_shape=(2, None), dtype="string")])
    nested.add(whole)
    due = TextStreams(["abcabc"], whole, time_steps=2)
    np.testing.assert_array_equal(
        TextStreams(["abcabc"], nested, time_steps=2)[0][1], due[0][1]
    )


def test_a_nul_is_no_character_of_the_vocabulary():
    model = models.character_model(["a\0b"], units=1)
    assert vocabulary_of(model) == ["a", "b"]


def test_the_shortest_text_that_fills_a_batch_is_taken():
    streams = TextStreams(["abca"], two_rows(), time_steps=2)
    assert [row.tolist() for row in streams[0][1]] == [[1, 2], [3, 1]]


def vocabulary_of(model):
    return [str(name) for name in find(model, layers.StringLookup).get_vocabulary()[1:]]


def answers(model):
    # One row each: rows of a batch are equally long.
    return [
        np.asarray(model(tf.constant([["", *text]])))[0] for text in [*TEXTS, "né?w"]
    ]


def test_a_model_knows_the_characters_of_its_texts_in_their_order():
    model = models.character_model(TEXTS, units=2)
    assert vocabulary_of(model) == sorted(set("".join(TEXTS)))
    assert {"\n", "\r", "\t", " ", "'", '"', "\\", "é", "映"} < set(
        vocabulary_of(model)
    )


def test_each_character_has_a_number_of_its_own():
    model = models.character_model(TEXTS, units=2)
    numbers = find(model, layers.StringLookup)(tf.constant(["", *vocabulary_of(model)]))
    assert numbers.numpy().tolist() == list(range(len(vocabulary_of(model)) + 1))


def test_answers_are_probabilities_of_what_comes_after_each_character():
    model = sharp(models.character_model(TEXTS, units=4))
    for chances, text in zip(answers(model), [*TEXTS, "né?w"], strict=True):
        assert chances.shape == (1 + len(text), 1 + len(set("".join(TEXTS))))
        assert (chances >= 0).all()
        np.testing.assert_allclose(chances.sum(axis=-1), 1, rtol=1e-5)


def test_a_later_character_changes_no_earlier_answer():
    model = sharp(models.character_model(TEXTS, units=4))
    whole, start = (
        np.asarray(model(tf.constant([["", *text]])))[0] for text in ("to be", "to")
    )
    np.testing.assert_allclose(whole[:3], start, atol=1e-6)


def test_the_same_seed_builds_the_same_model():
    first, same, other = (
        models.character_model(TEXTS, units=3, seed=seed).get_weights()
        for seed in (1, 1, 2)
    )
    assert all(map(np.array_equal, first, same))
    assert not all(map(np.array_equal, first, other))


@pytest.mark.parametrize("rows", [None, 2])
def test_a_saved_model_opens_in_safe_mode_with_every_character(rows, tmp_path):
    model = sharp(models.character_model(TEXTS, units=4, batch_size=rows))
    model.save(tmp_path / "model.keras")
    opened = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert vocabulary_of(opened) == vocabulary_of(model)
    batch = tf.constant([list(TEXTS[0])] * (rows or 1))
    np.testing.assert_allclose(opened(batch), model(batch), rtol=1e-5)


IN_A_FRESH_PROCESS = """
import sys
sys.modules["simple_lstm"] = None  # cannot be imported
import json, keras, numpy as np, tensorflow as tf
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
texts = json.load(open(sys.argv[2], encoding="utf-8"))
np.savez(sys.argv[3], *[model(tf.constant([["", *text]]))[0] for text in texts])
"""


def test_a_saved_model_answers_the_same_without_simple_lstm(tmp_path):
    model = sharp(models.character_model(TEXTS, units=4))
    paths = [str(tmp_path / name) for name in ("model.keras", "in.json", "out.npz")]
    model.save(paths[0])
    asked = json.dumps([*TEXTS, "né?w"])
    (tmp_path / "in.json").write_text(asked, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS, *paths], check=True, timeout=120
    )
    came = np.load(paths[2])
    for number, due in enumerate(answers(model)):
        np.testing.assert_allclose(came[f"arr_{number}"], due, rtol=1e-4, atol=1e-7)


def test_models_are_made_of_stock_layers():
    model = models.character_model(TEXTS, units=2, batch_size=2)
    modules = {type(layer).__module__.split(".")[0] for layer in model.layers}
    assert modules == {keras.__name__}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("to be", "this is one text; give a list of them"),
        ([], "there is no character in the texts"),
        (["", ""], "there is no character in the texts"),
        (["to be", float("nan")], "1 of the 2 texts are not text; the first is nan"),
    ],
)
def test_a_model_of_no_characters_is_refused(texts, message):
    with pytest.raises(ValueError, match=f"character_model: {message}"):
        models.character_model(texts)
