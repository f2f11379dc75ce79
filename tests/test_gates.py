"""What `trace` finds in a model is what the model's own layer gives out.

That `read_weights` reads them right is tested beside the cell, against Keras.
"""

from functools import partial, wraps

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from simple_lstm import cell, forecasting, gates

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(3, 7, 2)).astype(np.float32)


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(0)


def sequential(*stack, shape=(7, 2), **options):
    return keras.Sequential([keras.Input(shape, **options), *stack])


def output_of(model, name, x=X):
    """What the layer of this name gives out, by way of Keras alone."""
    inputs, output = model.inputs[0], model.get_layer(name).output
    return np.asarray(keras.Model(inputs, output)(x))


def lstm(name="it", units=4, **options):
    return layers.LSTM(units, return_sequences=True, name=name, **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"use_bias": False},
        {"go_backwards": True},
        {"unroll": True},
        {"unit_forget_bias": False},
        {"dropout": 0.5, "recurrent_dropout": 0.5},
        {"dtype": "float64"},
    ],
    ids=str,
)
def test_hidden_is_the_output_of_the_layer(options):
    model = sequential(lstm(**options), layers.Dense(1))
    trace = gates.trace(model, X)
    np.testing.assert_allclose(trace.hidden, output_of(model, "it"), atol=1e-6)
    assert trace.hidden.dtype == options.get("dtype", "float32")
    assert repr(trace) == "Trace(samples=3, time_steps=7, features=2, units=4)"


def test_the_last_states_are_those_that_the_layer_returns():
    entry = keras.Input((7, 2))
    output, hidden, memory = layers.LSTM(4, return_state=True)(entry)
    model = keras.Model(entry, [output, hidden, memory])
    trace = gates.trace(model, X)
    _, hidden, memory = model(X)
    np.testing.assert_allclose(trace.hidden[:, -1], hidden, atol=1e-6)
    np.testing.assert_allclose(trace.cell[:, -1], memory, atol=1e-6)


def test_a_trace_of_a_backward_layer_reads_from_the_end():
    trace = gates.trace(sequential(lstm(go_backwards=True)), X)
    np.testing.assert_array_equal(trace.x, X[:, ::-1])
    again = cell.forward(trace.x, trace.weights, state=trace.state)
    np.testing.assert_array_equal(again.hidden, trace.hidden)


def test_each_of_several_layers_is_found_by_name_and_by_place():
    model = sequential(lstm("low"), lstm("high", 5), layers.LSTM(6, name="top"))
    for place, name in enumerate(["low", "high"]):
        for chosen in (name, place, np.int64(place - 3)):
            trace = gates.trace(model, X, layer=chosen)
            np.testing.assert_allclose(trace.hidden, output_of(model, name), atol=1e-6)
    np.testing.assert_allclose(
        gates.trace(model, X, layer="top").hidden[:, -1], model(X), atol=1e-6
    )


@pytest.mark.parametrize("layer", [None, "middle", 2, -3, 1.0, True])
def test_an_unclear_choice_lists_what_there_is(layer):
    model = sequential(lstm("low"), lstm("high"))
    with pytest.raises(ValueError, match="0 'low', 1 'high'"):
        gates.trace(model, X, layer=layer)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("merge_mode", ["concat", None])
def test_both_directions_of_a_bidirectional_layer(merge_mode, masked):
    both = layers.Bidirectional(lstm("it"), merge_mode=merge_mode, name="both")
    entry = keras.Input((7, 2))
    inside = layers.Masking()(entry) if masked else entry
    model = keras.Model(entry, both(inside))
    x = X.copy()
    kept = np.ones((3, 7), bool)
    if masked:
        kept[1, 4:] = kept[2, :2] = False
        x[~kept] = 0
    answer = model(x)
    if merge_mode == "concat":
        answer = np.split(np.asarray(answer), 2, axis=-1)
    forward = gates.trace(model, x, layer="forward_it")
    backward = gates.trace(model, x, layer="backward_it")
    np.testing.assert_allclose(forward.hidden[kept], answer[0][kept], atol=1e-6)
    aligned = backward.hidden[:, ::-1]
    np.testing.assert_allclose(aligned[kept], answer[1][kept], atol=1e-6)


