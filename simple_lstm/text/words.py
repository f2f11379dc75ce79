"""Prepare texts so that a model finds the words in them.

A text model splits its texts itself, with `keras.layers.TextVectorization`: it deletes
ASCII punctuation and splits at whitespace. So ``good,bad`` becomes one word, and ``:)``
disappears. A saved model can do no more than that. `separate_words` does the rest
beforehand: call it once, right after loading, for everything that reads the texts.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable
from typing import Literal

from simple_lstm._input_checks import check_texts

TokenSplit = Literal["whitespace", "character"]
SIGNS = re.escape(string.punctuation)  # for a set in a regular expression

_EMOTICONS = {
    "🙂": ":) :-) :o) =) =-)",
    "🙁": ":( :-( :o( =( =-(",
    "😉": ";) ;-)",
    "😢": ":'( :'-( ='(",
    "🥲": ":') :'-) =')",
    "😠": ">:( >:-(",
    "😃": ":D :-D =D ;D ;-D",
    "😛": ":P :-P =P ;P ;-P :p :-p =p ;p ;-p",
    "😕": ":/ :-/ =/ :\\ :-\\",
    "😐": ":| :-|",
    "😮": ":O :-O :o :-o",
    "😘": ":* :-*",
    "😊": "^^ ^_^",
    "😑": "-_-",
    "❤️": "<3",
    "💔": "</3",
}
_EMOJI_OF = {one: emoji for emoji, signs in _EMOTICONS.items() for one in signs.split()}


def separate_words(texts: Iterable[str]) -> list[str]:
    """Separate words that would be glued together, and keep emoticons as words.

    Call it once, right after loading, and again for any text that a model reads later.
    Word vectors, models and baselines then get the same strings.

    - HTML tags become spaces: ``fine<br />film`` is two words.
    - Punctuation between letters or digits becomes a space, including hyphens and
      decimal points: ``good,bad``, ``well-made``, ``3.5``. An apostrophe stays, so
      ``don't`` is one word.
    - An emoticon becomes an emoji: ``:)`` is 🙂. Emoji get spaces around them.
    - Non-ASCII punctuation, control characters and spaces of any kind become spaces; a
      curly apostrophe becomes a straight one.
    - Non-ASCII letters become lowercase, each in one Unicode form (NFC): the model
      lowercases only A to Z. Soft hyphens are removed.

    Other punctuation stays: the model deletes it. This is meant for prose: in source
    code and tables, some signs look like emoticons.

    Parameters
    ----------
    texts : iterable of str
        Texts as they were loaded. If they contain entities such as ``&amp;``, pass each
        through ``html.unescape`` first.

    Returns
    -------
    list of str
        As many texts, in the same order. A second call changes nothing.

    Raises
    ------
    ValueError
        If ``texts`` is a single text, or something in it is not text.

    References
    ----------
    Read, J. (2005). Using emoticons to reduce dependency in machine learning techniques
    for sentiment classification. *ACL Student Research Workshop*, 43-48.

    Examples
    --------
    >>> from simple_lstm import text
    >>> text.separate_words([
    ...     "A well-made film:) Don't miss it!<br />9.5/10", "Dull..."
    ... ])
    ["A well made film 🙂 Don't miss it! 9 5 10", 'Dull...']
    """
    texts = texts if isinstance(texts, str) else list(texts)
    check_texts(texts, "separate_words")
    return [_separate(text) for text in texts]


def cut_words(text: str, split: TokenSplit = "whitespace") -> list[str]:
    """The words of a text, exactly as `keras.layers.TextVectorization` finds them.

    Parameters
    ----------
    text : str
        One text.
    split : {"whitespace", "character"}
        The layer's own setting: words are separated by whitespace, or every character
        is one.

    Returns
    -------
    list of str
        A to Z in lowercase, without ASCII punctuation.

    Raises
    ------
    ValueError
        If ``split`` is neither of the two.

    Examples
    --------
    >>> from simple_lstm import text
    >>> text.cut_words("A fine film, don't you think?")
    ['a', 'fine', 'film', 'dont', 'you', 'think']
    """
    check_split(split, "cut_words")
    text = text.translate(_STANDARDIZED)
    return list(text) if split == "character" else re.findall(r"[^ \t\n\v\f\r]+", text)


def check_split(split: str, what: str) -> None:
    """Refuse a way to split texts that is none of `TokenSplit`."""
    if split not in ("whitespace", "character"):
        raise ValueError(
            f"{what}: split={split!r}; choose 'whitespace' (words) or 'character'."
        )


_STANDARDIZED = str.maketrans(
    string.ascii_uppercase, string.ascii_lowercase, string.punctuation
)
_APOSTROPHES = str.maketrans("’‘´`", "''''")
_LETTERS_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_BEYOND_ASCII = re.compile(r"[^\w\s\x21-\x7e]")
_TAG_NAMES = (
    "a|abbr|b|big|blockquote|br|center|cite|code|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|"
    "li|ol|p|pre|q|s|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|ul?"
)
_ATTRIBUTE = r"\s+[\w-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+)"
_TAG = re.compile(rf"</?(?:{_TAG_NAMES})(?:{_ATTRIBUTE})*\s*/?>", re.IGNORECASE)


def _any_of(emoticons: Iterable[str]) -> str:
    """A pattern of these; the last sign may be repeated, as in ``:)))``."""
    longest_first = sorted(emoticons, key=len, reverse=True)
    return "|".join(f"{re.escape(one)}{re.escape(one[-1])}*+" for one in longest_first)


_FACES = [one for one in _EMOJI_OF if one[0] in ":;>" and one[-1] in "()"]
_FACE, _OTHER = _any_of(_FACES), _any_of(_EMOJI_OF.keys() - set(_FACES))
# A face may touch a word on one side, as in "great:)", but not on both: "see:(a)". The
# others look like parts of URLs and formulas, "http://", "x<3": they need spaces.
_EMOTICON = re.compile(
    rf"(?=[:;=^<>-])(?:(?<![^\W_])(?:{_FACE})|(?:{_FACE})(?![^\W_]|[()])"
    rf"|(?<![^\s.,!?()])(?:{_OTHER})(?![^\s.,!?()]))"
)
_PICTURE = (
    "[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*"
)
# A flag is a pair of letters; other emoji may have a color, or be several in one.
_EMOJI = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}(?:\u200d{_PICTURE})*")
_GLUE = re.compile(  # the first lookahead only makes it quick
    rf"(?=[{SIGNS}])(?<=[^\s{SIGNS}])(?!(?<=[^\W_])'[^\W_])[{SIGNS}]++(?=\S)"
)


def _separate(text: str) -> str:
    text = _separate_once(text)
    # What one pass separates may be a tag or an emoticon: "<b<br>>", "=):)".
    while _TAG.search(text) or _EMOTICON.search(text):
        text = _separate_once(text)
    return text


def _separate_once(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.replace("\xad", ""))
        text = _LETTERS_BEYOND_ASCII.sub(lambda found: found[0].lower(), text)
    text = _BEYOND_ASCII.sub(_space_for_punctuation, text.translate(_APOSTROPHES))
    text = _EMOTICON.sub(_emoji, _TAG.sub(" ", text))
    if not text.isascii():
        text = _EMOJI.sub(r" \g<0> ", text)
    return " ".join(_GLUE.sub(" ", text).split())


def _space_for_punctuation(found: re.Match[str]) -> str:
    """A space for punctuation, control characters and zero-width spaces."""
    kind = unicodedata.category(found[0])
    return (
        " "
        if kind == "Cc" or kind[0] == "P" or found[0] in "\u200b\ufeff"
        else found[0]
    )


def _emoji(found: re.Match[str]) -> str:
    known = found[0]
    while known not in _EMOJI_OF:  # the last sign is repeated
        known = known[:-1]
    return f" {_EMOJI_OF[known]} "
