"""Open a Keras model: what the LSTM in it knows, and what its gates do."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from simple_lstm import cell
from simple_lstm._keras_layers import as_array, computes


def trace(model: keras.Model, x: Any, *, layer: str | int | None = None) -> cell.Trace:
    """All that happens inside an LSTM layer while the model reads ``x``.

    The model runs once, and what reaches the layer (its inputs, initial state and mask)
    goes through `simple_lstm.cell.forward` with the layer's weights. Nothing in the
    model changes, not even the state of a stateful layer.

    Parameters
    ----------
    model : keras.Model
        Sequential, functional or subclassed, trained or not. Its LSTM computes as a
        `keras.layers.LSTM` with the default activations does; it may stand inside other
        models or a ``Bidirectional``.
    x : numpy.ndarray, list of str, or dict of numpy.ndarray
        What the model takes, with its axis of samples.
    layer : str or int, optional
        Name of the LSTM, or its place among the model's LSTMs, counted from 0. Not
        needed if there is one. The two directions of a ``Bidirectional`` are two
        layers.

    Returns
    -------
    simple_lstm.cell.Trace
        Each array (samples, time_steps, …), in the order in which the layer reads: one
        with ``go_backwards`` (the second direction of a ``Bidirectional`` is such a
        layer) begins at the end, and ``trace.x`` shows it so. ``trace.hidden`` equals
        the layer's own output at every step that is not masked.

        In a **masked** step no gate acts: gates and candidate are NaN, both states
        repeat. There Keras, too, repeats its output, except that it gives zeros before
        the first step that is not masked, and at all masked steps if the layer was made
        with ``zero_output_for_mask=True``, as those in a ``Bidirectional`` with
        ``return_sequences=True`` are.

    Raises
    ------
    ValueError
        If the model has no LSTM, has several and ``layer`` does not say which one,
        its LSTM has other activations or runs several times, or ``x`` is not what the
        model takes.

    References
    ----------
    Karpathy, A., Johnson, J., & Fei-Fei, L. (2015). Visualizing and understanding
    recurrent networks. https://arxiv.org/abs/1506.02078

    Examples
    --------
    >>> import keras, numpy as np
    >>> from simple_lstm import gates
    >>> layers = [keras.layers.LSTM(4), keras.layers.Dense(1)]
    >>> model = keras.Sequential([keras.Input((10, 2)), *layers])
    >>> gates.trace(model, np.ones((3, 10, 2)))
    Trace(samples=3, time_steps=10, features=2, units=4)
    """
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"trace: model is a {type(model).__name__}; give trace(model, x) with a "
            "keras.Model. A saved one is loaded by keras.saving.load_model(path)."
        )
    lstms = [
        found
        for found in _recurrent(model)
        if type(found) in (keras.layers.LSTM, keras.layers.RNN)
        and type(found.cell) is keras.layers.LSTMCell  # another may compute otherwise
    ]
    chosen = _choose(lstms, layer)
    sequences, state, mask = _what_reaches(chosen, model, _as_input(x, model))
    is_layer = isinstance(chosen, keras.layers.LSTM)
    weights = read_weights(chosen if is_layer else chosen.cell)
    if chosen.go_backwards:
        sequences, mask = sequences[:, ::-1], mask[:, ::-1]
    found = cell.forward(sequences, weights, state=state)
    return found if mask.all() else _masked(found, mask)


def read_weights(layer: Any) -> cell.Weights:
    """The weights of a Keras LSTM layer, copied for `simple_lstm.cell`.

    Parameters
    ----------
    layer : keras.layers.LSTM or keras.layers.LSTMCell
        Built (a layer of a model is), with tanh and sigmoid as activations. Without a
        bias, the bias is zeros.

    Returns
    -------
    simple_lstm.cell.Weights
        In the precision of the layer's weights; half precision becomes float32.

    Raises
    ------
    ValueError
        If it is another kind of layer or a class made from one, its activations
        compute something else, or it is not built.

    Examples
    --------
    >>> import keras
    >>> from simple_lstm import gates
    >>> layer = keras.layers.LSTM(4)
    >>> layer.build((None, 10, 2))
    >>> gates.read_weights(layer)
    Weights(features=2, units=4)
    """
    name = f"{type(layer).__name__} {getattr(layer, 'name', '')!r}"
    if type(layer) not in (keras.layers.LSTM, keras.layers.LSTMCell):
        raise ValueError(
            f"read_weights: the {name} is not an LSTM of Keras itself, and may compute "
            "otherwise. Give a keras.layers.LSTM: of a model model.get_layer(name), of "
            "a Bidirectional its forward_layer or backward_layer, of an RNN its cell."
        )
    arrays = layer.get_weights()
    if not arrays:
        raise ValueError(
            f"read_weights: the {name} has no weights yet. Call it once, or "
            "layer.build((None, time_steps, features))."
        )
    _check_activations(layer, name)
    kernel, recurrent_kernel, *rest = map(as_array, arrays)
    bias = rest[0] if rest else np.zeros_like(kernel[0])
    return cell.Weights(kernel, recurrent_kernel, bias)


def _check_activations(layer: Any, name: str) -> None:
    """Refuse a layer whose gates are not those of `simple_lstm.cell.step`."""
    numbers = np.linspace(-20, 20, 40 * layer.units).reshape(40, layer.units)
    for setting, due, values in [
        ("activation", "tanh", np.tanh(numbers)),
        ("recurrent_activation", "sigmoid", 1 / (1 + np.exp(-numbers))),
    ]:
        activation = getattr(layer, setting)
        if not computes(activation, numbers, values):
            came = getattr(activation, "__name__", type(activation).__name__)
            raise ValueError(
                f"read_weights: the {name} has {setting}={came!r}, which is not "
                f"{due!r}. The equations here are those of {due!r} alone."
            )


def _recurrent(layer: Any) -> list[Any]:
    """Every recurrent layer in a layer or model, once, in the order of its layers."""
    if isinstance(layer, keras.layers.RNN):
        return [layer]
    # Keras has no public way into a layer of one's own, and the layers of a functional
    # model are those of its graph, which a call of one's own need not follow.
    parts = layer._flatten_layers(include_self=False, recursive=False)
    found = {id(inner): inner for part in parts for inner in _recurrent(part)}
    return list(found.values())


def _choose(lstms: list[Any], layer: str | int | None) -> Any:
    """The one that is meant, or an error that lists them all."""
    if not lstms:
        raise ValueError(
            "trace: the model has no LSTM layer. Gates of this kind are in a "
            "keras.layers.LSTM alone, not in a class made from it; a GRU, a SimpleRNN "
            "or a cell of your own has others, or none."
        )
    names = [lstm.name for lstm in lstms]
    listed = ", ".join(f"{place} {name!r}" for place, name in enumerate(names))
    if layer is None and len(lstms) > 1:
        raise ValueError(
            f"trace: the model has {len(lstms)} LSTM layers: {listed}. Choose one with "
            "layer=, by its name or place."
        )
    place: Any = 0 if layer is None else layer
    if isinstance(place, str) and names.count(place) == 1:
        place = names.index(place)
    is_place = isinstance(place, (int, np.integer)) and not isinstance(place, bool)
    if not is_place or not -len(lstms) <= place < len(lstms):
        raise ValueError(
            f"trace(layer={layer!r}): the LSTM layers of the model are {listed}."
        )
    return lstms[place]


def _what_reaches(layer: Any, model: keras.Model, x: Any) -> tuple:
    """Inputs, initial state and mask with which the layer is called, as arrays.

    The layer's ``call`` is watched while the model runs once, so this works wherever
    the layer stands. What that run changes in stateful layers is put back.
    """
    built = model.built
    if not built:
        model(x, training=False)
    # An RNN of several cells has its states in a list of lists; some have none.
    states = [part.states for part in _recurrent(model) if part.states is not None]
    memory = keras.tree.flatten(states)
    if not built:
        for state in memory:
            state.assign(keras.ops.zeros_like(state))
    kept = [state.numpy() for state in memory]
    own = [state.numpy() for state in layer.states or []]
    try:
        with _watched(layer) as calls:
            model(x, training=False)
    finally:
        for state, value in zip(memory, kept, strict=True):
            state.assign(value)
    if len(calls) != 1:
        raise ValueError(
            f"trace: the layer {layer.name!r} ran {len(calls)} times while the model "
            "read x, but a trace is of one run. Make a model in which it runs once, as "
            "Python code (not in a tf.function)."
        )
    (came,) = calls
    if came.get("training") and (layer.cell.dropout or layer.cell.recurrent_dropout):
        raise ValueError(
            f"trace: the model calls {layer.name!r} with training=True, so its dropout "
            "is random. Trace a model that calls it without."
        )
    sequences = as_array(came["sequences"])
    state, mask = came.get("initial_state"), came.get("mask")
    state = own if state is None else [as_array(part) for part in state]
    mask = np.ones(sequences.shape[:2], bool) if mask is None else np.asarray(mask)
    return sequences, tuple(state) or None, mask


@contextmanager
def _watched(layer: Any) -> Iterator[list[dict[str, Any]]]:
    """The arguments of each ``layer.call`` that runs meanwhile, by their names."""
    calls: list[dict[str, Any]] = []
    call, is_own = layer.call, "call" in vars(layer)
    signature = inspect.signature(call)

    def watched(*args: Any, **options: Any) -> Any:
        calls.append(signature.bind(*args, **options).arguments)
        return call(*args, **options)

    layer.call = watched
    try:
        yield calls
    finally:
        if is_own:
            layer.call = call
        else:
            del layer.call  # the one of its class is found again


def _masked(found: cell.Trace, mask: np.ndarray) -> cell.Trace:
    """Read again, and leave both states as they are where the mask is False."""
    steps, now = [], found.state
    for t in range(mask.shape[1]):
        keep = mask[:, t, np.newaxis]
        *gates, memory, hidden = cell.step(found.x[:, t], now, found.weights)
        now = np.where(keep, hidden, now[0]), np.where(keep, memory, now[1])
        gates = [np.where(keep, gate, np.nan) for gate in gates]
        steps.append([*gates, now[1], now[0]])
    parts = (np.stack(part, axis=1) for part in zip(*steps, strict=True))
    return cell.Trace(found.x, found.weights, found.state, *parts)


def _as_input(x: Any, model: keras.Model) -> Any:
    """What the model takes, or an error that says why it does not."""
    due = list(getattr(model, "inputs", None) or [])
    if isinstance(x, dict):
        named = {tensor.name: tensor for tensor in due}
        return {name: _one_input(part, named.get(name)) for name, part in x.items()}
    if len(due) > 1:
        if not isinstance(x, (list, tuple)) or len(x) != len(due):
            raise ValueError(
                f"trace: the model takes {len(due)} inputs, "
                f"{', '.join(repr(tensor.name) for tensor in due)}; give a list of as "
                "many arrays, or a dict."
            )
        return [_one_input(part, one) for part, one in zip(x, due, strict=True)]
    return _one_input(x, due[0] if due else None)


def _one_input(x: Any, due: Any) -> Any:
    if isinstance(x, str):
        raise ValueError("trace: x is one text; give a list of texts: [text].")
    try:
        array = np.asarray(x)
        is_text = array.dtype.kind in "UT" or isinstance(array.flat[0], (str, bytes))
        array = array.astype(object) if is_text else array.astype(_numbers(array))
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(
            f"trace: x is a {type(x).__name__} of no use here ({error}); give an array "
            "(samples, time_steps, features) with at least one sample, or a list of "
            "texts."
        ) from error
    if due is not None and is_text != (due.dtype == "string"):
        came, takes = ("text", "numbers") if is_text else ("numbers", "text")
        raise ValueError(f"trace: x holds {came}, but the model takes {takes}.")
    if is_text:
        return tf.constant(array)  # Keras refuses arrays of str
    if due is not None:
        _check_numbers(array, tuple(due.shape), "trace: the inputs")
    return array


def _numbers(array: np.ndarray) -> Any:
    """The type to hold numbers that came as objects."""
    return float if array.dtype == object else array.dtype


def _check_numbers(inputs: np.ndarray, due: tuple[int | None, ...], what: str) -> None:
    """Refuse inputs of another shape than the model takes, or with missing values."""
    if inputs.ndim == len(due) - 1 == 2:
        raise ValueError(
            f"{what} have shape {inputs.shape}; expected (samples, time_steps, "
            "features). If there is one feature, add its axis: "
            "inputs[..., np.newaxis]; if there is one sample: inputs[np.newaxis]."
        )
    one_number = len(due) == 2 and due[1] == 1  # Keras takes (samples,) for it
    other_rank = inputs.ndim != len(due) and not one_number
    sizes = zip(due, inputs.shape, strict=False)
    if other_rank or any(size not in (None, came) for size, came in sizes):
        raise ValueError(
            f"{what} have shape {inputs.shape}, but the model takes {due}."
        )
    missing = int(np.isnan(inputs).sum())
    if missing:
        raise ValueError(
            f"{what}: {missing:,} values are missing (NaN). A single one turns every "
            "later number into NaN. Fill or leave out those samples."
        )
