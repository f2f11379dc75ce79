"""Generation reads a model as the model reads itself, or refuses it."""

import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import event, given, settings
from hypothesis import strategies as st
from keras import layers

from simple_lstm import characters

CHARACTERS = "\n $abé"
SYMBOLS = len(CHARACTERS) + 1
ASK = {
    "generate": lambda model: characters.generate(model, "ab", 3),
    "stream": lambda model: characters.stream(model, "ab", 3),
    "probabilities": lambda model: characters.probabilities(model, "ab"),
    "negative_log_likelihood": lambda model: characters.negative_log_likelihood(
        model, "ab"
    ),
}


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def lookup(vocabulary=tuple(CHARACTERS), **options):
    return layers.StringLookup(vocabulary=list(vocabulary), **options)


def embedding(rows=SYMBOLS, **options):
    large = keras.initializers.RandomNormal(stddev=1, seed=0)
    return layers.Embedding(rows, 4, embeddings_initializer=large, **options)


def lstm(units=4, **options):
    return layers.LSTM(units, return_sequences=True, **options)


def dense(activation="softmax", units=SYMBOLS):
    return layers.Dense(units, activation=activation)


def wired(middle, end=None):
    """A model of what ``middle`` makes of the embedded characters, and of the end."""
    text = keras.Input((None,), dtype="string")
    found = middle(embedding()(lookup()(text)))
    return keras.Model(text, (end or dense())(found))


def stacked(*stack):
    return keras.Sequential([keras.Input((None,), dtype="string"), *stack])


def plain():
    return stacked(lookup(), embedding(), lstm(), dense())


def named(name, function):
    function.__name__ = name
    return function


def own_answers(model, text):
    """Probabilities after the start of a text and after each character."""
    symbols = ["", *text]
    own = np.array(model(tf.constant([symbols])), float)[0]
    if own.ndim == 1:  # it says only what comes last
        begun = [symbols[:end] for end in range(1, len(symbols) + 1)]
        own = np.array([model(tf.constant([beginning]))[0] for beginning in begun])
    if (own < 0).any():  # logits
        own = np.exp(own) / np.exp(own).sum(axis=-1, keepdims=True)
    return own


def agree(model, text, rtol):
    """Compare what is said of a text with the model's own answers."""
    own = own_answers(model, text)
    places = [1 + CHARACTERS.find(character) for character in text]
    due = own[np.arange(len(text)), places]
    found = np.exp(-characters.negative_log_likelihood(model, text))
    np.testing.assert_allclose(found, due, rtol=rtol)
    due = own[-1, 1:] / own[-1, 1:].sum()
    found = characters.probabilities(model, text)
    np.testing.assert_allclose(found, due, rtol=rtol)


def after_another(x):
    _, hidden, memory = layers.LSTM(4, return_state=True)(x)
    return lstm()(x, initial_state=[hidden, memory])


# What may stand between Embedding and Dense; each keeps the 4 numbers of a step.
IN_A_CHAIN = {
    "LSTM": lambda: lstm(),
    "LSTM with dropout": lambda: lstm(dropout=0.5, recurrent_dropout=0.5),
    "LSTM without bias": lambda: lstm(use_bias=False),
    "LSTM of two": lambda: keras.Sequential([lstm(3), lstm()]),
    "Dropout": lambda: layers.Dropout(0.5),
    "state returned": lambda: lambda x: lstm(return_state=True)(x)[0],
}
IN_NO_CHAIN = {
    "scale": lambda: lambda x: 5 * x,
    "residual": lambda: lambda x: x + lstm()(x),
    "two ways": lambda: lambda x: layers.Concatenate()([lstm(2)(x), lstm(2)(x)]),
    "initial state": lambda: after_another,
    "LayerNormalization": lambda: layers.LayerNormalization(),
    "Dense": lambda: dense(units=4),
    "GRU": lambda: layers.GRU(4, return_sequences=True),
    "backwards": lambda: lstm(go_backwards=True),
    "noise": lambda: lambda x: layers.Dropout(0.5)(x, training=True),
}
ENDS = {
    "softmax": lambda: dense(),
    "linear": lambda: dense("linear"),
    "own softmax": lambda: dense(lambda x: keras.ops.softmax(x - 1)),
    "softmax outside": lambda: lambda x: keras.ops.softmax(dense("linear")(x)),
    "temperature": lambda: lambda x: keras.ops.softmax(dense("linear")(x) / 0.05),
    "temperature inside": lambda: dense(
        named("softmax", lambda x: keras.ops.softmax(x / 0.05))
    ),
}
GOOD_ENDS = "softmax", "linear", "own softmax"
SHAPES = {
    "functional": lambda model: model,
    "nested": lambda model: stacked(model),
    "nested twice": lambda model: keras.Model(
        model.inputs, stacked(model)(model.inputs[0])
    ),
}
PIECES = IN_A_CHAIN | IN_NO_CHAIN