@pytest.mark.parametrize("backwards", [False, True])
def test_masked_steps_repeat_the_state_and_no_gate_acts(backwards):
    model = sequential(layers.Masking(), lstm(go_backwards=backwards))
    kept = np.array([[1] * 7, [1, 1, 1, 0, 0, 0, 0], [0, 0, 1, 0, 1, 1, 0]], bool)
    trace = gates.trace(model, np.where(kept[..., None], X, 0))
    if backwards:
        kept = kept[:, ::-1]
    due = output_of(
        model, "it", np.where(kept[:, :: -1 if backwards else 1, None], X, 0)
    )
    # Keras repeats its output in masked steps, from zeros at the start.
    np.testing.assert_allclose(trace.hidden, due, atol=1e-6)
    for gate in (trace.input, trace.forget, trace.candidate, trace.output):
        np.testing.assert_array_equal(np.isnan(gate[..., 0]), ~kept)
    steps, first = np.diff(trace.cell, axis=1), ~kept[:, 1:]
    assert not steps[first].any()
    assert steps[~first].any()
    with pytest.raises(ValueError, match=r"the gates are missing \(NaN\)"):
        cell.backward(trace, np.ones_like(trace.hidden))
    whole = gates.trace(model, X)  # as advised
    assert np.isfinite(cell.backward(whole, np.ones_like(whole.hidden)).x).all()


def test_masked_steps_are_zeros_in_keras_where_it_zeroes_them():
    model = sequential(layers.Masking(), lstm(zero_output_for_mask=True))
    x = X.copy()
    x[:, 3:5] = 0
    trace, output = gates.trace(model, x), output_of(model, "it", x)
    kept = [0, 1, 2, 5, 6]
    np.testing.assert_allclose(trace.hidden[:, kept], output[:, kept], atol=1e-6)
    assert not output[:, 3:5].any()
    np.testing.assert_array_equal(trace.hidden[:, 4], trace.hidden[:, 2])


def test_padding_does_not_change_what_happens_before_it():
    model = sequential(layers.Masking(), lstm(), shape=(None, 2))
    padded = np.concatenate([X, np.zeros((3, 5, 2), np.float32)], axis=1)
    long, short = gates.trace(model, padded), gates.trace(model, X)
    np.testing.assert_allclose(long.cell[:, :7], short.cell, atol=1e-7)


def test_a_model_that_takes_texts():
    words = layers.TextVectorization(
        vocabulary=["", "[UNK]", "not", "bad"], output_sequence_length=5
    )
    model = sequential(
        words, layers.Embedding(4, 3, mask_zero=True), lstm(), shape=(), dtype="string"
    )
    texts = ["not bad", "bad bad not not bad"]
    trace = gates.trace(model, texts)
    due = np.asarray(model(np.array(texts, object)))
    np.testing.assert_allclose(trace.hidden, due, atol=1e-6)
    assert np.isnan(trace.forget[0, 2:]).all()
    for same in (np.array(texts), np.array(texts, object), tf.constant(texts)):
        np.testing.assert_array_equal(gates.trace(model, same).cell, trace.cell)


def check_that_the_second_goes_on_from_the_first(model, x):
    first, second = (gates.trace(model, x, layer=place) for place in (0, 1))
    np.testing.assert_allclose(second.state[0], first.hidden[:, -1], atol=1e-6)
    np.testing.assert_allclose(second.state[1], first.cell[:, -1], atol=1e-6)
    decoder = [layer for layer in model.layers if isinstance(layer, layers.LSTM)][1]
    outputs = keras.Model(model.input, decoder.output)(x)
    np.testing.assert_allclose(second.hidden, outputs, atol=1e-6)


def test_an_lstm_that_starts_from_the_state_of_another():
    entries = {name: keras.Input((None, 2), name=name) for name in ("past", "future")}
    _, *state = layers.LSTM(5, return_state=True)(entries["past"])
    output = lstm("decoder", 5)(entries["future"], initial_state=state)
    model = keras.Model(entries, output)
    check_that_the_second_goes_on_from_the_first(model, {"past": X, "future": -X})


