"""Text from a character model, one character at a time.

A Keras model is stepped by `simple_lstm.cell.step`: the state is carried from character
to character, so each costs the same, however long the text before it. Everything here
also takes a `simple_lstm.baselines.NGram`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import keras
import numpy as np
import pandas as pd

from simple_lstm import cell
from simple_lstm._checking import check_text
from simple_lstm._keras_layers import as_array, computes

if TYPE_CHECKING:
    from simple_lstm.baselines import NGram


def generate(
    model: keras.Model | NGram,
    prompt: str,
    length: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int | None = None,
) -> str:
    """Write what comes after a prompt.

    Parameters
    ----------
    model : keras.Model or simple_lstm.baselines.NGram
        A model of characters: a `keras.layers.StringLookup` of single characters, an
        Embedding, one or more LSTMs and a Dense layer, in this order, as
        `simple_lstm.models.character_model` makes it. Dropout may stand between them.
        What is done besides (numbers scaled, layers skipped) is refused. A model of
        half precision is computed in float32, so it agrees with its own answers only to
        within the rounding of those.
    prompt : str
        The beginning of a text; the model reads all of it, from a state of zeros.
    length : int
        Characters to write.
    temperature : float
        1 draws characters with the probabilities of the model. Lower makes likely ones
        likelier, 0 always takes the likeliest; higher evens them out.
    top_p : float
        Draw only among the likeliest characters, as few as have this probability
        together; 1 leaves out none.
    seed : int, optional
        The same seed gives the same text; without one each call gives another.

    Returns
    -------
    str
        ``length`` characters, without the prompt. The start of another text is never
        among them.

    Raises
    ------
    ValueError
        If the prompt is empty or holds a character that the model does not know, a
        number is out of its range, or the model computes something else.

    References
    ----------
    Graves, A. (2013). Generating sequences with recurrent neural networks.
    https://arxiv.org/abs/1308.0850

    Holtzman, A., Buys, J., Du, L., Forbes, M., & Choi, Y. (2020). The curious case of
    neural text degeneration. *ICLR*. https://arxiv.org/abs/1904.09751 (The top p.)

    Examples
    --------
    >>> from simple_lstm import generation, models
    >>> model = models.character_model(["abcd"], units=4)
    >>> len(generation.generate(model, "ab", 10, seed=0))
    10
    """
    return "".join(
        stream(model, prompt, length, temperature=temperature, top_p=top_p, seed=seed)
    )


def stream(
    model: keras.Model | NGram,
    prompt: str,
    length: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int | None = None,
) -> Iterator[str]:
    """Write as `generate` does, and give out each character as soon as it is there.

    What is wrong with the arguments is said at once, not with the first character.

    Parameters
    ----------
    model, prompt, length, temperature, top_p, seed
        As in `generate`.

    Returns
    -------
    iterator of str
        Single characters, ``length`` of them.

    Raises
    ------
    ValueError
        As `generate` does.

    Examples
    --------
    >>> from simple_lstm import baselines, generation
    >>> model = baselines.NGram(2).fit(["so and so and so on"])
    >>> for character in generation.stream(model, "so ", 7, temperature=0):
    ...     print(character, end="")
    and so
    """
    whole = isinstance(length, (int, np.integer)) and not isinstance(length, bool)
    if not whole or length < 1:
        raise ValueError(
            f"generate(length={length!r}): expected how many characters to write, a "
            "whole number from 1."
        )
    reader = _read_prompt(model, prompt, "generate")
    _check_sampling(temperature, top_p, "generate")
    return _write(reader, length, temperature, top_p, np.random.default_rng(seed))


def probabilities(
    model: keras.Model | NGram,
    prompt: str,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> pd.Series:
    """What may come next, as `generate` would draw it.

    Parameters
    ----------
    model, prompt, temperature, top_p
        As in `generate`.

    Returns
    -------
    pandas.Series, shape (characters,)
        The probability of each character that the model knows, with the characters as
        index, in the order of the vocabulary; they sum to 1.

    Raises
    ------
    ValueError
        As `generate` does.

    Examples
    --------
    >>> from simple_lstm import baselines, generation
    >>> model = baselines.NGram(1).fit(["abababac"])
    >>> generation.probabilities(model, "a").idxmax()
    'b'
    """
    reader = _read_prompt(model, prompt, "probabilities")
    _check_sampling(temperature, top_p, "probabilities")
    chances = _chances(reader.logits(), temperature, top_p)
    return pd.Series(chances[1:], index=reader.characters[1:], name="probability")


def surprisal(model: keras.Model | NGram, text: str) -> np.ndarray:
    """How little a model expected each character of a text.

    Parameters
    ----------
    model : keras.Model or simple_lstm.baselines.NGram
        As in `generate`.
    text : str
        Read from its start, with a state of zeros, to its end. A character that the
        model does not know has the probability of the symbol that stands for all such.

    Returns
    -------
    numpy.ndarray, shape (characters of the text,)
        Minus the natural logarithm of the probability of each character after all those
        before it, in nats. Its mean is the cross-entropy of the text.

    Raises
    ------
    ValueError
        If ``text`` is not a text or is empty, or the model computes something else.

    References
    ----------
    Shannon, C. E. (1951). Prediction and entropy of printed English. *Bell System
    Technical Journal*, 30(1), 50-64.

    Examples
    --------
    >>> from simple_lstm import generation, models
    >>> model = models.character_model(["abcd"], units=4)
    >>> generation.surprisal(model, "dab").shape
    (3,)
    """
    check_text(text, "surprisal")
    if hasattr(model, "surprisal"):
        return model.surprisal(text)
    reader = _LSTMReader(model, "surprisal")
    places = np.array([0, *(reader.places.get(character, 0) for character in text)])
    parts = []
    for start in range(0, len(text), 1000):  # all at once might not fit in memory
        logits = reader.read_all(places[start : min(start + 1000, len(text))])
        logits -= logits.max(axis=-1, keepdims=True)
        came = places[start + 1 : start + 1001, np.newaxis]
        logs = np.take_along_axis(logits, came, axis=-1)[:, 0]
        parts.append(np.log(np.exp(logits).sum(axis=-1)) - logs)
    return np.concatenate(parts)


class _LSTMReader:
    """A Keras model of characters, read one at a time with its state carried along."""

    def __init__(self, model: keras.Model, name: str) -> None:
        lookup, embedding, self._weights, dense = _parts(model, name)
        self.characters = ["", *map(str, lookup.get_vocabulary()[1:])]
        self.places = {name: place for place, name in enumerate(self.characters)}
        self._embedding = as_array(embedding.embeddings)
        self._kernel, self._bias = as_array(dense.kernel), as_array(dense.bias)
        self._states = [
            (np.zeros(weights.units, np.float32), np.zeros(weights.units, np.float32))
            for weights in self._weights
        ]

    def read(self, place: int) -> None:
        """Go on by one symbol."""
        x = self._embedding[place]
        for number, weights in enumerate(self._weights):
            now = cell.step(x, self._states[number], weights)
            self._states[number] = now.hidden, now.cell
            x = now.hidden

    def logits(self) -> np.ndarray:
        """What may come next, before the softmax: (symbols,)."""
        return self._states[-1][0].astype(np.float64) @ self._kernel + self._bias

    def read_all(self, places: np.ndarray) -> np.ndarray:
        """Go on by several symbols; the logits after each: (steps, symbols)."""
        x = self._embedding[places]
        for number, weights in enumerate(self._weights):
            trace = cell.forward(x, weights, state=self._states[number])
            self._states[number] = trace.hidden[-1], trace.cell[-1]
            x = trace.hidden
        return x.astype(np.float64) @ self._kernel + self._bias


class _NGramReader:
    """The same for counts: the contexts that end here are carried along."""

    def __init__(self, model: NGram) -> None:
        model.probabilities("")  # which says so if nothing was counted yet
        self.characters = model.characters
        self.places = {name: place for place, name in enumerate(self.characters)}
        self._model = model
        self._contexts = [0]

    def read(self, place: int) -> None:
        self._contexts = self._model._read(self._contexts, place)

    def logits(self) -> np.ndarray:
        return np.log(self._model._after(self._contexts))


def _read_prompt(
    model: keras.Model | NGram, prompt: str, name: str
) -> _LSTMReader | _NGramReader:
    """The model after the start of a text and the prompt."""
    check_text(prompt, f"{name}: the prompt")
    counts = hasattr(model, "probabilities")
    reader = _NGramReader(model) if counts else _LSTMReader(model, name)
    unknown = sorted(set(prompt) - set(reader.characters))
    if unknown:
        raise ValueError(
            f"{name}: the model does not know {', '.join(map(repr, unknown))} in the "
            f"prompt. It knows the {len(reader.characters) - 1} characters of its "
            "training texts."
        )
    for place in [0, *(reader.places[character] for character in prompt)]:
        reader.read(place)
    return reader


def _write(
    reader: _LSTMReader | _NGramReader,
    length: int,
    temperature: float,
    top_p: float,
    rng: np.random.Generator,
) -> Iterator[str]:
    for _ in range(length):
        sums = np.cumsum(_chances(reader.logits(), temperature, top_p))
        place = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        yield reader.characters[place]
        reader.read(place)


def _chances(logits: np.ndarray, temperature: float, top_p: float) -> np.ndarray:
    """Probabilities to draw with; never of symbol 0, the start of another text."""
    heights = logits - logits[1:].max()
    heights[0] = -np.inf
    if temperature == 0:
        chances = np.zeros_like(heights)
        chances[heights.argmax()] = 1
        return chances
    with np.errstate(over="ignore"):  # next to zero everything but the best is lost
        chances = np.exp(heights / temperature)
    chances /= chances.sum()
    if top_p < 1:
        order = np.argsort(-chances, kind="stable")
        enough = np.searchsorted(np.cumsum(chances[order]), top_p) + 1
        chances[order[enough:]] = 0
        chances /= chances.sum()
    return chances


def _check_sampling(temperature: float, top_p: float, name: str) -> None:
    if not (temperature >= 0 and math.isfinite(temperature)):
        raise ValueError(
            f"{name}(temperature={temperature}): expected a number from 0 (always the "
            "likeliest character) up; 1 leaves the probabilities as they are."
        )
    if not 0 < top_p <= 1:
        raise ValueError(
            f"{name}(top_p={top_p}): expected a number above 0 and up to 1 (leave out "
            "nothing)."
        )


def _parts(model: keras.Model, name: str) -> tuple:
    """Lookup, embedding, weights of the LSTMs and dense layer of a chain.

    Or an error that names what came.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(
            f"{name}: the model is a {type(model).__name__}; expected a keras.Model or "
            "an NGram."
        )
    refused = f"{name}: this is no model of characters to be stepped: "
    advice = "Make one with models.character_model."
    if not model.built:
        raise ValueError(
            f"{refused}it is not built. Call it once: model(tf.constant([['a']])) with "
            "one of its characters."
        )
    found = [part for part in _chain(model) if type(part) is not keras.layers.Dropout]
    kinds = [type(part) for part in found]
    lstms = [keras.layers.LSTM] * max(1, len(kinds) - 3)
    due = [keras.layers.StringLookup, keras.layers.Embedding, *lstms]
    if kinds != [*due, keras.layers.Dense]:
        raise ValueError(
            f"{refused}{_what_came(model)}; expected StringLookup, Embedding, one or "
            "more LSTM, Dense, all of Keras itself, each applied to what the one "
            "before gives out and to nothing else (no mask, no state, no second "
            f"input). {advice}"
        )
    lookup, embedding, *lstms, dense = found
    for problem, wrong in _problems(lookup, embedding, lstms, dense):
        if wrong:
            raise ValueError(f"{refused}{problem}. {advice}")
    try:
        weights = [cell.Weights.from_keras(lstm) for lstm in lstms]
    except ValueError as error:
        problem = str(error).removeprefix("Weights.from_keras: ")
        raise ValueError(f"{refused}{problem} {advice}") from error
    return lookup, embedding, weights, dense


