"""A day at the office's desk, in a real browser: people, vehicles and officers made, a token issued and revoked, a fine found and taken
into a spreadsheet, a delete refused, and all of it in the history.
"""

from __future__ import annotations

import datetime
import time
import uuid
from pathlib import Path

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page, expect

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.answers import answered
from rehearsal.checks.browser import browser, no_browser, picture
from rehearsal.checks.people import People, administrator, manage


@check("single", beside=True, takes=no_browser)
def the_office_works_in_a_real_browser_from_login_to_a_refused_delete(subject: Subject) -> str:
    password = administrator(subject)
    manage(subject, "demo")
    complaints: list[str] = []
    try:
        with browser(subject, complaints=complaints) as page:
            seen = _day(page, subject, password)
    except (BrowserError, AssertionError) as error:
        raise CheckError(f"{str(error)[:400]}; the browser complained of {complaints}") from error
    finally:
        manage(subject, "demo", "--borrar")
    if complaints:
        raise CheckError(f"the browser complained: {complaints[:3]}")
    return seen


def _day(page: Page, subject: Subject, password: str) -> str:
    tier, mark = subject.tier.run.tier, uuid.uuid4().hex[:6].upper()
    plate, name, mail, number = f"ES{mark}", f"Escritorio {mark}", f"{mark.lower()}@prueba.example", f"E{mark[::-1]}"
    page.goto("/admin/")
    picture(page, tier, "login")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", password)
    page.click("[type=submit]")
    expect(page.locator("#content")).to_contain_text("Infracciones")
    _made(page, "persona", nombre=name, correo=mail)
    page.goto("/admin/infracciones/vehiculo/add/")
    page.fill("[name=placa_patente]", plate)
    page.fill("[name=marca]", "Prueba")
    page.fill("[name=color]", "gris")
    _choose(page, "persona", mark)
    _save(page)
    _made(page, "oficial", nombre=f"Oficial {number}", numero=number)
    page.goto(f"/admin/infracciones/oficial/?q={number}")
    page.get_by_role("link", name="Emitir un token").click()
    _save(page, told=False)
    token = page.locator("#token").inner_text()
    picture(page, tier, "token")  # which is revoked below
    posted = _load(subject, token, plate)
    for words in (plate, mail, f"Escritorio {mark}", number, f"{plate} {posted}", f"{posted} formulario{mark}"):
        page.goto(f"/admin/infracciones/infraccion/?q={words}")
        expect(page.locator("#result_list tbody tr")).to_have_count(1)
        expect(page.locator("#result_list")).to_contain_text("Luz roja")
    _spreadsheet(page, mark)
    _revoked(page, subject, number, token, plate)
    page.goto(f"/admin/infracciones/vehiculo/?q={plate}")
    page.click("#result_list tbody th a")
    page.click("a.deletelink")
    expect(page.locator("#content")).to_contain_text("objetos relacionados protegidos")
    expect(page.locator("#content input[type=submit]")).to_have_count(0)
    picture(page, tier, "refused")
    for path, name in (
        ("/admin/infracciones/infraccion/?q=demo", "fines"),
        ("/admin/infracciones/persona/?q=demo", "persons"),
    ):
        page.goto(path)
        _fits(page)
        picture(page, tier, name)
    page.click("#result_list tbody tr:first-child th a")
    expect(page.locator(".field-their_fines li a").first).to_be_visible()
    picture(page, tier, "person")
    page.goto("/docs")
    expect(page.locator(".swagger-ui .opblock").first).to_be_visible()
    picture(page, tier, "docs")
    return (
        f"a token of officer {number} loaded a fine of {plate} and was revoked; it was found by plate, person, officer and day, and is text in a "
        f"spreadsheet; its vehicle cannot be deleted; 6 pictures in build/rehearsal/{tier}-pages"
    )


def _fits(page: Page) -> None:
    """No column of the list is cut off beside its filter."""
    if beyond := page.evaluate(
        "(list => list.scrollWidth - list.clientWidth)(document.querySelector('#changelist .results'))"
    ):
        raise AssertionError(f"of the list at {page.url} {beyond} points are out of sight")


def _spreadsheet(page: Page, mark: str) -> None:
    """The fine that the list shows, as a file in which its comment is no formula."""
    with page.expect_download() as given:
        _act(page, "export_csv")
    text = Path(given.value.path()).read_text()
    if f'"\'=1+1 Luz roja formulario{mark}"' not in text:
        raise AssertionError(f"the file for a spreadsheet has no comment that is text: {text[-300:]!r}")


def _revoked(page: Page, subject: Subject, number: str, token: str, plate: str) -> None:
    """The officer's token works until it is revoked, which the history has."""
    page.goto(f"/admin/infracciones/token/?q={number}")
    _act(page, "revoke")
    expect(page.locator(".messagelist .success")).to_be_visible()
    with _officer(subject, token, plate).client() as client:
        answered(client.get("/token", headers={"Authorization": f"Bearer {token}"}), 401)
    page.goto(f"/admin/admin/logentry/?q={number}")
    expect(page.locator("#result_list")).to_contain_text("Revocado")


def _act(page: Page, action: str) -> None:
    """Does something with the first row of a list."""
    page.check("#result_list tbody tr:first-child .action-select")
    page.select_option("[name=action]", action)
    page.click("button[name=index]")


def _made(page: Page, model: str, **fields: str) -> None:
    page.goto(f"/admin/infracciones/{model}/add/")
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    _save(page)


def _save(page: Page, *, told: bool = True) -> None:
    page.click("[name=_save]")
    if told:
        expect(page.locator(".messagelist .success")).to_be_visible()


def _choose(page: Page, field: str, words: str) -> None:
    """Types words into a field that looks for what there is, and takes the first that it finds."""
    page.click(f".field-{field} .select2-selection")
    page.fill(".select2-search__field", words)
    page.click(f".select2-results__option--highlighted:has-text('{words}')")


def _load(subject: Subject, token: str, plate: str) -> str:
    """Loads a fine; returns its day, as the service's clocks have it."""
    people = _officer(subject, token, plate)
    words = f"=1+1 Luz roja formulario{plate.removeprefix('ES')}"
    fine = {"placa_patente": plate, "timestamp": round(time.time(), 3), "comentarios": words}
    with people.client() as client:
        answer = answered(client.post("/cargar_infraccion", json=fine, headers=people.bearer(0)), 200)
    return datetime.datetime.fromisoformat(answer.json()["infraccion"]["timestamp"]).date().isoformat()


def _officer(subject: Subject, token: str, plate: str) -> People:
    return People(subject.address, subject.domain, (token,), (), (plate,))
