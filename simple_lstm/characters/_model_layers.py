"""The layers of a character model, first to last, if it is a plain chain of them."""

from __future__ import annotations

import keras
import numpy as np

from simple_lstm import cell, gates
from simple_lstm._keras_layers import computes
from simple_lstm.characters._lookup import is_plain


def read_chain(
    model: keras.Model, name: str
) -> tuple[
    keras.layers.StringLookup,
    keras.layers.Embedding,
    list[cell.Weights],
    keras.layers.Dense,
]:
    """Lookup, embedding, weights of the LSTMs and dense layer of a character model.

    Parameters
    ----------
    model : keras.Model
        What came.
    name : str
        Which function asks, to begin the error with: "generate".

    Raises
    ------
    ValueError
        If the model computes anything else than these layers, one after the other.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"{name}: the model is a {type(model).__name__}; expected a keras.Model or "
            "an NGram."
        )
    refused = f"{name}: this model cannot be read one character at a time: "
    advice = "Make one with characters.character_model."
    if not model.built:
        raise ValueError(
            f"{refused}it is not built. Call it once with one of its characters: "
            "model(tf.constant([['a']]))."
        )
    found = [part for part in _chain(model) if type(part) is not keras.layers.Dropout]
    kinds = [type(part) for part in found]
    lstms = [keras.layers.LSTM] * max(1, len(kinds) - 3)
    due = [keras.layers.StringLookup, keras.layers.Embedding, *lstms]
    if kinds != [*due, keras.layers.Dense]:
        raise ValueError(
            f"{refused}{_what_came(model)}; expected StringLookup, Embedding, one or "
            "more LSTM, Dense, all from Keras itself, each applied to the output of "
            "the one before and to nothing else (no mask, no state, no second input). "
            f"{advice}"
        )
    lookup, embedding, *lstms, dense = found
    for problem, wrong in _problems(lookup, embedding, lstms, dense):
        if wrong:
            raise ValueError(f"{refused}{problem}. {advice}")
    try:
        weights = [gates.read_weights(lstm) for lstm in lstms]
    except ValueError as error:
        problem = str(error).removeprefix("read_weights: ")
        raise ValueError(f"{refused}{problem} {advice}") from error
    return lookup, embedding, weights, dense


def _chain(model: keras.Model) -> list[keras.Operation]:
    """What a model does, first to last; empty if it is not one thing after another.

    A list of layers does not say how they are wired, so this follows the output back to
    the input. Keras has no public way to see what an operation was called with.
    """
    if not _follows_its_graph(model) or len(model.inputs + model.outputs) != 2:
        return []
    (first,), (tensor,) = model.inputs, model.outputs
    found: list[keras.Operation] = []
    while tensor is not first:
        operation, call, output = tensor._keras_history
        arguments = operation._inbound_nodes[call].arguments
        given = keras.tree.flatten([arguments.args, arguments.kwargs])
        given = [part for part in given if part is not None and part is not False]
        if (
            output != 0
            or len(given) != 1
            or not isinstance(given[0], keras.KerasTensor)
        ):
            return []
        inside = _chain(operation) if isinstance(operation, keras.Model) else []
        found = [*(inside or [operation]), *found]
        tensor = given[0]
    return found


def _follows_its_graph(model: keras.Model) -> bool:
    """Whether Keras itself applies the layers, not a ``call`` of one's own."""
    if not hasattr(model, "inputs"):
        return False
    functional = type(keras.Model(model.inputs, model.outputs))
    return any(
        type(model).call is kind.call and type(model).__call__ is kind.__call__
        for kind in (keras.Sequential, functional)
    )


def _what_came(model: keras.Model) -> str:
    """What a refused model consists of, for the error."""
    if not _follows_its_graph(model):
        return f"a {type(model).__name__} has its own call method"
    passive = keras.layers.InputLayer, keras.layers.Dropout
    parts = _chain(model) or getattr(model, "operations", model.layers)
    kinds = [type(part).__name__ for part in parts if type(part) not in passive]
    return f"its layers are {', '.join(kinds)}"


def _problems(
    lookup: keras.layers.StringLookup,
    embedding: keras.layers.Embedding,
    lstms: list[keras.layers.LSTM],
    dense: keras.layers.Dense,
) -> list[tuple[str, bool]]:
    """What may be wrong with the layers of a chain, and whether it is."""
    symbols = lookup.get_vocabulary()
    words = [symbol for symbol in symbols[1:] if len(symbol) != 1]
    activation = getattr(dense.activation, "__name__", type(dense.activation).__name__)
    return [
        (
            "its StringLookup must have one index for unknown, and no mask",
            not is_plain(lookup),
        ),
        (
            f"its StringLookup contains {str(*words[:1])!r}, not a single character",
            bool(words),
        ),
        ("the Embedding has mask_zero=True", embedding.mask_zero),
        (
            f"its StringLookup has {len(symbols):,} symbols, but the Embedding has "
            f"{embedding.input_dim:,} rows and the Dense layer {dense.units:,} units",
            not embedding.input_dim >= len(symbols) == dense.units,
        ),
        (
            f"its Dense layer has {activation=}, which computes neither 'softmax' nor "
            "'linear'",
            not _is_softmax_or_linear(dense),
        ),
        ("its Dense layer has use_bias=False", not dense.use_bias),
        (
            "an LSTM reads backwards, from text not written yet",
            any(lstm.go_backwards for lstm in lstms),
        ),
        ("the same LSTM is used in two places", len(set(map(id, lstms))) < len(lstms)),
        (
            "its layers are quantized",
            any(part.quantization_mode for part in (embedding, *lstms, dense)),
        ),
    ]


def _is_softmax_or_linear(dense: keras.layers.Dense) -> bool:
    """Judged on a few numbers, because a function may have any name."""
    shape = [size or 3 for size in dense.output.shape]
    logits = 3 * np.sin(np.arange(np.prod(shape))).reshape(shape)
    powers = np.exp(logits)
    softmax = powers / powers.sum(axis=-1, keepdims=True)
    return any(computes(dense.activation, logits, due) for due in (softmax, logits))
