"""Checks of what a model is given, shared by all that runs one."""

from collections.abc import Sequence


def check_texts(texts: Sequence[str], what: str) -> None:
    """Refuse what is not a sequence of texts.

    Parameters
    ----------
    texts : sequence of str
        What came.
    what : str
        Who asks, to begin the error with: "text_classifier".

    Raises
    ------
    ValueError
        If it is a single text, or holds something that is no text.
    """
    if isinstance(texts, str):
        raise ValueError(
            f"{what}: this is one text; give a list of them: [text], or its lines, "
            "text.splitlines()."
        )
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise ValueError(
            f"{what}: {len(wrong):,} of the {len(texts):,} texts are not text; the "
            f"first is {wrong[0]!r}. Leave out what is missing."
        )


def check_text(text: str, what: str) -> None:
    """Refuse what is not one text with at least one character.

    Parameters
    ----------
    text : str
        What came.
    what : str
        Who asks, to begin the error with: "generate: the prompt".

    Raises
    ------
    ValueError
        If it is something else, or empty.
    """
    if not isinstance(text, str):
        raise ValueError(f"{what}: expected a text (str), not a {type(text).__name__}.")
    if not text:
        raise ValueError(f"{what}: the text is empty. Give at least one character.")
