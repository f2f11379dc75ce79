import html
import string
import subprocess
import sys
import unicodedata

import keras
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_lstm.text import cut_words, separate_words, words

# Pieces that meet in odd ways, and any character at all.
pieces = st.sampled_from(
    [
        *words._EMOJI_OF,
        *string.punctuation,
        *"aZ9é映ก \n\xa0\x85\x1c\0\u200b\u0301—“’´·DP3o\u200d\ufe0f🏽🙂",
        *["<br />", "<b", "</i>", '<a href="x">', "http://", "3.5", "don't"],
        *["👍🏽", "👩\u200d👧", "🇫🇷", "❤️"],
    ]
)
texts = st.lists(pieces, max_size=12).map("".join) | st.text(max_size=30)


def one(text):
    """The text, with its words separated."""
    (found,) = separate_words([text])
    return found


def with_one_form(text):
    """Letters beyond ASCII in lower case and composed."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(s if s.isascii() else s.lower() for s in composed)


@given(texts)
@settings(max_examples=500, deadline=None)
def test_a_second_call_changes_nothing(text):
    assert one(one(text)) == one(text)


@given(texts)
@settings(max_examples=300, deadline=None)
def test_no_letter_and_no_digit_is_lost(text):
    """But for those of tags and emoticons."""
    for sign in ("<", ">", ":", ";", "="):
        text = text.replace(sign, "")
    kept = [sign for sign in one(text) if sign.isalnum()]
    assert kept == [sign for sign in with_one_form(text) if sign.isalnum()]


@given(st.text(st.characters(categories=["L", "N", "Zs"], include_characters="\n\t")))
@settings(deadline=None)
def test_words_between_spaces_change_in_nothing_but_their_letters_form(text):
    assert one(text) == " ".join(with_one_form(text).split())


@given(texts)
@settings(max_examples=300, deadline=None)
def test_after_it_punctuation_glues_no_words(text):
    """Between two letters stands no sign but an apostrophe."""
    inside = [piece.strip(string.punctuation) for piece in one(text).split()]
    signs = {sign for piece in inside for sign in piece if sign in string.punctuation}
    assert signs <= {"'"}


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("good,bad", "good bad"),
        ("fine<br />film", "fine film"),
        ("<p>A <i class='x'>fine</i> film</P>", "A fine film"),
        ('see <a href="http://x.org/?a=b">here</a>', "see here"),
        ("a well-made film", "a well made film"),
        ("3.5 of 5, or 7/10", "3 5 of 5, or 7 10"),
        ("don't, rock'n'roll", "don't, rock'n'roll"),
        ("don’t it´s it`s", "don't it's it's"),
        ("“fine” — film…", "fine film"),
        ("cafe\u0301 café soft\xadly", "café café softly"),
        ("'good','bad'", "'good bad'"),
        ("left\xa0right\u3000up\x85down", "left right up down"),
        ("\ufeffgood\u200bbad\0worse", "good bad worse"),
        ("snake_case", "snake case"),
        ("fine film, fine!", "fine film, fine!"),
        ("a <b and c> d", "a <b and c> d"),
        ("I <loved> it", "I <loved> it"),
        ("हिन्दी-उर्दू", "हिन्दी उर्दू"),
        ("C'était déjà-vu", "C'était déjà vu"),
        ("", ""),
    ],
)
def test_what_would_be_glued_is_separated(text, due):
    assert one(text) == due


@pytest.mark.parametrize(
    ("text", "due"),
    [
        (":)", "🙂"),
        ("fun :-))) so", "fun 🙂 so"),
        ("great:) and bad:(", "great 🙂 and bad 🙁"),
        ("(it was bad :()", "(it was bad 🙁 )"),
        (";) :D :P :'( =) <3 </3 :/ ^_^", "😉 😃 😛 😢 🙂 ❤️ 💔 😕 😊"),
        (":o) >:(", "🙂 😠"),
        ("fun :D, fun :P!", "fun 😃 , fun 😛 !"),
        ("great🙂 👍🏽👍🏽 🇫🇷!", "great 🙂 👍🏽 👍🏽 🇫🇷 !"),
        ("👩\u200d👧❤️", "👩\u200d👧 ❤️"),
    ],
)
def test_emoticons_and_emoji_become_words(text, due):
    assert one(text) == due


def test_capitals_beyond_ascii_are_the_same_words_to_the_model():
    due = ["über", "über", "отлично", "отлично"]
    assert cut_words(one("Über ÜBER Отлично отлично")) == due


@pytest.mark.parametrize(
    "text",
    [
        "http://example.org",
        "x<3",
        "note:Do",
        "as follows:(1) this",
        "c:/users",
        "at 10:30",
        "a - b",
        "|:---:|",
        "x := (1)",
        "a >= b",
        "f(x=(1, 2))",
        "lambda:()",
    ],
)
def test_what_only_looks_like_an_emoticon_is_none(text):
    assert one(text).isascii()


def test_entities_are_read_first():
    text = html.unescape("fine&amp;dull,&nbsp;&quot;so&quot; don&#39;t &lt;3")
    assert one(text) == 'fine dull, "so" don\'t ❤️'


def stock(text, split):
    """What the layer of Keras cuts, before words become numbers."""
    layer = keras.layers.TextVectorization(split=split)
    (found,) = layer._preprocess(tf.constant([text])).to_list()
    return [word.decode() for word in found]


any_text = st.text(st.characters(codec="utf-8"), max_size=30) | texts


@pytest.mark.parametrize("split", ["whitespace", "character"])
@given(any_text)
@settings(max_examples=200, deadline=None)
def test_texts_are_cut_as_keras_cuts_them(split, text):
    assert cut_words(text, split) == stock(text, split)


@given(st.lists(pieces, max_size=6).map("".join))
@settings(max_examples=100, deadline=None)
def test_emoticons_survive_the_cut_of_keras(text):
    found = cut_words(one(f"so {text} :) :("))
    assert found[-2:] == ["🙂", "🙁"]


@pytest.mark.parametrize("split", ["words", "", None])
def test_another_way_to_split_is_refused(split):
    with pytest.raises(ValueError, match=r"cut_words: split=.*'character'"):
        cut_words("a film", split)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("a film", "separate_words: this is one text; give a list of them"),
        (["good", None], "separate_words: 1 of the 2 texts are not text"),
    ],
)
def test_what_cannot_be_separated_is_refused(texts, message):
    with pytest.raises(ValueError, match=message):
        separate_words(texts)


def test_separating_words_loads_no_tensorflow():
    code = (
        "import sys; from simple_lstm import text; text.separate_words(['a :)']); "
        "assert not {'tensorflow', 'keras'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
