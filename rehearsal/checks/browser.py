"""This system's Chromium at a tier's own address, driven by Playwright as a person at a desk would."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import ConsoleMessage, Error, Page, Response, sync_playwright

from rehearsal.checks import Subject
from rehearsal.checks.static_files import names
from rehearsal.places import BUILD
from rehearsal.prerequisites import BROWSERS, found_browser


def no_browser() -> str:
    """What is missing for a page to be opened, if anything."""
    return "" if found_browser() else f"a browser, which is not here: install one of {', '.join(BROWSERS)}"


@contextmanager
def browser(subject: Subject, *, complaints: list[str]) -> Iterator[Page]:
    """A page that finds the domain at the host's address, and its files at their distribution's; complaints are noted.

    Those are errors of scripts, what the page's own policy forbade, and answers of 500 and above.
    """
    with sync_playwright() as playwright:
        known = ", ".join(f"MAP {name} {address}" for name, address in names(subject).items())
        launched = playwright.chromium.launch(
            executable_path=found_browser(),
            # Chromium's own sandbox refuses root. It sees no address but the tier's: every other name leads nowhere.
            args=["--no-sandbox", f"--host-resolver-rules={known}, MAP * ~NOTFOUND"],
        )
        try:
            page = launched.new_page(
                base_url=f"https://{subject.domain}",
                ignore_https_errors=True,  # whose certificate it is, is another check's
                locale="es-AR",
                viewport={"width": 1280, "height": 800},
            )
            page.set_default_timeout(15_000)
            _listen(page, complaints)
            yield page
        finally:
            launched.close()


def _listen(page: Page, complaints: list[str]) -> None:
    """Notes what goes wrong in a page."""

    def console(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.append(f"{said.text[:200]} ({said.location['url']})")

    def failed(error: Error) -> None:
        complaints.append(str(error)[:200])

    def answered(response: Response) -> None:
        if response.status >= 500:
            complaints.append(f"{response.status} {response.url}")

    page.on("console", console)
    page.on("pageerror", failed)
    page.on("response", answered)


def picture(page: Page, tier: str, name: str) -> None:
    """Keeps what the page looks like now; `make pictures` takes it into the documentation."""
    folder = BUILD / "rehearsal" / f"{tier}-pages"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"{name}.png"))
