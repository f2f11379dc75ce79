"""The how-to pages: their code runs as a reader copies it, from top to bottom."""

import re
import sys
import textwrap
from pathlib import Path

import pytest
from processes import complaints, run

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs" / "how-to").glob("*.rst"))
# What cannot run here (a GPU, an installation) is a block of console or text.
BLOCK = re.compile(r"^( *)\.\. code-block:: python\n\n((?:\1 {3}.*\n|\n)+)", re.M)
PHONE_WIDTH = 76  # characters; longer lines have to be scrolled to be read


def code_of(page: Path) -> str:
    """The Python blocks of a page, in order, as one script."""
    text = page.read_text(encoding="utf-8") + "\n"
    blocks = [textwrap.dedent(found[1]).strip() for found in BLOCK.findall(text)]
    assert len(blocks) == text.count("code-block:: python"), "a block was not read"
    return "\n\n".join(blocks) + "\n"


@pytest.mark.downloads
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_without_a_complaint(page, tmp_path):
    script = tmp_path / "page.py"
    script.write_text(code_of(page), encoding="utf-8")
    result = run(sys.executable, tmp_path, script.name)
    assert result.returncode == 0, result.stderr[-3000:]
    assert complaints(result) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_is_narrow_enough_for_a_phone(page):
    wide = [line for line in code_of(page).splitlines() if len(line) > PHONE_WIDTH]
    assert wide == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_where_to_read_on(page):
    last = page.read_text(encoding="utf-8").split("Where to read on\n")[-1]
    assert ":doc:`/gallery/" in last
    assert "/reference/" in last
