"""How the office finds fines, vehicles and people among a city's: by words, dates and filters, a page at a time."""

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from infracciones.admin import paging, words
from infracciones.admin.dates import dates_in
from infracciones.models import Carga, Infraccion, Oficial

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_files", "quick_passwords")]


def text(answer):
    return answer.content.decode()


def found(admin, asked, **more):
    page = admin.get("/admin/infracciones/infraccion/", {"q": asked, **more})
    assert page.status_code == 200
    return sorted(fine.comentarios for fine in page.context["cl"].queryset)


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("AB123CD", ["n0", "n1", "n2"]),
        ("peña", ["n0", "n1", "n2"]),
        ("A-0042", ["n0", "n1", "n2"]),
        ("2026-03-04", ["n0"]),
        ("5/3/2026 AB123CD", ["n1"]),
        ("2026-03-04 NADIE", []),
        ("2026-02-30", []),
        ("1/4/2026 n2", ["n2"]),
        ("n2", []),  # a word of comments that are older than the last days, and no date
    ],
)
def test_fines_are_found_by_plate_person_officer_and_date(admin, fines, search, expected):
    assert found(admin, search) == expected


def test_dates_are_read_as_they_are_written_here():
    assert dates_in("AB 4/3/2026 x 2026-12-31 31/2/2026") == (
        [datetime(2026, 3, 4).date(), datetime(2026, 12, 31).date()],
        "AB x 31/2/2026",
    )


def test_fines_are_filtered_by_their_photo(admin, fines):
    assert found(admin, "", foto="no") == ["n0", "n1", "n2"]
    assert found(admin, "", foto="si") == []


