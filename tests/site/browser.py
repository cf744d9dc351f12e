"""A person at Airflow's pages, in Chromium: once in light, once in dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import which
from typing import Any
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import sync_playwright

SCHEMES = ("light", "dark")
WIDTH = 1500
# A page is as high as what is to be seen on it.
HEIGHTS = {"form": 1200, "approval": 1130, "log": 820, "graph": 440}
PATIENCE = 60_000


class Person:
    """Somebody who is logged in.

    :param pages: a page for each of the schemes.
    :param pictures: the folder to write pictures to.
    """

    def __init__(self, url: str, pages: Mapping[str, Any], pictures: Path) -> None:
        self.url = url
        self.pages = pages
        self.pictures = pictures

    def log_in(self, password: str) -> None:
        """Log in, on both pages."""
        for page in self.pages.values():
            page.goto(self.url)
            page.locator("input[name=username]").fill("admin")
            page.locator("input[name=password]").fill(password)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{self.url}/")

    def picture(self, name: str, show: Callable[[Any], Any]) -> None:
        """Take a picture in each scheme.

        :param name: the picture's.
        :param show: makes the page show it, and returns what is to be taken.
        """
        for scheme, page in self.pages.items():
            page.set_viewport_size({"width": WIDTH, "height": HEIGHTS[name]})
            shown = show(page)
            # What moves has come to rest.
            page.wait_for_timeout(1500)
            taken = Image.open(BytesIO(shown.screenshot(animations="disabled"))).convert("RGB")
            taken.quantize(256).save(self.pictures / f"{name}-{scheme}.png", optimize=True)

    def trigger(self, dag_id: str, **fields: str) -> str:
        """Fill in the form and take a picture of it; then send it once.

        :return: the run's id.
        """

        def show(page: Any) -> Any:
            page.goto(f"{self.url}/dags/{dag_id}")
            page.get_by_role("button", name="Trigger").first.click()
            form = page.locator("[role=dialog][data-state=open]")
            for name, value in fields.items():
                form.locator(f"[name=element_{name}]").fill(value)
            return form

        self.picture("form", show)
        page = self.pages[SCHEMES[-1]]
        page.get_by_role("dialog").get_by_role("button", name="Trigger", exact=True).click()
        page.wait_for_url("**/runs/**")
        return str(page.url.rpartition("/runs/")[2])

    def look(self, name: str, path: str, text: str) -> None:
        """Open a page, and take a picture of it once a text is there."""

        def show(page: Any) -> Any:
            page.goto(f"{self.url}/dags/{quote(path, '/')}")
            page.get_by_text(text).first.wait_for()
            return page

        self.picture(name, show)

    def graph(self, dag_id: str, run_id: str) -> None:
        """Take a picture of a run's graph, with all its groups open."""

        def show(page: Any) -> Any:
            page.goto(f"{self.url}/dags/{dag_id}/runs/{quote(run_id)}")
            page.get_by_label("Show Graph").click()
            page.get_by_label("Collapse Details Panel").click()
            page.get_by_label("Expand all task groups").click()
            page.get_by_test_id("rf__node-summary").wait_for()
            page.add_style_tag(content=".react-flow__panel { display: none }")
            return page.locator(".react-flow").first

        self.picture("graph", show)

    def approve(self) -> None:
        """Answer what the page asks."""
        self.pages[SCHEMES[-1]].get_by_role("button", name="Approve", exact=True).click()


@contextmanager
def person(url: str, password: str, pictures: Path) -> Iterator[Person]:
    """Somebody at two pages, for the time of a block."""
    with sync_playwright() as playwright:
        # As root it has no sandbox, and it opens nothing but this machine's pages. Grey letters make small pictures.
        args = ["--no-sandbox", "--disable-lcd-text"]
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=args)
        pages = {}
        for scheme in SCHEMES:
            pages[scheme] = browser.new_context(color_scheme=scheme).new_page()
            pages[scheme].set_default_timeout(PATIENCE)
        made = Person(url, pages, pictures)
        made.log_in(password)
        yield made
        browser.close()
