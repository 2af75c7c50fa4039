"""The course's site, opened page by page in a browser."""

import functools
import http.server
import threading
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from keyboard import tab_stops

from course_tools import catalog
from course_tools.main import main
from course_tools.notebook import exercises, read
from course_tools.places import NOTEBOOKS as FOLDER

NOTEBOOKS = catalog.find(FOLDER)
LECTURES = [f"notebooks/{path.stem}.html" for path in NOTEBOOKS]
PAGES = [
    "index.html",
    "glossary.html",
    "notebooks/README.html",
    "notebooks/how_to_read.html",
    "data/README.html",
    "search.html",
    *LECTURES,
]
#: Pages whose colours, code and formulas are checked too, word by word, by day and by
#: night, which takes seconds; the rest looks the same.
THOROUGH = ["index.html", "glossary.html", LECTURES[8]]
WITHOUT = "document.querySelectorAll('pre, mjx-container').forEach((e) => e.remove())"


@pytest.fixture(scope="module")
def site(chromium, tmp_path_factory):
    """The folder of the site, as the command makes it."""
    for library in ("sphinx", "myst_nb", "pydata_sphinx_theme"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("build") / "site"
    assert main(["site", "--to", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def address(site):
    """The site on a server of this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def open_page(tab, url):
    """Go there, and wait until formulas are set and pictures are loaded."""
    tab.visit(url)
    tab.page.evaluate(
        """async () => {
            if (window.MathJax) await MathJax.startup.promise;
            for (const image of document.images) image.loading = "eager";
            await Promise.allSettled([...document.images].map((one) => one.decode()));
        }"""
    )


LOOK = """() => {
    const article = document.querySelector("article, main").cloneNode(true);
    article.querySelectorAll("pre, code, mjx-container").forEach((e) => e.remove());
    return {
        formulas: document.querySelectorAll(".math").length,
        set: document.querySelectorAll(".math > mjx-container").length,
        wrong: document.querySelectorAll("[data-mjx-error]").length,
        pictures: [...document.querySelectorAll("article img")].map(
            (image) => [image.alt, image.naturalWidth, image.clientWidth]),
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        markup: article.innerText.match(/\\*\\*|\\$\\$|\\\\[a-z]+\\{|\\]\\(/g) || [],
    };
}"""


def violations(page, **choice):
    """What axe finds that keeps people out, each with the first place."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    options = {"preload": False, "resultTypes": ["violations"]}  # fetch nothing again
    found = axe.Axe().run(page, options=options | choice).response["violations"]
    return [
        (one["id"], len(one["nodes"]), one["nodes"][0]["html"][:200])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page(shared_tab, address, name):
    """Everything is shown, nothing is fetched from elsewhere, all can read it."""
    open_page(shared_tab, address + name)
    page = shared_tab.page
    seen = page.evaluate(LOOK)
    assert seen["set"] == seen["formulas"]
    assert seen["wrong"] == 0
    assert seen["markup"] == []
    assert seen["overflow"] <= 0
    for alt, natural, shown in seen["pictures"]:
        assert natural > 0, alt
        assert shown > 0, alt
        assert len(alt) >= 30
    if name in LECTURES:
        assert seen["formulas"]
        assert seen["pictures"]
    if name in THOROUGH:
        assert violations(page) == []
    else:
        page.evaluate(WITHOUT)
        assert violations(page, rules={"color-contrast": {"enabled": False}}) == []
    assert [url for url in shared_tab.requests if not url.startswith(address)] == []
    assert shared_tab.problems == []


@pytest.mark.parametrize("name", THOROUGH[1:])
def test_page_in_the_dark(tab, address, name):
    tab.page.emulate_media(color_scheme="dark")
    tab.visit(address + name)
    assert tab.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert violations(tab.page, runOnly=["color-contrast"]) == []


@pytest.mark.parametrize("name", ["index.html", "glossary.html", *LECTURES[3:6:2]])
def test_page_on_a_phone(tab, address, name):
    tab.page.set_viewport_size({"width": 390, "height": 844})
    open_page(tab, address + name)
    assert tab.page.evaluate(LOOK)["overflow"] <= 0
    search = tab.page.locator(".navbar-persistent--mobile button").bounding_box()
    assert search["x"] + search["width"] <= 390


@pytest.mark.parametrize(
    ("place", "wanted", "found"),
    [
        ("server", "momentum", "04_optimizers.html"),
        ("server", "saliency map", "glossary.html#term-Saliency-map"),
        ("server", "交叉熵", "01_cross_entropy_vs_quadratic_cost.html"),
        ("server", "双向", "07_lstm.html"),
        ("file", "gradient", "01_cross_entropy_vs_quadratic_cost.html"),
        ("file", "梯度", "glossary.html"),
    ],
)
def test_search(shared_tab, site, address, place, wanted, found):
    tab = shared_tab
    start = address if place == "server" else site.as_uri() + "/"
    tab.visit(f"{start}search.html?q={wanted}")
    tab.page.get_by_text("Search finished").wait_for()
    links = tab.page.locator("#search-results li a")
    addresses = links.evaluate_all("all => all.map((one) => one.href)")
    assert [one for one in addresses if found in one], addresses
    assert tab.problems == []
    assert [url for url in tab.requests if not url.startswith(start)] == []


@pytest.mark.parametrize("name", ["index.html", LECTURES[0]])
def test_the_site_needs_no_server(shared_tab, site, name):
    folder = site.as_uri() + "/"
    open_page(shared_tab, folder + name)
    seen = shared_tab.page.evaluate(LOOK)
    assert seen["set"] == seen["formulas"]
    assert all(natural for _, natural, _ in seen["pictures"])
    assert [url for url in shared_tab.requests if not url.startswith(folder)] == []
    assert shared_tab.problems == []


def test_solutions_are_folded(shared_tab, address):
    shared_tab.visit(address + LECTURES[0])
    solutions = shared_tab.page.locator("details:has-text('Show the solution')")
    assert solutions.count() == len(exercises(read(NOTEBOOKS[0])))
    code = solutions.first.locator("pre")
    assert not code.is_visible()
    solutions.first.locator("summary").click()
    assert code.is_visible()


@pytest.mark.parametrize("name", ["index.html", LECTURES[8]])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(tab, address, name):
    page = tab.page
    open_page(tab, address + name)
    stops = tab_stops(page)
    assert [stop for stop in stops if not stop["seen"]] == []
    assert stops[0]["text"] == "Skip to main content"
    seen = "all.filter((a) => a.checkVisibility({visibilityProperty: true}))"
    shown = page.locator("article a[href]").evaluate_all(
        f"all => {seen}.map((a) => a.getAttribute('href'))"
    )
    assert set(shown) <= {stop["href"] for stop in stops}
    # the first stop leads past the navigation
    page.evaluate("document.activeElement.blur(), scrollTo(0, 0)")
    tab.visit(address + name)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = "document.activeElement.closest('main') !== null"
    assert page.evaluate(inside)


def test_the_keyboard_searches_and_opens_solutions(tab, address):
    page = tab.page
    open_page(tab, address + LECTURES[0])
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.type") == "search"
    page.keyboard.press("Escape")
    assert not page.locator("dialog[open]").count()
    solution = page.locator("details:has-text('Show the solution')").first
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    assert solution.locator("pre").is_visible()


class Links(HTMLParser):
    """Anchors of a page, what it links to, and what it loads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.targets, self.loaded = {""}, set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        table = dict(attributes)
        self.anchors |= {table.get("id"), table.get("name")}
        if tag == "a" and table.get("href"):
            self.targets.add(table["href"])
        if table.get("src") or (tag == "link" and table.get("href")):
            self.loaded.add(table.get("src") or table["href"])


def test_links_resolve(site):
    """Every link inside the site leads to a file and to an anchor that it has."""
    found = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    pages = {path: Links(path.read_text("utf-8")) for path in found}
    assert len(pages) == len(PAGES)
    checked = 0
    for path, page in pages.items():
        for link in page.targets | page.loaded:
            parts = urlsplit(urljoin(path.as_uri(), link))
            if parts.scheme != "file":
                assert link not in page.loaded, link
                continue
            target = site / unquote(parts.path).removeprefix(unquote(site_path(site)))
            assert target.is_file(), (path.name, link)
            if target.suffix == ".html":
                assert unquote(parts.fragment) in pages[target].anchors, link
            checked += 1
    assert checked > 1000


def site_path(site):
    return urlsplit(site.as_uri() + "/").path


def test_every_notebook_has_its_page(site):
    assert {path.stem for path in (site / "notebooks").glob("[0-9]*.html")} == {
        path.stem for path in NOTEBOOKS
    }