def test_the_fines_of_an_upload_are_found_from_it(admin, fines, officer):
    upload = Carga.objects.create(
        oficial=officer, resumen=b"\x01" * 32, bytes=9, formato="x", recibidas=1, nuevas=1, repetidas=0, rechazadas=0
    )
    Infraccion.objects.filter(pk=fines[1].pk).update(carga=upload)
    page = text(admin.get("/admin/infracciones/carga/"))
    address = f"/admin/infracciones/infraccion/?carga__id__exact={upload.pk}"
    assert address in page
    assert [fine.comentarios for fine in admin.get(address).context["cl"].queryset] == ["n1"]
    assert "01" * 32 in text(admin.get(f"/admin/infracciones/carga/{upload.pk}/change/"))
    assert admin.post(f"/admin/infracciones/carga/{upload.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_list_of_fines_fits_a_screen_and_an_officer_leads_to_the_officers_own(admin, load, officer):
    load(comentarios="x" * 2000, timestamp="2026-03-04T14:05:00-03:00")
    other = Oficial.objects.create(numero="7", nombre="Otro")
    page = text(admin.get("/admin/infracciones/infraccion/"))
    assert "x" * 59 + "…" in page and "x" * 60 not in page
    assert "04/03/2026 14:05" in page
    for whose, count in ((officer, 1), (other, 0)):
        link = f"/admin/infracciones/infraccion/?oficial__id__exact={whose.pk}"
        assert link in text(admin.get("/admin/infracciones/oficial/"))
        assert len(admin.get(link).context["cl"].result_list) == count


def test_what_is_left_of_a_fine_that_was_deleted_says_of_which_vehicle_it_was_and_when(admin, load):
    load(timestamp="2026-03-04T14:05:00-03:00")
    fine = Infraccion.objects.get()
    admin.post(f"/admin/infracciones/infraccion/{fine.pk}/delete/", {"post": "yes"})
    page = text(admin.get("/admin/admin/logentry/?q=AB123CD"))
    assert f"{fine.pk}, AB123CD, 2026-03-04 14:05" in page


def test_a_list_counts_no_further_than_it_pages(admin, load, monkeypatch):
    for number in range(7):
        load(comentarios=f"infracción {number}")
    monkeypatch.setattr(paging, "MOST", 5)
    with CaptureQueriesContext(connection) as asked:
        page = admin.get("/admin/infracciones/infraccion/").context["cl"]
    assert page.result_count == 5
    counts = [query["sql"] for query in asked if "COUNT(" in query["sql"] and "infracciones_infraccion" in query["sql"]]
    assert counts and all("LIMIT 5" in sql for sql in counts), counts


def test_of_all_rows_nothing_is_changed_where_there_are_more_than_the_list_says(admin, fines, monkeypatch):
    everything = {"select_across": "1", "_selected_action": [fines[0].pk]}
    monkeypatch.setattr(paging, "MOST", 2)
    answer = admin.post(
        "/admin/infracciones/infraccion/", {"action": "delete_selected", "post": "yes", **everything}, follow=True
    )
    assert "Hay más que las 2 que la lista cuenta" in text(answer)
    assert Infraccion.objects.count() == 3
    read = admin.post("/admin/infracciones/infraccion/", {"action": "export_csv", **everything})
    assert len(b"".join(read.streaming_content).splitlines()) == 4
    monkeypatch.setattr(paging, "MOST", 3)
    admin.post("/admin/infracciones/infraccion/", {"action": "delete_selected", "post": "yes", **everything})
    assert not Infraccion.objects.exists()


def asked_of_fines(admin, search):
    """What the list asks the table of fines when it is searched."""
    with CaptureQueriesContext(connection) as asked:
        assert admin.get("/admin/infracciones/infraccion/", {"q": search}).status_code == 200
    return [query["sql"] for query in asked if 'FROM "infracciones_infraccion"' in query["sql"]]


def test_a_list_of_fines_asks_for_its_page_and_its_count_alone(admin, fines):
    asked = asked_of_fines(admin, "")
    assert len(asked) == 2 and not any("DATE_TRUNC" in sql for sql in asked), asked


@pytest.mark.parametrize("word", ["peña", "jose.pena", "B123C", "A-0042"])
def test_whom_a_word_names_is_looked_up_first_and_the_fines_are_found_by_their_indexes(admin, fines, word):
    asked = asked_of_fines(admin, word)
    assert len(asked) == 2 and not any('"comentarios"::text' in sql for sql in asked), asked
    with transaction.atomic(), connection.cursor() as cursor:
        # of three fines a scan is the cheaper way; of millions it would be none
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on infracciones_infraccion" not in plan, plan
            assert "infracciones_infraccion_" in plan or "Index" in plan, plan


def test_so_many_that_a_word_names_are_asked_for_within_the_statement(admin, fines, monkeypatch):
    monkeypatch.setattr(words, "_NAMED", 0)
    assert found(admin, "peña") == ["n0", "n1", "n2"]
    assert any('"vehiculo_id" IN (SELECT' in sql for sql in asked_of_fines(admin, "peña"))


def test_a_word_that_names_nobody_is_looked_for_in_the_comments_of_the_last_days(admin, fines):
    assert f"últimos {words.COMMENTS_DAYS} días" in text(admin.get("/admin/infracciones/infraccion/"))
    assert found(admin, "n1") == []
    Infraccion.objects.filter(pk=fines[1].pk).update(timestamp=timezone.now() - timedelta(days=29))
    assert found(admin, "n1") == ["n1"]


def test_on_a_day_comments_are_read_though_somebody_is_called_so(admin, fines):
    Infraccion.objects.filter(pk=fines[0].pk).update(comentarios="peña abajo")
    assert found(admin, "2026-03-04 abajo") == ["peña abajo"]


def test_a_whole_plate_is_found_by_its_index_whatever_the_comments_say(admin, fines):
    assert all('"comentarios"::text' not in sql for sql in asked_of_fines(admin, "ab-123-cd 2026-03-04")), "a scan"
    assert found(admin, "ab-123-cd") == ["n0", "n1", "n2"]
    assert found(admin, "ab-123-cd 5/3/2026 n1") == ["n1"]


def test_words_in_quotes_are_one(admin, fines):
    Infraccion.objects.filter(pk=fines[0].pk).update(comentarios="Luz roja", timestamp=timezone.now())
    assert found(admin, '"luz roja"') == ["Luz roja"]
    assert found(admin, '"roja luz"') == []
    assert found(admin, "roja luz") == ["Luz roja"]
    assert found(admin, '"') == []


@pytest.mark.parametrize(("word", "count"), [("ab-123", 1), ("AB.123-CD", 1), ("AB 123", 1), ("ab-124", 0), ("—", 0)])
@pytest.mark.parametrize("model", ["infraccion", "vehiculo", "persona"])
def test_a_plate_is_found_in_any_spelling(admin, load, model, word, count):
    load(placa_patente="AB123CD")
    assert admin.get(f"/admin/infracciones/{model}/", {"q": word}).context["cl"].result_count == count
