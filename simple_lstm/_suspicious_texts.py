"""What may be lost of texts on their way into a model."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import Any

import numpy as np

from simple_lstm._fit_data import Part, is_text, some
from simple_lstm._model_facts import cutter_of
from simple_lstm._refused_inputs import start, without_spaces
from simple_lstm._suspicions import TERM, Row

_SIGNS = re.escape(string.punctuation)
# Punctuation between letters, or a space that TensorFlow does not cut at. An apostrophe
# inside a word is no loss.
_GLUED = re.compile(
    rf"(?<=[^\s{_SIGNS}])(?!(?<=[^\W_])'[^\W_])[{_SIGNS}]+(?=[^\s{_SIGNS}])"
    r"|(?<=\S)[^\S \t\n\v\f\r](?=\S)"
)


def glued_words(model: Any, part: Part) -> Iterator[Row]:
    """Words that become one because the model deletes what stands between them."""
    settings = cutter_of(model)
    plain = settings.get("standardize") == "lower_and_strip_punctuation"
    if not plain or settings.get("split") != "whitespace":
        return
    texts = _texts(part, 2000)
    glued = [text for text in texts if _GLUED.search(text)]
    if glued:
        piece = next(one for one in glued[0].split(" ") if _GLUED.search(one))
        became = re.sub(f"[{_SIGNS}]", "", piece).lower()
        yield (
            f"in {len(glued):,} of {len(texts):,} texts of {part.name} looked at, "
            f"words are glued together: {start(piece)} is read as {start(became)}",
            "set them apart, here and before predict: texts = "
            "text.separate_words(texts)",
            f"{TERM}vocabulary",
        )


def few_without_spaces(model: Any, part: Part) -> Iterator[Row]:
    """Some texts that put no spaces between words; if most do, it is an error."""
    if cutter_of(model).get("split") != "whitespace":
        return
    texts = _texts(part, 1000)
    pieces = without_spaces(texts)
    if pieces:
        yield (
            f"{len(pieces):,} of {len(texts):,} texts of {part.name} looked at have no "
            f"spaces between their words: {start(pieces[0])} is read as one word",
            'give such texts a model of their own, with split="character"',
            f"{TERM}vocabulary",
        )


def _texts(part: Part, most: int) -> list[str]:
    found = [some(array.ravel(), most) for array in part.inputs if is_text(array)]
    return [str(text) for text in np.concatenate(found)] if found else []