def test_both_lstms_of_a_forecaster_can_be_traced():
    windows = forecasting.make_windows(
        np.sin(np.arange(80.0)),
        9,
        4,
        future_covariates=np.cos(np.arange(84.0))[:80, None],
    )
    model = forecasting.forecaster(windows, units=5)
    x = {
        "past": windows.past_at(windows.origins[:2]),
        "future": windows.future_at(windows.origins[:2]),
    }
    check_that_the_second_goes_on_from_the_first(model, x)


def test_a_model_with_a_list_of_inputs():
    pair = [keras.Input((7, 2)), keras.Input((7, 2))]
    model = keras.Model(pair, lstm()(layers.Concatenate()(pair)))
    trace = gates.trace(model, [X, 2 * X])
    np.testing.assert_array_equal(trace.x, np.concatenate([X, 2 * X], axis=-1))
    np.testing.assert_allclose(trace.hidden, model([X, 2 * X]), atol=1e-6)
    with pytest.raises(ValueError, match=r"takes 2 inputs.*list of as many arrays"):
        gates.trace(model, [X])


def test_a_stateful_layer_starts_where_it_stands_and_stays_there():
    model = sequential(
        lstm("low", stateful=True), lstm("high", stateful=True), batch_size=3
    )
    model(X)
    kept = [np.asarray(part) for part in model.get_layer("low").states]
    trace = gates.trace(model, X, layer="high")
    for part, before in zip(model.get_layer("low").states, kept, strict=True):
        np.testing.assert_array_equal(part, before)
    assert trace.state[0].any()
    np.testing.assert_allclose(trace.hidden, model(X), atol=1e-6)


def test_the_states_of_all_layers_are_put_back_whatever_happens(monkeypatch):
    model = sequential(
        layers.GRU(3, stateful=True, return_sequences=True, name="other"),
        lstm(stateful=True),
        batch_size=3,
    )
    model(X)
    states = [state for layer in model.layers for state in layer.states]
    before = [np.asarray(state) for state in states]
    gates.trace(model, X)
    with pytest.raises(ValueError, match="0 'it'"):
        gates.trace(model, X, layer="other")
    monkeypatch.setattr(type(model), "call", run_and_stop(type(model).call))
    with pytest.raises(RuntimeError, match="stop"):
        gates.trace(model, X)
    assert not any("call" in vars(layer) for layer in model.layers)
    assert len(states) == 3
    for state, value in zip(states, before, strict=True):
        assert value.any()
        np.testing.assert_array_equal(state, value)


def run_and_stop(call):
    def stop(*arguments, **options):
        call(*arguments, **options)
        raise RuntimeError("stop")

    return stop


def test_a_model_that_was_never_called_starts_from_zeros():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.memory = lstm(stateful=True)

        def call(self, x):
            return self.memory(x)

    model = Own()
    trace = gates.trace(model, X)
    assert not np.any(trace.state)
    assert not np.any([np.asarray(state) for state in model.memory.states])
    np.testing.assert_allclose(trace.hidden, model(X), atol=1e-6)


def test_an_lstm_inside_a_layer_of_ones_own_and_one_reached_twice():
    class Block(layers.Layer):
        def __init__(self, memory):
            super().__init__()
            self.memory = memory

        def call(self, x):
            return 2 * self.memory(x)

    memory = lstm()
    model = sequential(Block(memory))
    trace = gates.trace(model, X)
    np.testing.assert_allclose(2 * trace.hidden, model(X), atol=1e-6)

    class Twice(keras.Model):
        def __init__(self):
            super().__init__()
            self.block, self.memory = Block(memory), memory

        def call(self, x):
            return self.block(x)

    np.testing.assert_array_equal(gates.trace(Twice(), X).hidden, trace.hidden)


def test_dropout_that_is_left_on_is_refused():
    class Noisy(keras.Model):
        def __init__(self):
            super().__init__()
            self.memory = lstm(dropout=0.5)

        def call(self, x):
            return self.memory(x, training=True)

    model = Noisy()
    with pytest.raises(ValueError, match="training=True, so its dropout is random"):
        gates.trace(model, X)


