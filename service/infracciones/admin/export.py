"""Lists as CSV, for a spreadsheet: a cell that a spreadsheet would take for a formula is text."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

Column = tuple[Any, Callable[[Any], object]]  # its heading, and what it has of a row
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_ANOTHER_CELL = re.compile(r"([,;\t\r\n]\s*)(?=[=+\-@|%])")
_BATCH = 2000  # rows that are fetched at a time
_MOST = 100_000


class CsvExport(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list whose selected rows can be had as a file, however many they are."""

    csv_columns: Sequence[Column] = ()
    actions = ("export_csv",)

    @admin.action(description=_("Export the selected rows as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Model]) -> StreamingHttpResponse | None:
        """The rows, sent as they are read."""
        if queryset.values("pk")[_MOST : _MOST + 1].exists():
            many = _("A file has at most %(most)d rows: filter the list first.") % {"most": _MOST}
            self.message_user(request, many, messages.ERROR)
            return None
        name = f"{self.opts.model_name}-{timezone.localtime():%Y-%m-%d}.csv"
        return StreamingHttpResponse(
            self._lines(queryset),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        )

    def _lines(self, queryset: QuerySet[Model]) -> Iterator[str]:
        # As a spreadsheet in Spanish expects it; with quotes around all, no separator inside a cell makes another one there.
        writer = csv.writer(_Echo(), delimiter=";", quoting=csv.QUOTE_ALL)
        # A spreadsheet knows by this mark that it is UTF-8.
        yield "\ufeff" + writer.writerow([str(heading) for heading, _ in self.csv_columns])
        for row in queryset.iterator(chunk_size=_BATCH):
            yield writer.writerow([harmless(value(row)) for _, value in self.csv_columns])


def harmless(value: object) -> str:
    """The value as a cell that nobody's spreadsheet calculates, also where it takes another character for the separator."""
    text = "" if value is None else str(value)
    text = _ANOTHER_CELL.sub(r"\1'", text)
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Echo:
    """What csv writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line