def _chain(model: keras.Model) -> list[keras.Operation]:
    """What a model does, first to last; nothing if it is not one thing after another.

    A list of layers does not say how they are wired, so this follows the output back to
    the input. Keras has no public way to what an operation was called with.
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
    """For an error: what a model that cannot be stepped consists of."""
    if not _follows_its_graph(model):
        return f"a {type(model).__name__} has a call of its own"
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
    settings, symbols = lookup.get_config(), lookup.get_vocabulary()
    plain = {"num_oov_indices": 1, "mask_token": None, "output_mode": "int"}
    words = [symbol for symbol in symbols[1:] if len(symbol) != 1]
    activation = getattr(dense.activation, "__name__", type(dense.activation).__name__)
    return [
        (
            "StringLookup must have one index for unknown, and no mask",
            any(settings[name] != value for name, value in plain.items()),
        ),
        (
            f"its StringLookup holds {str(*words[:1])!r}, not a single character",
            bool(words),
        ),
        ("the Embedding has mask_zero=True", embedding.mask_zero),
        (
            f"its StringLookup has {len(symbols):,} symbols, but the Embedding has "
            f"{embedding.input_dim:,} rows and the Dense layer {dense.units:,} units",
            not embedding.input_dim >= len(symbols) == dense.units,
        ),
        (
            f"its Dense layer has {activation=}, and computes neither 'softmax' nor "
            "'linear'",
            not _is_softmax_or_linear(dense),
        ),
        ("its Dense layer has use_bias=False", not dense.use_bias),
        (
            "an LSTM reads backwards, from what is not yet written",
            any(lstm.go_backwards for lstm in lstms),
        ),
        ("one LSTM stands in two places", len(set(map(id, lstms))) < len(lstms)),
        (
            "its layers are quantized",
            any(part.quantization_mode for part in (embedding, *lstms, dense)),
        ),
    ]


def _is_softmax_or_linear(dense: keras.layers.Dense) -> bool:
    """Judged on a few numbers, for a function may have any name."""
    shape = [size or 3 for size in dense.output.shape]
    logits = 3 * np.sin(np.arange(np.prod(shape))).reshape(shape)
    powers = np.exp(logits)
    softmax = powers / powers.sum(axis=-1, keepdims=True)
    return any(computes(dense.activation, logits, due) for due in (softmax, logits))
