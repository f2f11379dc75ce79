"""The built site in a real browser, as readers meet it."""

import functools
import http.server
import os
import re
import shutil
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
]
ROOT = Path(__file__).parents[2]
SITE = ROOT / "docs" / "_build" / "html"
PAGES = sorted(
    str(path.relative_to(SITE))
    for path in SITE.rglob("*.html")
    if "_static" not in path.parts
) or ["index.html"]


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def address(site):
    handler = functools.partial(Silent, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser(site):
    if CHROMIUM is None:
        assert not os.environ.get("CI"), "Chromium must be installed in CI"
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, chromium_sandbox=False
        )
        yield chromium
        chromium.close()


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_clean_and_accessible(browser, address, page, theme):
    context = browser.new_context(color_scheme=theme)
    tab = context.new_page()
    requests, problems = [], []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on(
        "console",
        lambda message: (
            problems.append(message.text)
            if message.type in {"error", "warning"}
            else None
        ),
    )
    tab.goto(address + page, wait_until="load")
    found = Axe().run(tab).response["violations"]
    context.close()
    foreign = [url for url in requests if not url.startswith((address, "data:"))]
    assert foreign == []
    assert problems == []
    complaints = {
        violation["id"]: [node["html"][:200] for node in violation["nodes"][:3]]
        for violation in found
    }
    assert complaints == {}


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(browser, address, page):
    context = browser.new_context(viewport={"width": 360, "height": 740})
    tab = context.new_page()
    tab.goto(address + page, wait_until="load")
    width = tab.evaluate("document.scrollingElement.scrollWidth")
    context.close()
    assert width <= 360


@pytest.mark.browser
@pytest.mark.parametrize("page", [page for page in PAGES if "/plot_" in page])
def test_a_gallery_page_is_light(browser, address, page):
    context = browser.new_context()
    tab = context.new_page()
    sizes = []
    tab.on("requestfinished", lambda request: sizes.append(request.sizes()))
    tab.goto(address + page, wait_until="networkidle")
    context.close()
    assert sum(size["responseBodySize"] for size in sizes) <= 600_000


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.names = [], set()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.names.add(values.get("id"))
        for name in ("href", "src"):
            if values.get(name):
                self.links.append(values[name])


def read(path: Path) -> Links:
    parser = Links()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize("page", PAGES)
def test_every_internal_link_and_download_answers(site, page):
    for link in read(site / page).links:
        if link.startswith(("http:", "https:", "data:", "mailto:")):
            continue
        target, name = urldefrag(urljoin(page, link))
        path = site / unquote(target).split("?")[0]
        assert path.is_file(), f"{page} links to {link}"
        if name and path.suffix == ".html":
            assert unquote(name) in read(path).names, f"{page} links to {link}"


def test_every_page_stands_on_the_site_with_figures_and_downloads(site):
    for source in ROOT.glob("examples/*/plot_*.py"):
        page = site / "gallery" / source.parent.name / f"{source.stem}.html"
        text = page.read_text(encoding="utf-8")
        assert text.count("sphx-glr-single-img") >= 3
        assert "Holds: " in text
        for ending in (".py", ".ipynb", ".zip"):
            assert f"/{source.stem}{ending}" in text


def test_no_page_shows_a_path_of_this_machine(site):
    for page in site.rglob("*.html"):
        assert str(ROOT) not in page.read_text(encoding="utf-8")


def test_no_page_shows_the_bare_name_of_an_object(site):
    for page in (site / "gallery").rglob("plot_*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(
            r"object at 0x|np\.str_|\[Text\(|\[&lt;matplotlib", text
        ), page


USED_BY = {
    "forecasting": ("make_windows", "plot_1_forecast_traffic"),
    "text": ("word_vectors", "plot_1_classify_reviews"),
    "characters": ("CharacterStreams", "plot_1_write_python"),
    "plots": ("scoreboard", "plot_1_train_first_lstm"),
    "datasets": ("load_traffic", "plot_1_forecast_traffic"),
}


@pytest.mark.parametrize("room", USED_BY)
def test_functions_name_the_pages_that_use_them(site, room):
    text = (site / "reference" / f"{room}.html").read_text(encoding="utf-8")
    name, page = USED_BY[room]
    entries = re.split(rf'id="simple_lstm\.{room}\.(\w+)"', text)
    entry = entries[entries.index(name) + 1]
    assert f"{page}.html" in entry


def test_equations_are_mathml_made_while_the_site_is_built(site):
    page = (site / "explanation" / "lstm.html").read_text(encoding="utf-8")
    assert page.count('<math xmlns="http://www.w3.org/1998/Math/MathML"') > 10
    built = site / "gallery" / "1_understand" / "plot_2_build_the_cell.html"
    assert built.read_text(encoding="utf-8").count('display="block"') >= 6
    for path in site.rglob("*.html"):
        # A class that tells notebooks to leave a text alone is no MathJax.
        text = path.read_text(encoding="utf-8").replace("mathjax_ignore", "")
        assert "mathjax" not in re.sub(r"<[^>]*search[^>]*>", "", text).lower(), path


def test_each_part_of_the_diagram_leads_to_its_equation_and_its_line(site):
    page = (site / "explanation" / "lstm.html").read_text(encoding="utf-8")
    diagram = re.search(r"<svg viewBox.*?</svg>", page, re.S)[0]
    assert "<title" in diagram
    assert "<desc" in diagram
    linked = set(re.findall(r'<a href="#([\w-]+)"', diagram))
    for part, symbol in [
        ("forget-gate", "forget"),
        ("input-gate", "input"),
        ("candidate", "candidate"),
        ("output-gate", "output"),
        ("cell-state", "cell"),
        ("hidden-state", "hidden"),
    ]:
        section = re.search(rf'<section id="{part}">.*?</section>', page, re.S)[0]
        assert "<math" in section
        code = re.sub(r"<[^>]+>", "", section)
        assert re.search(rf"^{symbol} = ", code, re.M), part
        linked.remove(part)
    assert linked == {"the-sums"}


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_diagram_follows_the_theme(browser, address, theme):
    context = browser.new_context(color_scheme=theme)
    tab = context.new_page()
    tab.goto(address + "explanation/lstm.html", wait_until="load")
    color = tab.evaluate(
        "getComputedStyle(document.querySelector('.cell-diagram text')).fill"
    )
    page = tab.evaluate("getComputedStyle(document.querySelector('article')).color")
    assert color == page
    wide = tab.evaluate(
        "document.querySelector('math[display=block]').getBoundingClientRect().height"
    )
    assert wide > 15
    context.close()