def test_layers_inside_other_models():
    inner = sequential(lstm("inner"), layers.Dense(2))
    model = sequential(layers.Dense(2), inner)
    trace = gates.trace(model, X)
    due = output_of(inner, "inner", model.layers[0](X))
    np.testing.assert_allclose(trace.hidden, due, atol=1e-6)


def test_a_subclassed_model_and_a_cell_without_its_layer():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.memory = lstm()

        def call(self, x):
            return self.memory(2 * x)

    own = Own()
    np.testing.assert_allclose(gates.trace(own, X).hidden, own(X), atol=1e-6)
    wrapped = sequential(layers.RNN(layers.LSTMCell(4), return_sequences=True))
    np.testing.assert_allclose(gates.trace(wrapped, X).hidden, wrapped(X), atol=1e-6)


def test_tracing_changes_nothing():
    model = sequential(lstm())
    before = np.asarray(model(X))
    gates.trace(model, X)
    np.testing.assert_array_equal(model(X), before)
    assert "call" not in vars(model.layers[0])
    model.compile("sgd", "mse")
    assert model.fit(X, before, verbose=0).history["loss"][0] < 1e-12


def test_a_layer_with_a_call_of_its_own_keeps_it():
    model = sequential(lstm())
    layer = model.layers[0]
    own = wraps(layer.call)(partial(layer.call))
    layer.call = own
    assert np.isfinite(gates.trace(model, X).hidden).all()
    assert layer.call is own


@pytest.mark.skipif(
    keras.version().startswith("3.14."), reason="Keras 3.14 does not list such a layer"
)
def test_an_lstm_beside_the_graph_of_a_functional_model_is_found():
    class Extended(keras.Model):
        def __init__(self):
            entry = keras.Input((7, 2))
            super().__init__(entry, layers.Dense(2)(entry))
            self.memory = lstm()

        def call(self, x, training=None, mask=None):
            return self.memory(super().call(x, training=training, mask=mask))

    model = Extended()
    np.testing.assert_allclose(gates.trace(model, X).hidden, model(X), atol=1e-6)


class OwnCell(layers.LSTMCell):
    """Computes something else."""


class OwnLSTM(layers.LSTM):
    """Might compute something else."""


class OwnRNN(layers.RNN):
    """Might compute something else."""


def tanh(x):
    return keras.ops.tanh(2 * x)


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ([layers.GRU(3)], "no LSTM layer"),
        ([layers.Dense(3)], "no LSTM layer"),
        ([layers.RNN(OwnCell(3))], "a cell of your own"),
        ([OwnLSTM(3)], "not in a class made from it"),
        ([OwnRNN(layers.LSTMCell(3))], "not in a class made from it"),
        ([layers.LSTM(3, activation=tanh)], r"activation='tanh', which is not 'tanh'"),
        ([layers.LSTM(3, activation="relu")], r"activation='relu'.*'tanh' alone"),
        ([layers.LSTM(3, recurrent_activation="hard_sigmoid")], "'sigmoid' alone"),
        (
            [layers.Reshape((7, 2, 1)), layers.TimeDistributed(layers.LSTM(3))],
            r"ran \d+ times",
        ),
    ],
    ids=[
        "GRU",
        "none",
        "own cell",
        "own LSTM",
        "own RNN",
        "own tanh",
        "relu",
        "hard_sigmoid",
        "TimeDistributed",
    ],
)
def test_what_cannot_be_traced_says_why(stack, message):
    with pytest.raises(ValueError, match=message):
        gates.trace(sequential(*stack), X)


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match=r"model is a str; .*load_model"):
        gates.trace("mine.keras", X)


