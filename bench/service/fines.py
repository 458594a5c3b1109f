"""One fine: through NGINX and the service, beside the same statement by pgbench; and through NGINX beside straight at a container."""

from __future__ import annotations

import ast
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256

from bench.ratio import Ratio, median
from bench.service.clients import Request, Seen, clients
from bench.service.cpu import busy
from bench.service.database import Transactions, pgbench
from rehearsal.checks import Subject
from rehearsal.checks.containers import ports
from rehearsal.checks.people import People
from rehearsal.places import PROJECT
from rehearsal.screen import Say

MANY, SECONDS = 32, 8
# As the service's clients have it: each connection is another officer's, the moment is one of a run, and keys follow each other.
_VALUES = {
    "$1": "(ARRAY[:tokens])[:officer]",
    "$2": "('PRU00' || :plate)",
    "$3": "to_timestamp(:moment)",
    "$4": "('medida ' || :number)",
    "$5": "('pgbench-' || :run || '-' || :client_id || '-' || :number)",
    "$6": ":mark",
}


@dataclass
class Costs:
    """CPU seconds for each answer, of everything on the machine but the clients."""

    seconds: float = 0.0
    answers: int = 0

    @property
    def each(self) -> float:
        return self.seconds / self.answers * 1000


def fines(subject: Subject, people: People, rounds: int, say: Say) -> list[Ratio]:
    """The figures of a single fine; the two sides of each are measured in turns."""
    take = statement(people, subject)
    service, alone, one_fine, one_bare_fine, by_nginx, straight = (Costs() for _ in range(6))
    rates: list[tuple[float, float]] = []
    latencies: list[tuple[float, float]] = []
    tails: list[tuple[float, float]] = []
    for number in range(1, rounds + 1):
        say(f"{number} of {rounds}: {MANY} clients, the service")
        front = counted(service, lambda: _through_nginx(people, MANY))
        say(f"{number} of {rounds}: {MANY} clients, pgbench")
        bare = _counted_bare(alone, lambda: pgbench(subject.host, take, count=MANY, seconds=SECONDS))
        rates.append((front.rate, bare.rate))
        say(f"{number} of {rounds}: one client")
        one = counted(one_fine, lambda: _through_nginx(people, 1))
        one_bare = _counted_bare(one_bare_fine, lambda: pgbench(subject.host, take, count=1, seconds=SECONDS))
        latencies.append((one.median, one_bare.median))
        say(f"{number} of {rounds}: four clients, through NGINX and straight, in both orders")
        first = counted(by_nginx, lambda: _through_nginx(people, 4)).p99
        tails.append((first, _straight(subject, people, straight)))
        direct = _straight(subject, people, straight)
        tails.append((counted(by_nginx, lambda: _through_nginx(people, 4)).p99, direct))
    share = median([ours / theirs for ours, theirs in rates])
    above = median([ours - theirs for ours, theirs in latencies])
    tail = median([ours / theirs for ours, theirs in tails])
    return [
        Ratio(
            f"fines a second, {MANY} clients, of what pgbench reaches",
            share,
            0.12,
            f"{_each(rates, '.0f')} fines a second against pgbench; {service.each:.2f} ms of CPU a fine against {alone.each:.2f}; "
            "the service's side is the limit: Python's share of a request, on the processors that PostgreSQL wants as well; fewer layers "
            "(no middleware of Django's for calls without a session) would move it",
            at_least=True,
        ),
        Ratio(
            "median latency of a fine above pgbench's, one client, ms",
            max(above, 0.001),
            2.0,
            f"{_each(latencies, '.2f')} ms; {one_fine.each:.2f} ms of CPU a fine against {one_bare_fine.each:.2f}; both wait for the same flush to "
            "disk; the service's side is the limit: TLS, NGINX and Python come one after the other, and fewer layers would move it",
        ),
        Ratio(
            "p99 through NGINX against p99 straight at the containers, four clients",
            tail,
            1.3,
            f"{_each(tails, '.1f')} ms; {by_nginx.each:.2f} ms of CPU a fine against {straight.each:.2f}; TLS and one more hop on one side, the "
            "flush to disk on both, which is the limit of the slowest: a disk whose flushes take the same time would move it",
        ),
    ]


def statement(people: People, subject: Subject) -> str:
    """The service's own statement as a script of pgbench; `number` counts each connection's, and `run` is another each time."""
    source = (PROJECT / "service/infracciones/registration.py").read_text()
    [take] = [
        node.value.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and any(isinstance(target, ast.Name) and target.id == "_TAKE" for target in node.targets)
    ]
    text = str(take)
    for name, value in _VALUES.items():
        text = text.replace(name, value)
    digests = [f"'\\x{sha256(token.encode()).hexdigest()}'::bytea" for token in people.tokens[:-1]]
    return (
        f"\\set number :number + 1\n\\set plate random(0, 4)\n\\set officer 1 + :client_id % {len(digests)}\n"
        + text.replace(":tokens", ", ".join(digests))
        .replace(":mark", digests[0])
        .replace(":moment", f"{time.time() - 60:.3f}")
        .strip()
        + ";\n"
    )


def _through_nginx(people: People, count: int) -> Seen:
    requests = [_fine(people, officer) for officer in range(len(people.tokens) - 1)]
    return clients(f"https://{people.address}", requests, count=count, seconds=SECONDS)


def _straight(subject: Subject, people: People, costs: Costs) -> float:
    """p99 at the containers' own ports, from as many connections in all as NGINX would have had."""
    running = ports(subject)
    requests = [_fine(people, officer) for officer in range(len(people.tokens) - 1)]
    each = max(1, 4 // len(running))

    def ask(port: str) -> Seen:
        return clients(f"http://127.0.0.1:{port}", requests, count=each, seconds=SECONDS, host=subject.host)

    before = busy()
    with ThreadPoolExecutor(len(running)) as pool:
        all_seen = list(pool.map(ask, running))
    costs.seconds += busy() - before - sum(seen.own_cpu for seen in all_seen)
    costs.answers += sum(seen.requests for seen in all_seen)
    return median([seen.p99 for seen in all_seen])


def _fine(people: People, officer: int) -> Request:
    plate, moment = people.plates[officer % len(people.plates)], round(time.time() - 60, 3)
    headers = people.bearer(officer) | {
        "Host": people.domain,
        "X-Forwarded-Proto": "https",
        "Content-Type": "application/json",
    }
    body = f'{{"placa_patente": "{plate}", "timestamp": {moment}, "comentarios": "medida @N@"}}'
    return Request("POST", "/cargar_infraccion", headers, body, keyed=True)


def counted(costs: Costs, measure: Callable[[], Seen]) -> Seen:
    """What clients saw, with its CPU seconds and answers added to the costs."""
    before = busy()
    seen = measure()
    costs.seconds += busy() - before - seen.own_cpu
    costs.answers += seen.requests
    return seen


def _counted_bare(costs: Costs, measure: Callable[[], Transactions]) -> Transactions:
    before = busy()
    seen = measure()
    costs.seconds += busy() - before - seen.own_cpu
    costs.answers += seen.count
    return seen


def _each(pairs: list[tuple[float, float]], form: str) -> str:
    return ", ".join(f"{ours:{form}} against {theirs:{form}}" for ours, theirs in pairs)