@given(
    st.lists(st.sampled_from([*IN_A_CHAIN] * 4 + [*IN_NO_CHAIN]), max_size=3),
    st.sampled_from([*GOOD_ENDS] * 4 + [*ENDS]),
    st.sampled_from([*SHAPES]),
    st.text(CHARACTERS, min_size=1, max_size=5),
)
@settings(deadline=None, max_examples=30)
def test_a_model_is_read_as_it_reads_itself_or_refused(middle, end, shape, text):
    def through(x):
        for piece in middle:
            x = PIECES[piece]()(x)
        return x

    model = SHAPES[shape](wired(through, ENDS[end]()))
    reads = any("LSTM" in piece or piece == "state returned" for piece in middle)
    is_chain = reads and end in GOOD_ENDS and set(middle) <= set(IN_A_CHAIN)
    event(f"a chain: {is_chain}")
    refusal = None if is_chain else refusal_of(model, text)
    if refusal is None:
        agree(model, text, rtol=1e-5)
    else:
        assert "Make one with characters.character_model." in refusal


def refusal_of(model, text):
    try:
        characters.negative_log_likelihood(model, text)
    except ValueError as error:
        return str(error)
    return None


def only_the_last_answer():
    return wired(layers.LSTM(4))


def with_another_train_step():
    class OwnStep(keras.Model):
        def train_step(self, data):
            raise AssertionError("nothing is trained here")

    model = plain()
    return OwnStep(model.inputs, model.outputs)


def with_layers_of_another_model():
    text = found = keras.Input((None,), dtype="string")
    for layer in plain().layers:
        found = layer(found)
    return keras.Model(text, found)


def with_low_rank_updates():
    model = plain()
    for layer in (model.layers[1], model.layers[-1]):
        layer.enable_lora(2)
        update = layer.trainable_weights[-1]
        update.assign(np.random.default_rng(1).normal(size=update.shape))
    return model


def with_an_activation_that_is_a_layer():
    return wired(lstm(activation=layers.Activation("tanh")), dense(layers.Softmax()))


def with_more_rows_than_symbols():
    return stacked(lookup(), embedding(20), lstm(), dense())


@pytest.mark.parametrize(
    "build",
    [
        plain,
        only_the_last_answer,
        with_another_train_step,
        with_layers_of_another_model,
        with_low_rank_updates,
        with_an_activation_that_is_a_layer,
        with_more_rows_than_symbols,
    ],
)
def test_a_chain_is_read_however_it_was_made(build):
    agree(build(), "ab\né$", rtol=1e-5)


# A model of half precision rounds after every operation, which is not imitated.
@pytest.mark.parametrize(
    ("policy", "rtol"),
    [("float64", 1e-12), ("mixed_float16", 0.01), ("mixed_bfloat16", 0.05)],
)
def test_precision_is_no_less_than_that_of_the_model(policy, rtol):
    keras.config.set_dtype_policy(policy)
    try:
        model = stacked(lookup(), embedding(), lstm(16), lstm(), dense())
    finally:
        keras.config.set_dtype_policy("float32")
    agree(model, "ab\né$" * 4, rtol)


def test_weights_of_half_precision_are_read():
    model = plain()
    half = stacked(
        lookup(), *(type(layer)(**options(layer)) for layer in model.layers[1:])
    )
    half.set_weights(model.get_weights())
    agree(half, "ab\né$", rtol=0.01)


def options(layer):
    return layer.get_config() | {"dtype": "float16"}


def test_a_trained_stateful_model_is_read_from_a_state_of_zeros():
    entry = keras.Input(batch_shape=(2, 3), dtype="string")
    stack = [lookup(), embedding(), lstm(stateful=True), dense()]
    model = keras.Sequential([entry, *stack])
    model.compile("adam", "sparse_categorical_crossentropy")
    given = tf.constant([list("ab "), list("ba ")])
    model.fit(given, np.ones((2, 3), int), epochs=2, verbose=0)
    fresh = plain()
    fresh.set_weights(model.get_weights())
    for ask in (characters.negative_log_likelihood, characters.probabilities):
        np.testing.assert_array_equal(ask(model, "ab a"), ask(fresh, "ab a"))


