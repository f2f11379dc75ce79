"""The how-to pages: their code runs as a reader copies it, from top to bottom."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.rst"))
# What cannot run here (a GPU, an installation) is a block of console or text.
BLOCK = re.compile(r"^( *)\.\. code-block:: python\n\n((?:\1 {3}.*\n|\n)+)", re.M)
PHONE_WIDTH = 76  # characters; longer lines have to be scrolled to be read
SETTINGS = {
    "MPLBACKEND": "Agg",
    "OMP_NUM_THREADS": "1",
    "PYTHONIOENCODING": "utf-8",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
# TensorFlow greets on stderr with lines that no setting silences.
GREETINGS = ("absl::InitializeLog", "port.cc", "cudart_stub.cc", "cpu_feature_guard.cc")


def code_of(page: Path) -> str:
    """The Python blocks of a page, in order, as one script."""
    text = page.read_text(encoding="utf-8") + "\n"
    blocks = [textwrap.dedent(found[1]).strip() for found in BLOCK.findall(text)]
    assert len(blocks) == text.count("code-block:: python"), "a block was not read"
    return "\n\n".join(blocks) + "\n"


def run(script: Path) -> subprocess.CompletedProcess:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "SIMPLE_LSTM_DOCS_BUILD"
    }
    return subprocess.run(
        [sys.executable, script.name],
        cwd=script.parent,
        env=environment | SETTINGS,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_without_a_complaint(page, tmp_path):
    script = tmp_path / "page.py"
    script.write_text(code_of(page), encoding="utf-8")
    result = run(script)
    assert result.returncode == 0, result.stderr[-3000:]
    complaints = [
        line
        for line in result.stderr.splitlines()
        if line and not any(greeting in line for greeting in GREETINGS)
    ]
    assert complaints == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_is_narrow_enough_for_a_phone(page):
    wide = [line for line in code_of(page).splitlines() if len(line) > PHONE_WIDTH]
    assert wide == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_where_to_read_on(page):
    last = page.read_text(encoding="utf-8").split("Where to read on\n")[-1]
    assert ":doc:`/gallery/" in last
    assert "/reference/" in last
