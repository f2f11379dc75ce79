"""How the pages of the gallery are run."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import warnings
from functools import partialmethod
from pathlib import Path
from textwrap import dedent
from zipfile import ZipFile

from PIL import Image

import simple_lstm


def reset(gallery_conf: dict, page: str) -> None:
    """Before each page: no trace of the last one, and every warning is an error.

    A page that warns would otherwise print the warning, with the path of this
    checkout, into what the reader sees.
    """
    os.environ["SIMPLE_LSTM_DOCS_BUILD"] = "1"
    if page is None:
        return
    import keras  # late: a build that runs no page needs no TensorFlow

    warnings.resetwarnings()
    warnings.simplefilter("error")
    # Raised inside Keras and TensorFlow, not by anything that a page does.
    inside = r"(keras|tensorflow)\."
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=inside)
    warnings.filterwarnings("ignore", category=ResourceWarning)
    # It counts the models of all pages of a process, and would blame the last one.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.WARNING)  # progress of training
    keras.utils.clear_session()  # forgets settings, too
    keras.config.disable_interactive_logging()  # no progress bars on the page
    if not isinstance(vars(keras.Model)["summary"], partialmethod):
        # Or Keras would write summaries to a log as well.
        keras.Model.summary = partialmethod(keras.Model.summary, print_fn=print)


def setup(app) -> dict:
    """Run before sphinx-gallery decides which pages are up to date."""
    app.connect("builder-inited", _rerun_if_package_changed, priority=100)
    app.connect("builder-inited", _end_of_gallery, priority=900)
    app.connect("builder-inited", _shrink_figures, priority=900)
    app.connect("builder-inited", _finish_notebooks, priority=900)
    app.connect("autodoc-process-docstring", _list_examples, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _list_examples(app, what, name, obj, options, lines) -> None:
    """End the entry of a function or class with the pages that use it."""
    backreferences = app.config.sphinx_gallery_conf["backreferences_dir"]
    pages = Path(app.srcdir, backreferences, f"{name}.examples")
    if what in {"function", "class"} and pages.exists() and pages.stat().st_size:
        lines += [
            "",
            ".. rubric:: Pages that use it",
            "",
            f".. minigallery:: {name}",
            "",
        ]


def _rerun_if_package_changed(app) -> None:
    """Drop the checksums of all pages if a file of the package has changed.

    sphinx-gallery compares a page with its own last version alone.
    """
    gallery = Path(app.srcdir, app.config.sphinx_gallery_conf["gallery_dirs"])
    record = gallery / "package.sha256"
    current = _package_hash()
    if record.exists() and record.read_text() == current:
        return
    for checksum in gallery.rglob("*.md5"):
        checksum.unlink()
    gallery.mkdir(exist_ok=True)
    record.write_text(current)


def _end_of_gallery(app) -> None:
    """Pages that run in this process leave `reset` behind: warnings as errors."""
    warnings.resetwarnings()
    for kind in (DeprecationWarning, PendingDeprecationWarning):
        warnings.simplefilter("ignore", kind)  # as Python does; Sphinx has some


def _shrink_figures(app) -> None:
    """Give each figure a palette of 256 colors: a third of the bytes, the same look."""
    gallery = Path(app.srcdir, app.config.sphinx_gallery_conf["gallery_dirs"])
    for path in gallery.rglob("images/**/*.png"):
        with Image.open(path) as image:
            # Maximum coverage keeps every color of a color bar what it is.
            small = None
            if image.mode != "P":
                small = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)
        if small:
            small.save(path, optimize=True)


_FOLD = re.compile(r"^\.\. dropdown:: (.+)\n\n((?:[ ]+.*\n?|\n(?=[ ]))+)", re.M)


def _finish_notebooks(app) -> None:
    """Turn what sphinx-gallery leaves as it is into Markdown, also in the archives."""
    gallery = Path(app.srcdir, app.config.sphinx_gallery_conf["gallery_dirs"])
    for path in gallery.rglob("plot_*.ipynb"):
        before = path.read_text(encoding="utf-8")
        notebook = json.loads(before)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = [_as_markdown("".join(cell["source"]))]
        after = json.dumps(notebook, indent=2)
        if after == before:
            continue
        path.write_text(after, encoding="utf-8")
        with ZipFile(path.with_suffix(".zip"), "w") as archive:
            for part in (path.with_suffix(".py"), path):
                archive.write(part, part.name)


def _as_markdown(text: str) -> str:
    """Answers that fold out stay foldable; links to other pages become their names.

    Terms of the glossary become plain words.
    """
    text = _FOLD.sub(
        lambda match: (
            f"<details><summary>{match[1]}</summary>\n\n"
            f"{dedent(match[2]).strip()}\n\n</details>\n"
        ),
        text,
    )
    text = re.sub(r":doc:`/[\w/-]*/(\w+)`", r"``\1``", text)
    return re.sub(r":term:`([^`<]+?)(?: <[^`]*>)?`", r"\1", text)


def _package_hash() -> str:
    folder = Path(simple_lstm.__file__).parent
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            total.update(str(path.relative_to(folder)).encode())
            total.update(path.read_bytes())
    return total.hexdigest()
