"""What must stop a build of the site, and what must start the gallery again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip(
    "sphinx_gallery", reason='needs Sphinx: python -m pip install -e ".[docs]"'
)

ROOT = Path(__file__).parents[2]
PAGE = '"""\nTitle\n=====\n\nText.\n"""\n\n'
PAGES = {
    "claim": "from simple_lstm.evaluation import claim\n\nclaim('pigs fly', False)\n",
    "warning": "import warnings\n\nwarnings.warn('old')\n",
    "fine": "from simple_lstm.evaluation import claim\n\nclaim('1 is 1', True)\n",
}


def small_site(folder: Path) -> Path:
    """The settings of the real site around three tiny pages."""
    docs, group = folder / "docs", folder / "examples" / "1_only"
    group.mkdir(parents=True)
    docs.mkdir()
    for name in ("_ext", "_static"):
        shutil.copytree(ROOT / "docs" / name, docs / name)
    shutil.copy(ROOT / "docs" / "conf.py", docs)
    (docs / "index.rst").write_text(
        "Site\n====\n\n.. toctree::\n\n   gallery/index\n\n`simple_lstm.nothing`\n\n"
        ":math:`\\nothing{x}`\n"
    )
    for place in (folder / "examples", group):
        (place / "GALLERY_HEADER.rst").write_text("Pages\n=====\n")
    for number, (name, code) in enumerate(PAGES.items(), start=1):
        (group / f"plot_{number}_{name}.py").write_text(PAGE + code)
    return docs


def test_false_claims_warnings_and_broken_references_fail_the_build(tmp_path):
    docs = small_site(tmp_path)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-b", "html"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "SIMPLE_LSTM_DOCS_BUILD"
    }
    result = subprocess.run(
        [*command, docs, tmp_path / "html"],
        env=environment | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode != 0
    report = result.stdout + result.stderr
    assert "claims what its run did not show: pigs fly" in report
    assert "UserWarning: old" in report
    assert "reference target not found: simple_lstm.nothing" in report
    assert "equation not understood" in report
    assert "Unexpected failing examples (2)" in report


def test_a_change_in_the_package_starts_the_gallery_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    import gallery

    app = SimpleNamespace(
        srcdir=tmp_path,
        config=SimpleNamespace(sphinx_gallery_conf={"gallery_dirs": "gallery"}),
    )
    checksum = tmp_path / "gallery" / "1_only" / "plot_1_page.py.md5"
    checksum.parent.mkdir(parents=True)
    gallery._rerun_if_package_changed(app)
    checksum.write_text("as built")
    gallery._rerun_if_package_changed(app)
    assert checksum.exists()
    monkeypatch.setattr(gallery, "_package_hash", lambda: "another")
    gallery._rerun_if_package_changed(app)
    assert not checksum.exists()
