"""Every label has its Spanish, and what is compiled is what is written."""

import gettext
import re
from pathlib import Path

import infracciones
import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import translation
from django.utils.text import capfirst

FOLDER = Path(infracciones.__file__).parent / "locale/es/LC_MESSAGES"


def _written() -> dict[str, str]:
    """The entries of the text file, by English; a plural form has a key of its own."""
    found: dict[str, str] = {}
    for entry in (FOLDER / "django.po").read_text().split("\n\n")[1:]:
        parts = re.findall(r'^(msgid|msgid_plural|msgstr|msgstr\[\d\]) "(.*)"$', entry, re.MULTILINE)
        words = dict(parts)
        found[words["msgid"]] = words.get("msgstr") or words["msgstr[0]"]
        if "msgid_plural" in words:
            found[words["msgid_plural"]] = words["msgstr[1]"]
    return found


def test_the_compiled_translations_are_those_of_the_text():
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    written = _written()
    assert len(written) > 40
    for english, spanish in written.items():
        assert spanish, f"{english!r} has no Spanish"
        if "%(count)d" not in english:
            assert compiled.gettext(english) == spanish
    assert (
        compiled.ngettext("%(count)d token was revoked.", "%(count)d tokens were revoked.", 2)
        == written["%(count)d tokens were revoked."]
    )


def test_every_label_of_a_model_is_translated():
    written = _written()
    with translation.override(None):
        labels = {
            str(label)
            for model in apps.get_app_config("infracciones").get_models()
            for label in (
                model._meta.verbose_name,
                model._meta.verbose_name_plural,
                *(field.verbose_name for field in model._meta.fields if field.editable and field.name != "id"),
            )
        }
    assert labels <= written.keys()


def test_what_the_history_says_was_changed_is_translated():
    # Django keeps a form's labels, which begin with a capital, and translates them when the history is looked at.
    written = _written()
    with translation.override(None):
        labels = {
            capfirst(str(field.verbose_name)): str(field.verbose_name)
            for model in apps.get_app_config("infracciones").get_models()
            for field in model._meta.fields
            if field.editable and field.name != "id"
        }
    untold = {label for label, name in labels.items() if written.get(label, "").lower() != written[name].lower()}
    assert not untold


@pytest.mark.django_db
def test_no_migration_is_missing():
    assert call_command("makemigrations", check=True, dry_run=True, verbosity=0) is None  # or it exits
