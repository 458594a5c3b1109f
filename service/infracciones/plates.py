"""How plates are compared."""

import unicodedata
from typing import Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import models
from django.db.models.lookups import IContains
from django.utils.translation import gettext_lazy as _

LONGEST = 20
MOST = 100  # characters of a plate as it is written, with its spaces and dashes


def plain_plate(text: str) -> str:
    """The plate as letters and digits alone, in capitals: spaces and dashes of any kind do not count; of a long text, nothing.

    Marks of accents are put in order before letters are compared, which takes the square of their number.
    """
    if len(text) > MOST:
        return ""
    if text.isascii() and text.isalnum():
        return text.upper()
    # Full-width and other forms of a letter are that letter: a keyboard's habit makes no other vehicle. Some letters have no
    # capital but one with a mark beside it, which is no letter.
    compatible = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).upper())
    return "".join(character for character in compatible if character.isalnum())


def validate_plate(text: str) -> None:
    """Refuses what has no letter or digit, too many of them, or control characters in between."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} and not character.isspace() for character in text):
        raise ValidationError(_("A plate has letters and digits."))
    if not 1 <= len(plain_plate(text)) <= LONGEST:
        raise ValidationError(_("A plate has 1 to 20 letters and digits."))


class PlateField(models.CharField):  # type: ignore[type-arg]
    """A plate, kept and compared in its one spelling whoever writes it."""

    default_validators = [validate_plate]

    def to_python(self, value: Any) -> Any:
        """The plate in its one spelling, once it is known to be one."""
        text = super().to_python(value)
        if isinstance(text, str):
            validate_plate(text)
            return plain_plate(text)
        return text

    def get_prep_value(self, value: Any) -> Any:
        """What the database is given, to keep or to look for."""
        prepared = super().get_prep_value(value)
        return plain_plate(prepared) if isinstance(prepared, str) else prepared

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """The value as it will be read back, set on the object too."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = plain_plate(value)
            setattr(model_instance, self.attname, value)
        return value


@PlateField.register_lookup
class PlateContains(IContains):
    """A part of a plate, looked for in the plates' one spelling: AB-123 finds what ab123 does."""

    def get_prep_lookup(self) -> Any:
        """The part as plates are kept."""
        return plain_plate(str(super().get_prep_lookup()))

    def as_sql(self, *given: Any) -> Any:
        """The condition; words without a letter or digit are part of no plate.

        Raises:
            EmptyResultSet: no plate has what is looked for.
        """
        if not self.rhs:
            raise EmptyResultSet
        return super().as_sql(*given)
