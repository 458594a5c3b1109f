"""Pages of lists that may be as long as a city's fines of ten years."""

from django.core.paginator import Paginator
from django.utils.functional import cached_property

MOST = 10_000  # rows that a list counts, and pages through; a search or a date finds the others


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than MOST: to count them all would read the whole table for each page."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, or MOST if there are more."""
        rows = self.object_list.order_by()  # type: ignore[union-attr]
        return int(rows[:MOST].count())
