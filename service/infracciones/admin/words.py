"""The words of a search among fines: of a plate, a person, an officer, or the comments."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import smart_split, unescape_string_literal

from infracciones.models import Oficial, Vehiculo
from infracciones.plates import LONGEST, plain_plate

_WHOLE = 5  # characters that a plate has at least; what is shorter may be the beginning of one
_NAMED = 1000  # vehicles or officers that a word names at most for their fines to be looked up one by one
COMMENTS_DAYS = 30  # of the newest fines, whose comments are read


def words_in(text: str) -> list[str]:
    """The words of a search; what stands in quotes is one."""
    return [
        unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] and len(word) > 1 else word
        for word in smart_split(text)
    ]


def fines_with(word: str, *, on_a_day: bool = False) -> Q:
    """The fines that a word is about; the tables of vehicles and officers are asked first, which are small beside the fines.

    A whole plate is that vehicle's, and a part of one, a person or an officer whom the word names is found by an index as well.
    Comments are read where it names nobody, and only those of the last days: with years of them the statement would not come to
    its end. With `on_a_day` the search is of one day's fines, and their comments are all read.
    """
    plate = plain_plate(word)
    if _WHOLE <= len(plate) <= LONGEST and not plate.isalpha() and not plate.isdecimal():
        whole = Vehiculo.objects.filter(placa_patente=plate).values_list("pk", flat=True).first()
        if whole is not None:
            return Q(vehiculo=whole)
    vehicles = Vehiculo.objects.filter(
        Q(placa_patente__icontains=word) | Q(persona__nombre__icontains=word) | Q(persona__correo__icontains=word)
    )
    officers = Oficial.objects.filter(Q(numero__icontains=word) | Q(nombre__icontains=word))
    comments = Q(comentarios__icontains=word)
    named = _any_of("vehiculo", vehicles), _any_of("oficial", officers)
    if on_a_day:
        return named[0] | named[1] | comments
    if any(named):
        return named[0] | named[1]
    return comments & Q(timestamp__gte=timezone.now() - timedelta(days=COMMENTS_DAYS))


def _any_of(reference: str, found: QuerySet[Any]) -> Q:
    """The fines of any of these, by their keys, with which PostgreSQL goes to its indexes; nothing where there are none.

    So many that keys would be a long list are asked for within the statement: most of the newest fines are theirs.
    """
    keys = list(found.order_by().values_list("pk", flat=True)[: _NAMED + 1])
    if not keys:
        return Q()
    return Q(**{f"{reference}__in": keys if len(keys) <= _NAMED else found.order_by().values("pk")})
