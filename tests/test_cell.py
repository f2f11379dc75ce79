"""The NumPy LSTM against Keras, TensorFlow's gradients, and finite differences."""

import ast
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm import cell, gates

SHAPES = {
    "samples": st.integers(1, 5),
    "time_steps": st.integers(1, 30),
    "features": st.integers(1, 6),
    "units": st.integers(1, 12),
    "seed": st.integers(0, 10_000),
}


def keras_layer(features, units, seed, dtype):
    keras.utils.set_random_seed(seed)
    layer = keras.layers.LSTM(
        units, return_sequences=True, return_state=True, dtype=dtype
    )
    layer.build((None, None, features))
    kernel, recurrent_kernel, bias = layer.get_weights()
    bias = bias + np.random.default_rng(seed).normal(0, 0.1, bias.shape)
    layer.set_weights([kernel, recurrent_kernel, bias])
    return layer


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)]
)
@given(given_state=st.booleans(), **SHAPES)
@settings(deadline=None, max_examples=40)
def test_outputs_and_final_states_are_those_of_keras(
    dtype, tolerance, samples, time_steps, features, units, seed, given_state
):
    layer = keras_layer(features, units, seed, dtype)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, time_steps, features)).astype(dtype)
    state = tuple(rng.uniform(-1, 1, (2, samples, units)).astype(dtype))
    state = state if given_state else None
    output, hidden, memory = layer(x, initial_state=state and list(state))
    trace = cell.forward(x, gates.read_weights(layer), state=state)
    for ours, theirs in [
        (trace.hidden, output),
        (trace.hidden[:, -1], hidden),
        (trace.cell[:, -1], memory),
    ]:
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


@given(**SHAPES)
@settings(deadline=None, max_examples=30)
def test_gradients_are_those_of_tensorflow(samples, time_steps, features, units, seed):
    layer = keras_layer(features, units, seed, "float64")
    rng = np.random.default_rng(seed)
    x = tf.constant(rng.normal(size=(samples, time_steps, features)))
    weighting = rng.normal(size=(samples, time_steps, units))
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x)[0] * weighting)
    variables = [variable.value for variable in layer.trainable_variables]
    theirs = tape.gradient(loss, [*variables, x])
    trace = cell.forward(x.numpy(), gates.read_weights(layer))
    gradients = cell.backward(trace, weighting)
    for name, due in zip(
        ["kernel", "recurrent_kernel", "bias", "x"], theirs, strict=True
    ):
        error = np.linalg.norm(getattr(gradients, name) - due)
        assert error <= 1e-9 * max(np.linalg.norm(due), 1e-9), name


@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 4), st.integers(0, 10_000))
@settings(deadline=None, max_examples=15)
def test_gradients_are_central_differences(time_steps, features, units, seed):
    rng = np.random.default_rng(seed)
    weights = cell.Weights.random(features, units, seed=seed)
    arrays = {
        "kernel": weights.kernel,
        "recurrent_kernel": weights.recurrent_kernel,
        "bias": weights.bias,
        "x": rng.normal(size=(2, time_steps, features)),
    }
    weighting = rng.normal(size=(2, time_steps, units))

    def loss(**changed):
        x, *rest = [(arrays | changed)[name] for name in ("x", *list(arrays)[:3])]
        return np.sum(cell.forward(x, cell.Weights(*rest)).hidden * weighting)

    gradients = cell.backward(cell.forward(arrays["x"], weights), weighting)
    for name, array in arrays.items():
        numeric = np.empty_like(array)
        for place in np.ndindex(array.shape):
            bump = np.zeros_like(array)
            bump[place] = 1e-5
            up, down = (loss(**{name: array + sign * bump}) for sign in (1, -1))
            numeric[place] = (up - down) / 2e-5
        error = np.linalg.norm(getattr(gradients, name) - numeric)
        assert error <= 1e-6 * max(np.linalg.norm(numeric), 1e-3), name


def test_a_batch_is_its_sequences_one_by_one():
    weights = cell.Weights.random(3, 4)
    rng = np.random.default_rng(0)
    x, weighting = rng.normal(size=(5, 8, 3)), rng.normal(size=(5, 8, 4))
    batch = cell.forward(x, weights)
    gradients = cell.backward(batch, weighting)
    alone = [cell.forward(sequence, weights) for sequence in x]
    one_by_one = [
        cell.backward(trace, grad) for trace, grad in zip(alone, weighting, strict=True)
    ]
    for name in ("input", "forget", "candidate", "output", "cell", "hidden"):
        stacked = np.stack([getattr(trace, name) for trace in alone])
        np.testing.assert_allclose(getattr(batch, name), stacked, atol=1e-14)
    for name in ("kernel", "recurrent_kernel", "bias"):
        total = sum(getattr(part, name) for part in one_by_one)
        np.testing.assert_allclose(getattr(gradients, name), total, atol=1e-12)
    inputs = np.stack([part.x for part in one_by_one])
    np.testing.assert_allclose(gradients.x, inputs, atol=1e-14)


@given(cut=st.integers(1, 9))
def test_a_sequence_may_be_read_in_two_parts(cut):
    weights = cell.Weights.random(2, 3)
    x = np.random.default_rng(0).normal(size=(4, 10, 2))
    whole, first = cell.forward(x, weights), cell.forward(x[:, :cut], weights)
    state = first.hidden[:, -1], first.cell[:, -1]
    second = cell.forward(x[:, cut:], weights, state=state)
    np.testing.assert_allclose(second.hidden, whole.hidden[:, cut:], atol=1e-14)


