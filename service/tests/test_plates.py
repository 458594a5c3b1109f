"""A plate has one spelling, whoever writes it and whoever looks for it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from infracciones.models import Vehiculo
from infracciones.plates import plain_plate, validate_plate


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("ab123cd", "AB123CD"),
        (" ab 123\tcd\n", "AB123CD"),
        ("ñandú 1", "ÑANDÚ1"),
        ("n\u0303 1", "Ñ1"),
        ("AB.123/CD", "AB123CD"),
        ("１２３", "123"),
        ("---", ""),
    ],
)
def test_letters_and_digits_alone_count_in_capitals(written, plain):
    assert plain_plate(written) == plain


def test_the_one_spelling_of_a_plate_is_its_own_and_has_letters_and_digits_alone():
    written = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    plain = {text: plain_plate(text) for text in written}
    assert [text for text, one in plain.items() if plain_plate(one) != one] == []
    assert [text for text, one in plain.items() if one and not one.isalnum()] == []


@pytest.mark.parametrize("written", ["", "-", "A" * 21, "ﬁ" * 11, "A\0B", "A\x07B", "A\udc00B"])
def test_what_is_no_plate_is_refused(written):
    with pytest.raises(ValidationError):
        validate_plate(written)


@pytest.mark.django_db
def test_the_database_holds_the_one_spelling_and_is_asked_for_it(owner):
    made = Vehiculo.objects.create(placa_patente="xy-987 zw", marca="Fiat", color="rojo", persona=owner)
    assert made.placa_patente == "XY987ZW"
    Vehiculo.objects.bulk_create([Vehiculo(placa_patente="zz-1", marca="Fiat", color="rojo", persona=owner)])
    Vehiculo.objects.filter(placa_patente="AB123CD").update(placa_patente="new 1")
    assert set(Vehiculo.objects.values_list("placa_patente", flat=True)) == {"XY987ZW", "ZZ1", "NEW1"}
    assert Vehiculo.objects.get(placa_patente="x y 9 8 7 z w") == made
    with pytest.raises(IntegrityError), transaction.atomic():
        Vehiculo.objects.create(placa_patente="XY 987 ZW", marca="Fiat", color="rojo", persona=owner)
