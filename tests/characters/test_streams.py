"""Streams of characters, read in order by a model that carries its state."""

import random
import re

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras import layers

from simple_lstm import callbacks, characters
from simple_lstm.characters import CharacterStreams

# Each character stands once in the texts, so it says where it was read.
ONCE = "".join(map(chr, range(0x4E00, 0x4E00 + 240)))
LENGTHS = st.lists(st.integers(0, 60), min_size=1, max_size=4)
TIME_STEPS = st.integers(1, 7)


@pytest.fixture(scope="module", params=[2, 3, 5], ids="batch size {}".format)
def model(request):
    return characters.character_model(
        [ONCE], units=1, embedding_dim=1, batch_size=request.param
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
    return texts, CharacterStreams(texts, model, time_steps=time_steps)


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
    model = characters.character_model([ONCE], units=1, batch_size=rows)
    streams = CharacterStreams([ONCE], model, time_steps=7)
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
    stateless = sharp(characters.character_model(TEXTS, units=6, embedding_dim=5))
    stateful = characters.character_model(
        TEXTS, units=6, embedding_dim=5, batch_size=rows, **options
    )
    stateful.set_weights(stateless.get_weights())
    return stateful, stateless


def loss_in_one_pass(stateless, streams):
    """The mean of -log p, each row read from its first to its last step at once."""
    inputs, targets = read(streams)
    chances = np.asarray(stateless(tf.constant(inputs)))
    of_targets = np.take_along_axis(chances, targets[..., np.newaxis], axis=-1)
    return -np.log(of_targets).mean()


def sixty_batches(rows, **options):
    """Both models, a text, and streams of it that read no step twice."""
    stateful, stateless = pair(rows, **options)
    text = (TEXTS[0] + TEXTS[1]) * 9
    text = text[: 5 * 60]
    streams = CharacterStreams([text], stateful, time_steps=5)
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


def fit(model, streams, **options):
    """The losses of a fit as the documentation shows it."""
    reset = callbacks.ResetStates()
    return model.fit(
        streams, shuffle=False, callbacks=[reset], verbose=0, **options
    ).history


@pytest.fixture(scope="module")
def fitted():
    """A fit that changes no weight, so each epoch should have the same losses."""
    stateful, stateless = pair(3, learning_rate=0.0)
    train = CharacterStreams([TEXTS[0] * 2, TEXTS[1]], stateful, time_steps=4)
    validation = CharacterStreams([TEXTS[1] * 2], stateful, time_steps=5)
    stateful.evaluate(train, verbose=0)  # a state is left that fit has to forget
    losses = fit(stateful, train, validation_data=validation, epochs=3)
    return losses, stateless, train, validation


def test_each_epoch_begins_in_a_state_of_zeros(fitted):
    losses, stateless, train, _ = fitted
    due = loss_in_one_pass(stateless, train)
    np.testing.assert_allclose(losses["loss"], [due] * 3, rtol=1e-5)


def test_each_validation_begins_in_a_state_of_zeros(fitted):
    losses, stateless, _, validation = fitted
    due = loss_in_one_pass(stateless, validation)
    np.testing.assert_allclose(losses["val_loss"], [due] * 3, rtol=1e-5)


def test_one_dataset_is_read_in_order_for_training_and_for_validation():
    stateful, stateless, _, streams = sixty_batches(2, learning_rate=0.0)
    losses = fit(stateful, streams, validation_data=streams, epochs=3)
    due = [loss_in_one_pass(stateless, streams)] * 3
    np.testing.assert_allclose(losses["loss"], due, rtol=1e-5)
    np.testing.assert_allclose(losses["val_loss"], due, rtol=1e-5)


def test_predictions_are_those_of_one_long_pass():
    stateful, stateless, _, streams = sixty_batches(2)
    inputs, _ = read(streams)
    due = np.asarray(stateless(tf.constant(inputs)))  # (rows, all steps, symbols)
    for _ in range(2):
        found = stateful.predict(
            streams, callbacks=[callbacks.ResetStates()], verbose=0
        )
        batches = np.split(found, len(streams))
        np.testing.assert_allclose(np.hstack(batches), due, rtol=1e-4, atol=1e-6)


def test_a_fit_that_shuffles_is_refused_and_the_advice_works():
    stateful, _, _, streams = sixty_batches(3)
    random.seed(0)  # Keras shuffles with it
    # Keras reads datasets inside a TensorFlow operation, which wraps the error.
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        stateful.fit(streams, verbose=0)
    assert re.search(
        r"CharacterStreams: batch \d+ was asked for, but it is the turn of .* each row "
        r"goes on .*model\.fit\(streams, shuffle=False\), and separate streams for val",
        str(caught.value),
    )
    assert np.isfinite(fit(stateful, streams)["loss"]).all()


@pytest.mark.parametrize("order", [[2, 0, 1], [2, 1, 0], [1, 0, 2], [0, 2, 1]])
def test_no_shuffled_order_passes_after_the_look_that_keras_takes(order):
    *_, streams = sixty_batches(3)
    streams[0], streams[1]  # to learn the shapes
    streams.on_epoch_begin()
    with pytest.raises(ValueError, match="shuffle=False"):
        [streams[place] for place in order]
    streams[0], streams[1]
    streams.on_epoch_begin()
    assert len(list(streams)) == len(streams)


def test_streams_read_by_two_at_once_are_refused_and_the_advice_works():
    stateful, _, _, streams = sixty_batches(3)
    steps = {"steps_per_epoch": 7, "epochs": 2}  # the rest is read after validation
    with pytest.raises(tf.errors.InvalidArgumentError, match="and separate streams"):
        fit(stateful, streams, validation_data=streams, **steps)
    *_, separate = sixty_batches(3)
    losses = fit(stateful, streams, validation_data=separate, **steps)
    assert np.isfinite([losses["loss"], losses["val_loss"]]).all()


@pytest.mark.parametrize("order", [[0, 2], [0, 1, 1], [0, 1, 3], [1], [0, 1, 0, 2]])
def test_a_batch_out_of_order_is_refused(order):
    *_, streams = sixty_batches(3)
    *fine, wrong = order
    for index in fine:
        streams[index]
    with pytest.raises(
        ValueError, match=f"batch {wrong} was asked for, but it is the turn of"
    ):
        streams[wrong]


@pytest.mark.parametrize("index", [-1, 20, 10**9])
def test_a_batch_that_is_not_there_is_refused(index):
    *_, streams = sixty_batches(3)
    assert len(streams) == 20
    with pytest.raises(IndexError, match=rf"no batch {index}; the batches are 0 to 19"):
        streams[index]


@pytest.mark.parametrize(
    ("name", "value"), [("workers", 2), ("use_multiprocessing", True)]
)
def test_workers_that_would_read_out_of_order_are_refused(name, value):
    stateful, _, _, streams = sixty_batches(3)
    before = getattr(streams, name)
    setattr(streams, name, value)
    with pytest.raises(ValueError, match=rf"{name}={value}.* Leave them at 1 and Fal"):
        fit(stateful, streams)
    setattr(streams, name, before)
    assert np.isfinite(fit(stateful, streams)["loss"]).all()


def test_training_on_streams_repeats_with_the_seed():
    losses = []
    for before in (1, 2):
        keras.utils.set_random_seed(before)  # what went before does not matter
        model = characters.character_model(TEXTS, units=4, dropout=0.3, batch_size=2)
        streams = CharacterStreams(TEXTS, model, time_steps=6)
        losses.append(fit(model, streams, epochs=2)["loss"])
    assert losses[0] == losses[1]


def test_a_trained_model_writes_what_it_has_read():
    text = "the cat sat. " * 60
    trained = characters.character_model([text], units=24, batch_size=4)
    streams = CharacterStreams([text], trained, time_steps=20)
    fit(trained, streams, epochs=12)
    writer = characters.character_model([text], units=24)
    writer.set_weights(trained.get_weights())
    written = characters.generate(writer, "the cat", 26, temperature=0)
    assert written == " sat. the cat sat. the cat"


def test_characters_the_model_does_not_know_are_counted_and_read_as_a_start():
    model = characters.character_model(["abc"], units=1, batch_size=2)
    streams = CharacterStreams(["a?bc", "映c!"], model, time_steps=4)
    assert streams.unknown == 3
    inputs, targets = streams[0]
    lookup = find(model, layers.StringLookup)
    assert lookup(inputs).numpy().tolist() == [[0, 1, 0, 2], [3, 0, 0, 3]]
    assert targets.tolist() == [[1, 0, 2, 3], [0, 0, 3, 0]]


def test_a_model_that_knows_all_characters_has_none_unknown(model):
    assert CharacterStreams([ONCE, "", ONCE], model, time_steps=4).unknown == 0


@pytest.mark.parametrize(
    "kind",
    [list, tuple, np.array, lambda texts: np.array(texts, dtype=object), pd.Series],
    ids=["list", "tuple", "array of str", "array of objects", "series"],
)
def test_texts_come_in_any_sequence(kind):
    model = characters.character_model([ONCE], units=1, batch_size=2)
    texts = [ONCE[:20], ONCE[20:50]]
    inputs, targets = read(CharacterStreams(kind(texts), model, time_steps=5))
    due_inputs, due_targets = read(CharacterStreams(texts, model, time_steps=5))
    assert inputs == due_inputs
    np.testing.assert_array_equal(targets, due_targets)


def no_lookup():
    return keras.Sequential([keras.Input(batch_shape=(2, 3)), layers.Dense(1)])


def two_rows():
    return characters.character_model(["abc"], units=1, batch_size=2)


def one_row():
    return characters.character_model(["abc"], units=1, batch_size=1)


def not_stateful():
    model = characters.character_model(["abc"], units=1)
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
    return characters.character_model(["abc"], units=1)


@pytest.mark.parametrize(
    ("texts", "build", "steps", "message"),
    [
        ("abcabc", two_rows, 2, "this is one text; give a list of them"),
        (["abc", None], two_rows, 2, "1 of the 2 texts are not text"),
        (["abc"], two_rows, 2, r"3 characters, too few for one batch of 2 × 2"),
        ([], two_rows, 2, "0 characters, too few for one batch"),
        (["", ""], two_rows, 2, "too few for one batch"),
        (["abcabc"], two_rows, 0, r"time_steps=0\): a row needs at least 1 step"),
        (["abcabc"], no_lookup, 2, "the model has no StringLookup layers; exp"),
        (
            ["abcabc"],
            two_lookups,
            2,
            "the model has 2 StringLookup layers; expected one",
        ),
        (["abcabc"], two_unknown, 2, "must give whole numbers, one to unknown"),
        (["abcabc"], masked, 2, "must give whole numbers, one to unknown"),
        (["abcabc"], no_batch_size, 2, r"\(None, None\), but to carry its state"),
        (["abcabc"], one_row, 2, r"\(1, None\), but to carry its state"),
        (["abcabc"], not_stateful, 2, "no layer of the model is stateful"),
        (["abc\0abc"], two_rows, 2, "there is a NUL character in the texts"),
    ],
)
def test_streams_that_cannot_be_read_say_why(texts, build, steps, message):
    with pytest.raises(ValueError, match=f"CharacterStreams.*{message}"):
        CharacterStreams(texts, build(), time_steps=steps)


def test_what_an_error_advises_ends_well():
    text = "abc\0abc"
    with pytest.raises(ValueError, match=r"Take it out: text\.replace\('\\0', ''\)"):
        CharacterStreams([text], two_rows(), time_steps=2)
    text = text.replace("\0", "")
    assert len(CharacterStreams([text], two_rows(), time_steps=2)) == 2
    with pytest.raises(ValueError, match="Give more text or fewer time_steps, or buil"):
        CharacterStreams(["abc"], two_rows(), time_steps=2)
    assert len(CharacterStreams(["abc"], two_rows(), time_steps=1)) == 2
    assert len(CharacterStreams(["abc" * 2], two_rows(), time_steps=2)) == 2
    with pytest.raises(ValueError, match=r"Build it with batch_size=\.\.\."):
        CharacterStreams(["abc" * 2], no_batch_size(), time_steps=2)
    for wrong in (no_lookup, two_lookups, two_unknown, masked):
        with pytest.raises(ValueError, match=r"Make one with characters\.character_mo"):
            CharacterStreams(["abc" * 2], wrong(), time_steps=2)


def test_layers_inside_other_models_are_found():
    whole = characters.character_model(["abc"], units=1, batch_size=2)
    nested = keras.Sequential([keras.Input(batch_shape=(2, None), dtype="string")])
    nested.add(whole)
    due = CharacterStreams(["abcabc"], whole, time_steps=2)
    np.testing.assert_array_equal(
        CharacterStreams(["abcabc"], nested, time_steps=2)[0][1], due[0][1]
    )


def test_the_shortest_text_that_fills_a_batch_is_taken():
    streams = CharacterStreams(["abca"], two_rows(), time_steps=2)
    assert [row.tolist() for row in streams[0][1]] == [[1, 2], [3, 1]]