def test_the_equations_hold_in_every_step():
    x = np.random.default_rng(0).normal(size=(6, 2))
    trace = cell.forward(x, cell.Weights.random(2, 3))
    before = np.vstack([trace.state[1], trace.cell[:-1]])
    memory = trace.forget * before + trace.input * trace.candidate
    np.testing.assert_allclose(trace.cell, memory, atol=1e-15)
    shown = trace.output * np.tanh(trace.cell)
    np.testing.assert_allclose(trace.hidden, shown, atol=1e-15)


def test_large_sums_close_or_open_a_gate_without_overflow():
    weights = cell.Weights(*(1000 * np.ones(shape) for shape in [(1, 4), (1, 4), 4]))
    for sign, gate in [(1, 1), (-3, 0)]:
        trace = cell.forward(np.full((2, 1), float(sign)), weights)
        np.testing.assert_array_equal(trace.input, gate)


def test_random_weights_are_drawn_as_keras_draws_them():
    weights = cell.Weights.random(5, 8, seed=3)
    product = weights.recurrent_kernel @ weights.recurrent_kernel.T
    np.testing.assert_allclose(product, np.eye(8), atol=1e-12)
    np.testing.assert_array_equal(weights.bias, np.repeat([0, 1, 0, 0], 8))
    limit = np.sqrt(6 / 37)
    assert 0.9 * limit < np.abs(weights.kernel).max() <= limit
    same, other = (cell.Weights.random(5, 8, seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(same.kernel, weights.kernel)
    assert not np.array_equal(other.kernel, weights.kernel)


WEIGHTS = cell.Weights.random(2, 3)


@pytest.mark.parametrize(
    ("x", "state", "message"),
    [
        (np.ones(5), None, r"x has shape \(5,\); expected \(time_steps, 2\) or"),
        (np.ones((5, 3)), None, r"shape \(5, 3\); expected \(time_steps, 2\)"),
        (np.ones((4, 0, 2)), None, "at least one time step"),
        (np.full((5, 2), np.nan), None, "10 values of x are missing"),
        ([["a", "b"]], None, "expected numbers"),
        (np.ones((5, 2)), (np.ones(3), np.ones(2)), r"\(3,\), \(2,\); expected"),
        (np.ones((4, 5, 2)), (np.ones(3), np.ones(3)), r"each \(4, 3\)"),
        (np.ones((5, 2)), 0, r"each \(3,\)"),
        (np.ones((5, 2)), (np.ones(3), np.full(3, np.nan)), "of state are missing"),
    ],
)
def test_wrong_input_says_what_came_and_what_was_due(x, state, message):
    with pytest.raises(ValueError, match=message):
        cell.forward(x, WEIGHTS, state=state)


def test_wrong_weights_and_gradients_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 12\), \(3, 12\), \(3,\); expected"):
        cell.Weights(WEIGHTS.kernel, WEIGHTS.recurrent_kernel, np.ones(3))
    lists = cell.Weights([[1.0] * 4], [[1.0] * 4], [1.0] * 4)
    assert cell.forward([[1.0]], lists).hidden.shape == (1, 1)
    with pytest.raises(ValueError, match="both must be at least 1"):
        cell.Weights.random(0, 4)
    with pytest.raises(ValueError, match=r"weights is a ndarray; give forward\("):
        cell.forward(WEIGHTS, np.ones((4, 2)))
    with pytest.raises(ValueError, match="trace is a ndarray"):
        cell.backward(np.ones(3), np.ones(3))
    trace = cell.forward(np.ones((4, 2)), WEIGHTS)
    assert repr(cell.backward(trace, trace.hidden)) == "Gradients(features=2, units=3)"
    with pytest.raises(
        ValueError, match=r"shape \(3,\), but trace.hidden has \(4, 3\)"
    ):
        cell.backward(trace, np.ones(3))


def test_gradients_have_the_precision_of_the_trace():
    x = np.ones((4, 2), np.float32)
    arrays = (WEIGHTS.kernel, WEIGHTS.recurrent_kernel, WEIGHTS.bias)
    weights = cell.Weights(*(array.astype(np.float32) for array in arrays))
    trace = cell.forward(x, weights)
    gradients = cell.backward(trace, np.ones((4, 3)))
    found = {getattr(gradients, name).dtype for name in ("kernel", "bias", "x")}
    assert trace.hidden.dtype == np.float32
    assert found == {np.dtype(np.float32)}


def test_the_cell_needs_numpy_alone():
    program = (
        "import sys, simple_lstm.cell; print(*(name in sys.modules for name in "
        "['tensorflow', 'keras', 'pandas', 'matplotlib', 'numpy']))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == [*["False"] * 4, "True"]


SOURCE = Path(cell.__file__).read_text(encoding="utf-8")


def test_the_six_equations_stand_on_the_first_screen():
    (first, *_) = (one for one in ast.parse(SOURCE).body if hasattr(one, "args"))
    assert first.name == "step"
    assert first.end_lineno <= 46
    assigned = [one.targets[0].id for one in first.body[-7:-1]]
    assert assigned == ["input", "forget", "candidate", "output", "cell", "hidden"]


def lines_of_code(source):
    """Numbers of the lines that hold more than comments and docstrings."""
    said = {
        line
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    spaces = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    spaces += (tokenize.INDENT, tokenize.DEDENT)
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in spaces
        for line in range(token.start[0], token.end[0] + 1)
    }
    return lines - said


def test_forward_and_backward_are_short_enough_to_read():
    """With all their helpers and checks; weights and results are classes beside."""
    classes = [one for one in ast.parse(SOURCE).body if isinstance(one, ast.ClassDef)]
    beside = {line for one in classes for line in range(one.lineno, one.end_lineno + 1)}
    assert 50 < len(lines_of_code(SOURCE) - beside) <= 150