def test_indices_without_their_batch_axis_are_refused():
    model = sequential(layers.Embedding(5, 3), lstm(), shape=(6,))
    with pytest.raises(
        ValueError, match=r"shape \(6,\), but the model takes \(None, 6\)"
    ):
        gates.trace(model, np.arange(6) % 5)
    assert gates.trace(model, np.zeros((2, 6), int)).x.shape == (2, 6, 3)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (X[0], r"inputs have shape \(7, 2\).*if there is one sample"),
        (X[:, :, :1], r"shape \(3, 7, 1\), but the model takes \(None, 7, 2\)"),
        (np.where(X > 2, X, np.nan), "values are missing"),
        (["a text"], "x holds text, but the model takes numbers"),
        ("a text", "give a list of texts"),
        ([[[1.0, 2]], [[1, 2], [3, 4]]], "x is a list of no use here"),
        (X[:0], "at least one sample"),
        (iter([X]), "x is a list_iterator of no use here"),
    ],
    ids=["one", "features", "NaN", "texts", "text", "ragged", "empty", "iterator"],
)
def test_wrong_inputs_are_met_before_the_model_runs(x, message):
    with pytest.raises(ValueError, match=message):
        gates.trace(sequential(lstm()), x)


def test_a_layer_without_bias_has_a_bias_of_zeros():
    layer = layers.LSTM(3, use_bias=False)
    layer.build((None, None, 2))
    weights = gates.read_weights(layer)
    np.testing.assert_array_equal(weights.bias, np.zeros(12))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (layers.LSTM(3), "has no weights yet"),
        (layers.GRU(3), "is not an LSTM"),
        (layers.SimpleRNN(3), "is not an LSTM"),
        (layers.Bidirectional(layers.LSTM(3)), "its forward_layer"),
        (layers.RNN(layers.LSTMCell(3)), "of an RNN its cell"),
        (layers.LSTM(3, activation="relu"), r"activation='relu'"),
        (layers.LSTM(3, recurrent_activation="relu"), r"recurrent_activation="),
    ],
)
def test_other_layers_are_refused(layer, message):
    if "yet" not in message:
        layer.build((None, 5, 2))
    with pytest.raises(ValueError, match=message):
        gates.read_weights(layer)


def sigmoid(x):
    return keras.ops.hard_sigmoid(x)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (OwnCell(3), "not an LSTM of Keras itself, and may compute otherwise"),
        (layers.LSTM(3, activation=tanh), "='tanh', which is not 'tanh'"),
        (
            layers.LSTMCell(3, recurrent_activation=sigmoid),
            "recurrent_activation='sigmoid', which is not 'sigmoid'",
        ),
    ],
)
def test_a_name_is_no_proof_of_what_a_layer_computes(layer, message):
    layer.build((None, 5, 2))
    with pytest.raises(ValueError, match=message):
        gates.read_weights(layer)


def test_activations_of_any_name_are_taken_if_they_compute_the_same():
    layer = layers.LSTM(
        3,
        return_sequences=True,
        activation=layers.Activation("tanh"),
        recurrent_activation=lambda x: 1 / (1 + keras.ops.exp(-x)),
    )
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype(np.float32)
    due = layer(x)
    found = cell.forward(x, gates.read_weights(layer)).hidden
    np.testing.assert_allclose(found, due, atol=1e-6)


@pytest.mark.parametrize(
    ("dtype", "due"),
    [("float16", "float32"), ("mixed_bfloat16", "float32"), ("float64", "float64")],
)
def test_half_precision_becomes_float32(dtype, due):
    layer = layers.LSTM(3, dtype=dtype)
    layer.build((None, None, 2))
    weights = gates.read_weights(layer)
    assert {weights.kernel.dtype, weights.bias.dtype} == {np.dtype(due)}
    np.testing.assert_array_equal(weights.kernel, layer.cell.kernel)


def test_a_stateful_stack_of_cells_beside_the_lstm_keeps_its_state():
    cells = [layers.LSTMCell(2), layers.LSTMCell(3)]
    stack = layers.RNN(cells, return_sequences=True, stateful=True)
    lstm = layers.LSTM(4, stateful=True)
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 1)), stack, lstm])
    x = np.random.default_rng(0).normal(size=(2, 5, 1)).astype("float32")
    model(x)
    before = [state.numpy() for state in keras.tree.flatten(stack.states)]
    assert all(state.any() for state in before)
    traced = gates.trace(model, x)
    after = [state.numpy() for state in keras.tree.flatten(stack.states)]
    assert all(map(np.array_equal, before, after))
    np.testing.assert_allclose(traced.hidden[:, -1], model(x), rtol=1e-5)
