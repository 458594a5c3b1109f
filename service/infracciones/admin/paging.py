"""Pages of lists that may be as long as a city's fines of ten years."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

MOST = 10_000  # rows that a list counts, and pages through; a search or a date finds the others
_READING = {"", "export_csv"}  # actions that change nothing, whatever they are done to


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than MOST: to count them all would read the whole table for each page."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, or MOST if there are more."""
        rows = self.object_list.order_by()  # type: ignore[union-attr]
        return int(rows[:MOST].count())


class CappedList(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list that says of how many rows it has no more than MOST."""

    # Counting every row there is, beside what a search found, would read the whole table.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # which would count them for each line of the filter
    paginator = CappedPaginator

    def response_action(self, request: HttpRequest, queryset: QuerySet[Model]) -> Any:
        """Django's answer; of all rows at once, where there are more than the list says, nothing is changed."""
        all_of_them = request.POST.get("select_across", "0") not in {"", "0", "false", "False"}
        changing = not set(request.POST.getlist("action")) <= _READING
        if all_of_them and changing and queryset.order_by().values("pk")[MOST : MOST + 1].exists():
            said = _("There are more than the %(count)d that the list counts: nothing was done. Filter the list first.")
            self.message_user(request, said % {"count": MOST}, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset)
