"""The setting of further records: lines of a zone file, and what a name server would say of them together."""

from __future__ import annotations

import dns.exception
import dns.zone
import pytest

from tests.stacks.given import complaint, complaints, read


@pytest.mark.parametrize(
    "line", ["www 300 IN CNAME fines.example.org.", "@ MX 10 mail.example.org.", '@ TXT "it\'s; so"']
)
def test_lines_of_a_zone_file_are_taken_as_they_are(line: str) -> None:
    assert read(extra_records=[line]).extra_records == (line,)
    assert read(extra_records=line).extra_records == (line,)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("www 300 IN A 999.1.1.1", "'999.1.1.1' is no IPv4 address"),
        ("www AAAA 192.0.2.1", "'192.0.2.1' is no IPv6 address"),
        ('@ TXT "x', "a quotation mark is not closed"),
        ("@ MX mail.example.org.", "a record of type MX has 2 words after it, not 1"),
        ("@ MX ten mail.example.org.", "a record of type MX begins with numbers below 65536"),
        ("_sip._tcp SRV 1 2 99999 sip.example.org.", "a record of type SRV begins with numbers below 65536"),
        ("www CNAME a.example.org. b.example.org.", "a record of type CNAME has 1 words after it, not 2"),
        (f'key TXT "{"k" * 300}"', 'a text has at most 255 characters: write a longer one as several, "…" "…"'),
    ],
)
def test_a_record_that_a_name_server_would_refuse_is_refused_before_a_host_is_replaced(line: str, says: str) -> None:
    assert complaint(extra_records=[line]) == f"extra_records: {line!r}: {says}"
    with pytest.raises(dns.exception.DNSException):
        zone_with(line)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["@ CNAME a.example.org."], "the domain itself has other records, beside which no CNAME may stand"),
        (["a A 192.0.2.1", "A CNAME b.example.org."], "beside a CNAME its name has no other record: leave one of them"),
        (
            ["a CNAME c.example.org.", "a 60 CNAME b.example.org."],
            "beside a CNAME its name has no other record: leave one of them",
        ),
        (["@ AAAA 2001:db8::9"], "the domain itself leads to this host: name another one otherwise"),
        (["ns1 A 192.0.2.9"], "ns1 is a name server of the zone: choose another name"),
        (["ns2.fines.example.org. AAAA 2001:db8::1"], "ns2 is a name server of the zone: choose another name"),
        (
            ["www.other.example. A 192.0.2.9"],
            "the name is outside of fines.example.org: write one of the domain, like www",
        ),
    ],
)
def test_records_that_do_not_go_together_are_refused_before_a_host_is_replaced(lines: list[str], says: str) -> None:
    assert complaints({"tier": "single", "domain": "fines.example.org", "extra_records": lines})[-1] == (
        f"extra_records: {lines[-1]!r}: {says}"
    )


def test_records_of_one_name_that_go_together_are_taken() -> None:
    lines = [
        "www A 192.0.2.1",
        "www A 192.0.2.2",
        "@ TXT x",
        "fines.example.org. MX 1 a.example.org.",
        "a CNAME b.example.org.",
    ]
    assert read(domain="fines.example.org", extra_records=lines).extra_records == tuple(lines)


@pytest.mark.parametrize(
    "line",
    [
        "www 300 IN A 192.0.2.1",
        "www AAAA 2001:db8::1",
        f'key TXT "{"k" * 200}" "{"k" * 100}"',
        '@ CAA 0 issue "letsencrypt.org"',
        "_sip._tcp SRV 1 2 5060 sip.example.org.",
        '@ TXT "he said \\"no\\""',
    ],
)
def test_a_record_that_is_good_is_taken(line: str) -> None:
    assert read(extra_records=[line]).extra_records == (line,)
    assert len(list(zone_with(line).iterate_rdatas())) == 3


def zone_with(line: str) -> dns.zone.Zone:
    """A zone with the line, as dnspython reads it."""
    lines = ("$TTL 300", "@ SOA ns1 hostmaster 1 60 60 60 60", "@ NS ns1", line, "")
    return dns.zone.from_text("\n".join(lines), origin="fines.example.")


def test_a_record_cannot_bring_a_second_line_with_it() -> None:
    assert "is no line of a zone file" in complaint(extra_records=["www A 192.0.2.1\n@ A 192.0.2.2"])
