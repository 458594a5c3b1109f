"""A database that gives rows other ids than their devices did: the service finds them not, and says that it refused them."""

from __future__ import annotations

from collections.abc import Iterator

from rehearsal.breaks import breaks
from rehearsal.checks import Subject
from rehearsal.checks.asg.devices import (
    a_days_fines_of_two_hundred_devices_in_three_peaks_half_of_them_cut_and_repeated_are_each_there_once as check,
)
from rehearsal.checks.rds import primary, psql

_OTHER_IDS = """
CREATE FUNCTION other_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.dispositivo_id := gen_random_uuid(); RETURN NEW; END $$;
CREATE TRIGGER other_id BEFORE INSERT ON infracciones_infraccion FOR EACH ROW EXECUTE FUNCTION other_id();
"""
_OWN_IDS = "DROP TRIGGER other_id ON infracciones_infraccion; DROP FUNCTION other_id()"


@breaks(check, says="it should be {'refused': 0}", FINES=2000, PEAK_SECONDS=8.0)
def rows_are_given_other_ids_than_their_devices(subject: Subject) -> Iterator[None]:
    psql(primary(subject), _OTHER_IDS)
    try:
        yield
    finally:
        psql(primary(subject), _OWN_IDS)
