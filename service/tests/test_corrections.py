"""What the office corrects in a fine is what the history says, and nothing else."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from infracciones.models import Infraccion

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static_files", "quick_passwords")]


def corrected(admin, fine, **fields):
    """Sends the form of a fine as the page shows it, but for some of its fields; the answer."""
    page = f"/admin/infracciones/infraccion/{fine.pk}/change/"
    shown = admin.get(page).context["adminform"].form
    (day, hour), words = shown["timestamp"].subwidgets[0].data["subwidgets"], shown["comentarios"].value()
    as_shown = {
        "vehiculo": fine.vehiculo_id,
        "oficial": fine.oficial_id,
        "timestamp_0": day["value"],
        "timestamp_1": hour["value"],
        "comentarios": words,
    }
    return admin.post(page, as_shown | fields)


@pytest.fixture
def fine(fines):
    return fines[0]


def test_a_time_that_nobody_changed_keeps_its_microseconds(admin, fine):
    moment = datetime.fromisoformat("2026-03-04T13:20:30.654321Z")
    Infraccion.objects.filter(pk=fine.pk).update(timestamp=moment)
    assert corrected(admin, fine, comentarios="corregido").status_code == 302
    fine.refresh_from_db()
    assert (fine.timestamp, fine.comentarios) == (moment, "corregido")


def test_a_time_that_is_changed_is_in_the_history(admin, fine):
    assert corrected(admin, fine, timestamp_1="10:20:30").status_code == 302
    fine.refresh_from_db()
    assert timezone.localtime(fine.timestamp).isoformat() == "2026-03-04T10:20:30-03:00"
    assert LogEntry.objects.get().get_change_message() == "Modificado fecha y hora."


def test_in_the_hour_that_a_clock_change_makes_twice_a_fine_can_be_corrected_and_a_new_time_is_the_earlier_one(
    admin, fine, settings
):
    settings.TIME_ZONE = "America/Santiago"
    zone = ZoneInfo(settings.TIME_ZONE)
    later = datetime(2026, 4, 4, 23, 30, tzinfo=zone, fold=1)
    Infraccion.objects.filter(pk=fine.pk).update(timestamp=later)
    with timezone.override(zone):
        assert corrected(admin, fine, comentarios="corregido").status_code == 302
        fine.refresh_from_db()
        assert fine.timestamp.timestamp() == later.timestamp()
        assert corrected(admin, fine, timestamp_1="23:31:00").status_code == 302
    fine.refresh_from_db()
    assert fine.timestamp.timestamp() == datetime(2026, 4, 4, 23, 31, tzinfo=zone, fold=0).timestamp()


def test_a_time_that_clocks_leave_out_is_refused(admin, fine, settings):
    settings.TIME_ZONE = "America/Santiago"
    with timezone.override(ZoneInfo(settings.TIME_ZONE)):
        answer = corrected(admin, fine, timestamp_0="2025-09-07", timestamp_1="00:30:00")
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["timestamp"]


def test_the_end_of_a_line_counts_once_as_devices_write_it(admin, fine):
    words = "x" * 1_998 + "\r\n" + "y"
    assert corrected(admin, fine, comentarios=words).status_code == 302
    fine.refresh_from_db()
    assert fine.comentarios == words.replace("\r\n", "\n")
