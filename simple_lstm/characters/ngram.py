"""What an LSTM has to beat on characters: counts of what follows the last few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simple_lstm._input_checks import check_text, check_texts


class NGram:
    """Counts which character follows the last few: interpolated Witten-Bell.

    The counts after a long context are mixed with those after the context that is one
    character shorter, and so on down to no context at all. The more different
    characters followed a context, the more weight the shorter one gets. Every character
    has some probability after any text, and the probabilities sum to 1.

    Parameters
    ----------
    context : int
        How many characters to look back on; with 0 the model knows only how common each
        character is.

    Attributes
    ----------
    characters : list of str
        What can come next: ``""``, which means the start of a text and any character
        that is in no training text, then the characters of those texts, sorted.

    Raises
    ------
    ValueError
        If ``context`` is not a whole number of at least 0.

    References
    ----------
    Witten, I. H., & Bell, T. C. (1991). The zero-frequency problem: estimating the
    probabilities of novel events in adaptive text compression. *IEEE Transactions on
    Information Theory*, 37(4), 1085-1094.

    Chen, S. F., & Goodman, J. (1999). An empirical study of smoothing techniques for
    language modeling. *Computer Speech & Language*, 13(4), 359-394. (As interpolation.)

    Examples
    --------
    >>> from simple_lstm import characters
    >>> model = characters.NGram(context=2).fit(["abcabcabc"])
    >>> model.characters[model.probabilities("ab").argmax()]
    'c'
    """

    def __init__(self, context: int) -> None:
        if isinstance(context, bool) or not isinstance(context, int) or context < 0:
            raise ValueError(
                f"NGram(context={context!r}): expected how many characters to look "
                "back on, a whole number from 0."
            )
        self.context = context
        self.characters: list[str] = []
        self._places: dict[str, int] = {}  # of each character among them
        self._tables: list[_Counts] = []  # one for each length of context, from 0

    def fit(self, texts: Sequence[str]) -> NGram:
        """Count. No context reaches from one text into the next one.

        Parameters
        ----------
        texts : sequence of str
            Training texts.

        Returns
        -------
        NGram
            Itself.

        Raises
        ------
        ValueError
            If ``texts`` is a single text, or has no character in it.
        """
        check_texts(texts, "NGram.fit")
        characters = sorted(set().union(*texts))
        if not characters:
            raise ValueError("NGram.fit: there is no character in the texts.")
        self.characters = ["", *characters]
        self._places = {name: place for place, name in enumerate(self.characters)}
        self._tables = []
        symbols = np.concatenate([self._symbols(text) for text in texts])
        begins = np.cumsum([0] + [len(text) + 1 for text in texts[:-1]])
        contexts = np.zeros(len(symbols), dtype=int)  # the one empty context
        for _ in range(self.context + 1):
            table = _Counts.of(contexts, symbols, len(self.characters))
            self._tables.append(table)
            contexts = _one_later(table.find(contexts, symbols), begins)
        return self

    def up_to(self, context: int) -> NGram:
        """The same counts, looking back on fewer characters.

        Parameters
        ----------
        context : int
            From 0 to the context of this model.

        Returns
        -------
        NGram
            The same as one fitted on the same texts with that context.

        Raises
        ------
        ValueError
            If it is longer than the context of this model, or the model is not fitted.
        """
        self._check_fitted("up_to")
        if not 0 <= context <= self.context:
            raise ValueError(
                f"NGram.up_to({context}): this model has counted contexts of 0 to "
                f"{self.context} characters."
            )
        shorter = NGram(context)
        shorter.characters, shorter._places = self.characters, self._places
        shorter._tables = self._tables[: context + 1]
        return shorter

    def negative_log_likelihood(self, text: str) -> np.ndarray:
        """How little each character was expected (its *surprisal*).

        Parameters
        ----------
        text : str
            Read from its first character.

        Returns
        -------
        numpy.ndarray, shape (characters of the text,)
            Minus the natural logarithm of the probability of each character, given
            those before it, in nats. The mean is the cross-entropy.

        Raises
        ------
        ValueError
            If the model is not fitted, or ``text`` is not a text or is empty.
        """
        self._check_fitted("negative_log_likelihood")
        check_text(text, "NGram.negative_log_likelihood")
        symbols = self._symbols(text)
        begins = np.zeros(1, dtype=int)
        contexts = np.zeros(len(symbols), dtype=int)
        chance = np.full(len(symbols), 1 / len(self.characters))
        for table in self._tables:
            chance = table.mix(contexts, symbols, chance)
            contexts = _one_later(table.find(contexts, symbols), begins)
        return -np.log(chance[1:])

    def probabilities(self, text: str) -> np.ndarray:
        """What may come after a text.

        Parameters
        ----------
        text : str
            What was written so far; the last ``context`` characters matter. An empty
            text asks for the first character of a text.

        Returns
        -------
        numpy.ndarray, shape (len(model.characters),)
            The probability of each of ``characters``; they sum to 1.

        Raises
        ------
        ValueError
            If the model is not fitted.
        """
        self._check_fitted("probabilities")
        contexts = [0]
        for symbol in self._symbols(text[max(0, len(text) - self.context) :]):
            contexts = self._read(contexts, int(symbol))
        return self._after(contexts)

    def _read(self, contexts: list[int], symbol: int) -> list[int]:
        """Go on by one symbol: the numbers of the contexts that now end here.

        The first one is the empty context, and each next one is longer by a character,
        up to the longest that was counted: anything longer was not counted either.
        """
        found = [0]
        for context, table in zip(contexts, self._tables[: self.context], strict=False):
            place = table.place(context, symbol)
            if place < 0:
                break
            found.append(place)
        return found

    def _after(self, contexts: list[int]) -> np.ndarray:
        """The chance of each symbol after these contexts."""
        chance = np.full(len(self.characters), 1 / len(self.characters))
        for context, table in zip(contexts, self._tables, strict=False):
            chance = table.mix_all(context, chance)
        return chance

    def _check_fitted(self, name: str) -> None:
        if not self._tables:
            raise ValueError(f"NGram.{name}: call fit(texts) first.")

    def _symbols(self, text: str) -> np.ndarray:
        """The start, then each character, as its place in ``characters``."""
        return np.array([0, *(self._places.get(character, 0) for character in text)])


@dataclass(frozen=True)
class _Counts:
    """How often each symbol came after each context of one length.

    The number of a context is the place of its last symbol, after the context that is
    one shorter, among the ``pairs`` of the table for that length; -1 is a new one.
    """

    symbols: int
    pairs: np.ndarray  # sorted: context × symbols + symbol; a last one larger than all
    times: np.ndarray  # how often each pair was counted
    totals: np.ndarray  # of each context; the last one, never counted, is 0
    kinds: np.ndarray  # how many different symbols came after each context

    @classmethod
    def of(cls, contexts: np.ndarray, came: np.ndarray, symbols: int) -> _Counts:
        known = contexts >= 0
        size = int(contexts.max()) + 2
        pairs, times = np.unique(
            contexts[known] * symbols + came[known], return_counts=True
        )
        return cls(
            symbols,
            np.append(pairs, np.iinfo(np.int64).max),
            np.append(times, 0),
            np.bincount(contexts[known], minlength=size),
            np.bincount(pairs // symbols, minlength=size),
        )

    def find(self, contexts: np.ndarray, came: np.ndarray) -> np.ndarray:
        """The place of each pair, -1 where it was never counted."""
        wanted = np.where(contexts >= 0, contexts * self.symbols + came, -1)
        places = np.searchsorted(self.pairs, wanted)
        return np.where(self.pairs[places] == wanted, places, -1)

    def mix(
        self, contexts: np.ndarray, came: np.ndarray, shorter: np.ndarray
    ) -> np.ndarray:
        """The chance of each symbol, given that after the context one shorter."""
        times = self.times[self.find(contexts, came)]  # -1 is the last one: 0 times
        contexts = np.where(contexts < len(self.totals), contexts, -1)
        totals = self.totals[contexts]
        # Nothing is known of a new context, so the shorter one decides alone.
        kinds = np.where(totals > 0, self.kinds[contexts], 1)
        return (times + kinds * shorter) / (totals + kinds)

    def place(self, context: int, symbol: int) -> int:
        """As `find`, of one pair."""
        wanted = context * self.symbols + symbol
        place = int(self.pairs.searchsorted(wanted))
        return place if self.pairs[place] == wanted else -1

    def mix_all(self, context: int, shorter: np.ndarray) -> np.ndarray:
        """As `mix`, of every symbol after one context."""
        if context >= len(self.totals) or not self.totals[context]:
            return shorter
        base = context * self.symbols
        first, end = self.pairs.searchsorted([base, base + self.symbols])
        times = np.zeros(self.symbols)
        times[self.pairs[first:end] - base] = self.times[first:end]
        kinds = self.kinds[context]
        return (times + kinds * shorter) / (self.totals[context] + kinds)


def _one_later(places: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """What ended at a symbol is the context of the next one, within one text."""
    contexts = np.concatenate([[-1], places[:-1]])
    contexts[begins] = -1
    return contexts
