"""The words of a search among fines: of a plate, a person, an officer, or the comments."""

from django.db.models import Q
from django.utils.text import smart_split, unescape_string_literal

from infracciones.models import Oficial, Vehiculo
from infracciones.plates import LONGEST, plain_plate

_WHOLE = 5  # characters that a plate has at least; what is shorter may be the beginning of one


def words_in(text: str) -> list[str]:
    """The words of a search; what stands in quotes is one."""
    return [
        unescape_string_literal(word) if word[0] in "\"'" and word[0] == word[-1] and len(word) > 1 else word
        for word in smart_split(text)
    ]


def fines_with(word: str) -> Q:
    """The fines that a word is about; the tables of vehicles and officers are asked first, which are small beside the fines.

    A whole plate is that vehicle's: its fines are found by an index, where any other word is looked for in all comments.
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
    return (
        Q(vehiculo__in=vehicles.order_by().values("pk"))
        | Q(oficial__in=officers.order_by().values("pk"))
        | Q(comentarios__icontains=word)
    )