class Sharper(keras.Model):
    """Made as a functional model, but computes something else."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=training, mask=mask) ** 20


class NoGraph(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = plain().layers

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return x


class Doubled(layers.LSTM):
    def call(self, sequences, initial_state=None, mask=None, training=False):
        return 2 * super().call(sequences, initial_state, mask, training)


Doubled.__name__ = "LSTM"  # a name says nothing


def sharper():
    model = plain()
    return Sharper(model.inputs, model.outputs)


def no_graph():
    model = NoGraph()
    model(tf.constant([["a"]]))
    return model


def quantized(mode):
    model = plain()
    with warnings.catch_warnings():  # of the layers that stay as they are
        warnings.simplefilter("ignore")
        model.quantize(mode)
    return model


def state_2(x):
    return layers.LSTM(4, return_state=True)(x)[2]


CHAIN = "all from Keras itself, each applied to the output of the one before and to not"
REFUSED = {
    "residual": (lambda: wired(lambda x: x + lstm()(x)), "Embedding, LSTM, Add, Dense"),
    "scaled": (lambda: wired(lambda x: lstm()(x) * 5), "Embedding, LSTM, Multiply, De"),
    "scaled answer": (
        lambda: wired(lstm(), ENDS["temperature"]()),
        "Embedding, LSTM, Dense, TrueDivide, Softmax; expected",
    ),
    "state of another": (lambda: wired(after_another), "LSTM, LSTM, Dense; .*" + CHAIN),
    "state given": (
        lambda: wired(lambda x: lstm()(x, initial_state=[np.ones((1, 4))] * 2)),
        "Embedding, LSTM, Dense; .*" + CHAIN,
    ),
    "cell state": (lambda: wired(state_2), "Embedding, LSTM, Dense; .*" + CHAIN),
    "noise": (lambda: wired(lambda x: PIECES["noise"]()(lstm()(x))), CHAIN),
    "two answers": (
        lambda: wired(lstm(), lambda x: [dense()(x), dense()(x)]),
        "LSTM, Dense, Dense; .*" + CHAIN,
    ),
    "own call": (sharper, "a Sharper has its own call method"),
    "no graph": (no_graph, "a NoGraph has its own call method"),
    "own LSTM": (lambda: wired(Doubled(4, return_sequences=True)), CHAIN),
    "one LSTM twice": (
        lambda: wired(keras.Sequential([twice := lstm(), keras.Sequential([twice])])),
        "the same LSTM is used in two places",
    ),
    "own tanh": (
        lambda: wired(lstm(activation=named("tanh", lambda x: keras.ops.tanh(2 * x)))),
        "has activation='tanh'",
    ),
    "own softmax": (
        lambda: wired(lstm(), ENDS["temperature inside"]()),
        "activation='softmax', which computes neither",
    ),
    "softmax over time": (
        lambda: wired(
            lstm(), dense(named("softmax", lambda x: keras.ops.softmax(x, axis=1)))
        ),
        "activation='softmax', which computes neither",
    ),
    "8 bits": (lambda: quantized("int8"), "its layers are quantized"),
    "4 bits": (lambda: quantized("int4"), "its layers are quantized"),
    "words": (
        lambda: stacked(lookup(["so", "on"]), embedding(3), lstm(), dense(units=3)),
        "contains 'so', not a single character",
    ),
    "empty string": (
        lambda: stacked(lookup(["", "a"]), embedding(3), lstm(), dense(units=3)),
        "contains '', not a single character",
    ),
    "more answers": (
        lambda: wired(lstm(), dense(units=9)),
        "7 symbols, but the Embedding has 7 rows and the Dense layer 9 units",
    ),
    "fewer rows": (
        lambda: stacked(lookup(), embedding(3), lstm(), dense()),
        "7 symbols, but the Embedding has 3 rows and the Dense layer 7 units",
    ),
}


@pytest.mark.parametrize("other", REFUSED)
def test_what_computes_something_else_is_refused(other):
    build, message = REFUSED[other]
    model = build()
    for name, ask in ASK.items():
        with pytest.raises(ValueError, match=message) as caught:
            ask(model)
        assert str(caught.value).startswith(f"{name}: this model cannot be read")
        assert str(caught.value).endswith("Make one with characters.character_model.")


def test_the_model_that_is_advised_is_read():
    agree(characters.character_model([CHARACTERS], units=4), "ab\né$", rtol=1e-5)


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_a_model_that_is_not_built_is_read_once_it_was_called(ask):
    model = keras.Sequential([lookup(), embedding(), lstm(), dense()])
    with pytest.raises(ValueError, match=re.escape("model(tf.constant([['a']]))")):
        ask(model)
    model(tf.constant([["a"]]))
    ask(model)
