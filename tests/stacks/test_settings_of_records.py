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
        ("www 99999999999 IN A 192.0.2.1", "a time to live has at most 2147483647 seconds"),
        ("www TXT (abc", '( has a meaning of its own in a zone file: put what has it between quotes, "…"'),
        ("www TXT abc\\", '\\ has a meaning of its own in a zone file: put what has it between quotes, "…"'),
        ('www CAA 256 issue "x"', "a record of type CAA begins with a number below 256"),
        (f'key TXT "{"k" * 300}"', 'a text has at most 255 characters: write a longer one as several, "…" "…"'),
    ],
)
def test_a_record_that_a_name_server_would_refuse_is_refused_before_a_host_is_replaced(line: str, says: str) -> None:
    assert complaint(extra_records=[line]) == f"extra_records: {line!r}: {says}"
    with pytest.raises(dns.exception.DNSException):
        zone_with(line)


@pytest.mark.parametrize(
    "line", ["(www A 192.0.2.1", "$ORIGIN A 192.0.2.1", "a..b A 192.0.2.1", f"{'a' * 64} A 192.0.2.1"]
)
def test_a_name_that_is_none_is_refused(line: str) -> None:
    assert "is no line of a zone file" in complaint(extra_records=[line])
    with pytest.raises((dns.exception.DNSException, AssertionError)):
        assert len(list(zone_with(line).iterate_rdatas())) == 3


@pytest.mark.parametrize("line", ["; A 192.0.2.1", "www TXT a;b"])
def test_what_a_name_server_would_take_for_a_remark_is_refused(line: str) -> None:
    complaint(extra_records=[line])
    assert [str(each) for *_, each in zone_with(line).iterate_rdatas()][2:] in ([], ['"a"'])


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
        "* A 192.0.2.1",
        "*.office A 192.0.2.1",
        "fines-1._domainkey 3600 TXT v=DKIM1\\;",
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
