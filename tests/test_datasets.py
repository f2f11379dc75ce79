import gzip
import importlib.resources

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
