"""Text from a character model, one character at a time.

A Keras model is read with `simple_lstm.cell.step`: its state goes on from character to
character, so each one costs the same, however long the text before it. Every function
here also takes an `NGram`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import keras
import numpy as np
import pandas as pd

from simple_lstm import cell
from simple_lstm._input_checks import check_text
from simple_lstm._keras_layers import as_array
from simple_lstm.characters._model_layers import read_chain
from simple_lstm.characters.ngram import NGram


def generate(
    model: keras.Model | NGram,
    prompt: str,
    length: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int | None = None,
) -> str:
    """Continue a prompt.

    Parameters
    ----------
    model : keras.Model or NGram
        A character model: a `keras.layers.StringLookup` of single characters, an
        Embedding, one or more LSTMs and a Dense layer, in this order, as
        `character_model` makes it. Dropout layers may be between them. A model that
        does anything else (scales numbers, skips layers) is refused. A half-precision
        model is computed in float32, so the results differ from its own by the rounding
        of half precision.
    prompt : str
        The beginning of a text. The model reads all of it, starting from a zero state.
    length : int
        Characters to write.
    temperature : float
        1 draws characters with the model's own probabilities. A lower value makes
        likely characters likelier, and 0 always takes the likeliest; a higher value
        evens the probabilities out.
    top_p : float
        Draw only from the likeliest characters: the fewest whose probabilities add up
        to this value. 1 draws from all.
    seed : int, optional
        The same seed gives the same text; without a seed each call gives a new one.

    Returns
    -------
    str
        ``length`` characters, without the prompt. A start of a new text is never among
        them.

    Raises
    ------
    ValueError
        If the prompt is empty or has a character that the model does not know, a number
        is out of range, or the model computes something else.

    References
    ----------
    Graves, A. (2013). Generating sequences with recurrent neural networks.
    https://arxiv.org/abs/1308.0850

    Holtzman, A., Buys, J., Du, L., Forbes, M., & Choi, Y. (2020). The curious case of
    neural text degeneration. *ICLR*. https://arxiv.org/abs/1904.09751 (The top p.)

    Examples
    --------
    >>> from simple_lstm import characters
    >>> model = characters.character_model(["abcd"], units=4)
    >>> len(characters.generate(model, "ab", 10, seed=0))
    10
    """
    return "".join(_begin("generate", model, prompt, length, temperature, top_p, seed))


def stream(
    model: keras.Model | NGram,
    prompt: str,
    length: int,
    *,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int | None = None,
) -> Iterator[str]:
    """Like `generate`, but give each character as soon as it is drawn.

    Wrong arguments raise an error at once, not with the first character.

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
    >>> from simple_lstm import characters
    >>> model = characters.NGram(2).fit(["so and so and so on"])
    >>> for character in characters.stream(model, "so ", 7, temperature=0):
    ...     print(character, end="")
    and so
    """
    return _begin("stream", model, prompt, length, temperature, top_p, seed)


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
        The probability of each character that the model knows, indexed by character in
        the order of the vocabulary. They sum to 1.

    Raises
    ------
    ValueError
        As `generate` does.

    Examples
    --------
    >>> from simple_lstm import characters
    >>> model = characters.NGram(1).fit(["abababac"])
    >>> characters.probabilities(model, "a").idxmax()
    'b'
    """
    reader = _read_prompt(model, prompt, "probabilities")
    _check_sampling(temperature, top_p, "probabilities")
    chances = _chances(reader.logits(), temperature, top_p)
    return pd.Series(chances[1:], index=reader.characters[1:], name="probability")


def negative_log_likelihood(model: keras.Model | NGram, text: str) -> np.ndarray:
    """How little a model expected each character of a text (its *surprisal*).

    Parameters
    ----------
    model : keras.Model or NGram
        As in `generate`.
    text : str
        Read from start to end, starting from a zero state. A character that the model
        does not know has the probability of the symbol for all unknown ones.

    Returns
    -------
    numpy.ndarray, shape (characters of the text,)
        Minus the natural logarithm of the probability of each character, given all
        those before it, in nats. The mean is the cross-entropy of the text.

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
    >>> from simple_lstm import characters
    >>> model = characters.character_model(["abcd"], units=4)
    >>> characters.negative_log_likelihood(model, "dab").shape
    (3,)
    """
    check_text(text, "negative_log_likelihood")
    if isinstance(model, NGram):
        return model.negative_log_likelihood(text)
    reader = _LSTMReader(model, "negative_log_likelihood")
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
    """A Keras model that reads one character at a time and keeps its state."""

    def __init__(self, model: keras.Model, name: str) -> None:
        lookup, embedding, self._weights, dense = read_chain(model, name)
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
    """The same for counts: it keeps the contexts that end here."""

    def __init__(self, model: NGram) -> None:
        model.probabilities("")  # raises the error of a model that is not fitted
        self.characters = model.characters
        self.places = {name: place for place, name in enumerate(self.characters)}
        self._model = model
        self._contexts = [0]

    def read(self, place: int) -> None:
        self._contexts = self._model._read(self._contexts, place)

    def logits(self) -> np.ndarray:
        return np.log(self._model._after(self._contexts))


def _begin(
    name: str,
    model: keras.Model | NGram,
    prompt: str,
    length: int,
    temperature: float,
    top_p: float,
    seed: int | None,
) -> Iterator[str]:
    """What `stream` returns, or an error that begins with the name of who asks."""
    whole = isinstance(length, (int, np.integer)) and not isinstance(length, bool)
    if not whole or length < 1:
        raise ValueError(
            f"{name}(length={length!r}): expected the number of characters to write, "
            "a whole number of at least 1."
        )
    reader = _read_prompt(model, prompt, name)
    _check_sampling(temperature, top_p, name)
    return _write(reader, length, temperature, top_p, np.random.default_rng(seed))


def _read_prompt(
    model: keras.Model | NGram, prompt: str, name: str
) -> _LSTMReader | _NGramReader:
    """The model after the start of a text and the prompt."""
    check_text(prompt, f"{name}: the prompt")
    is_ngram = isinstance(model, NGram)
    reader = _NGramReader(model) if is_ngram else _LSTMReader(model, name)
    unknown = sorted(set(prompt) - set(reader.characters))
    if unknown:
        raise ValueError(
            f"{name}: the model does not know {', '.join(map(repr, unknown))} in the "
            f"prompt. It knows the {len(reader.characters) - 1} characters of its "
            "training texts. Take the others out of the prompt."
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
    """Probabilities to draw with; 0 for symbol 0, the start of a new text."""
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
            f"{name}(top_p={top_p}): expected a number above 0 and up to 1 (draw from "
            "all characters)."
        )
