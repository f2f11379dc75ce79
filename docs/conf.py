"""Settings of the site. What needs code of ours is in ``_ext``."""

import os
import sys
from pathlib import Path

import simple_lstm

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
# Worker processes that run the pages look the hooks up by name and need the path, too.
os.environ["PYTHONPATH"] = os.pathsep.join(
    [sys.path[0], *filter(None, [os.environ.get("PYTHONPATH")])]
)
# From here on a false claim is an error.
os.environ["SIMPLE_LSTM_DOCS_BUILD"] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Pages run side by side. Small LSTMs train as fast on one thread as on two, and
# scikit-learn is much slower with two if the page beside it wants them, too.
for _threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

project = "Simple LSTM"
author = "The Simple LSTM authors"
copyright = "2026, The Simple LSTM authors"
version = release = simple_lstm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "gallery",
    "accessibility",
    "mathml",
]
exclude_patterns = ["_build"]
nitpicky = True
# Without a network at build time, names of other projects cannot be looked up.
# Types in docstrings are prose ("shape (samples, horizon)"); our own are checked.
nitpick_ignore_regex = [
    (r"py:.*", r"(keras|matplotlib|numpy|pandas)\..*"),
    (r"py:(class|exc)", r"(?!simple_lstm).*"),
]
default_role = "py:obj"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
copybutton_exclude = ".linenos, .gp, .go"
copybutton_selector = "div.highlight-python pre, div.highlight-console pre"
copybutton_prompt_text = "$ "

html_theme = "furo"
html_title = "Simple LSTM"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"plot_\d+_",
    "within_subsection_order": "FileNameSortKey",
    "image_srcset": ["2x"],
    "thumbnail_size": (400, 280),
    "parallel": os.cpu_count() or 1,
    "ignore_repr_types": r"matplotlib\..*",
    "reset_modules": ("matplotlib", "gallery.reset"),
    "doc_module": "simple_lstm",
    "backreferences_dir": "gallery/backreferences",
    "reference_url": {},
    "write_computation_times": False,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
}
