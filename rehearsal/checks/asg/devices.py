"""A day's fines, uploaded by devices in its three peaks over bad connections: each is taken once, whatever was repeated."""

from __future__ import annotations

import itertools
import json
import random
import statistics
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from rehearsal.checks import CheckError, Subject, check
from rehearsal.checks.files import cut_off, must_add_up, packed, posted
from rehearsal.checks.people import People, manage
from rehearsal.checks.reports import must_be_as_written, written

FINES = 50_000
DEVICES = 200
PEAKS = 3
PEAK_SECONDS = 40.0
_BUSY = (429, 503)  # of a station, or of a container, so many files are taken at a time: the device comes again
_RECORDED = """
from django.db.models import Sum
from infracciones.models import Carga, Infraccion
ids = Infraccion.objects.filter(comentarios__startswith="{mark}").values("carga").distinct()
print("recorded", Carga.objects.filter(id__in=ids).aggregate(all=Sum("nuevas"))["all"])
"""


class _Peak:
    """Devices that send their files within a peak: every other one loses its connection once, and sends the file again."""

    def __init__(self, people: People, mark: str, *, number: int, fines: int) -> None:
        self._people, self._mark, self._fines = people, mark, fines
        # which device comes when, the same in each run
        self._moments = [random.Random(f"{number} {device}").uniform(0, 0.8) for device in range(DEVICES)]  # noqa: S311
        self._lock = threading.Lock()
        self.seconds: list[float] = []  # that each file took from its last try to its answer
        self.written: list[tuple[str, float, str, str]] = []  # what the devices wrote
        self.acknowledged = self.new = self.lost = self.busy = 0

    def run(self) -> None:
        """Raises CheckError when a file is not taken, or its answer does not add up."""
        began = time.monotonic()
        with ThreadPoolExecutor(DEVICES) as pool:
            for done in [pool.submit(self._device, device, began) for device in range(DEVICES)]:
                done.result()
        time.sleep(max(0.0, began + PEAK_SECONDS - time.monotonic()))

    def _device(self, device: int, began: float) -> None:
        rows = self._rows(device)
        content = packed(rows)
        time.sleep(max(0.0, began + self._moments[device] * PEAK_SECONDS - time.monotonic()))
        if device % 4 == 1:  # the connection breaks on the way
            cut_off(self._people, device, content)
        if device % 4 == 3:  # it breaks before the answer is read
            answer = self._until_taken(device, content)
            with self._lock:
                self.new += answer["nuevas"]
        answer = self._until_taken(device, content)
        must_add_up(answer, refused=0)
        if answer["recibidas"] != len(rows):
            raise CheckError(f"device {device} sent {len(rows)} rows, {answer['recibidas']} were received")
        with self._lock:
            self.lost += device % 2
            self.new += answer["nuevas"]
            self.acknowledged += len(rows)
            self.written += [written(row, self._people.number_of(device)) for row in rows]

    def _until_taken(self, device: int, content: bytes) -> dict[str, int]:
        deadline = time.monotonic() + 2 * PEAK_SECONDS
        while True:
            sent = time.monotonic()
            answer = posted(self._people, device, content)
            if answer.status_code == 200:
                with self._lock:
                    self.seconds.append(time.monotonic() - sent)
                found: dict[str, int] = answer.json()
                return found
            told = answer.status_code in _BUSY and "Retry-After" in answer.headers
            if not told or time.monotonic() > deadline:
                raise CheckError(f"device {device} was answered {answer.status_code} {answer.text[:200]}")
            with self._lock:
                self.busy += 1
            time.sleep(float(answer.headers["Retry-After"]))

    def _rows(self, device: int) -> list[bytes]:
        """The device's share of the peak's fines."""
        count = self._fines // DEVICES + (device < self._fines % DEVICES)
        now, plates = time.time() - count, self._people.plates
        return [
            json.dumps(
                {
                    "id": str(uuid.uuid4()),
                    "placa_patente": plates[(device + row) % len(plates)],
                    "timestamp": round(now + row, 3),
                    "comentarios": f"{self._mark} {uuid.uuid4().hex}",
                }
            ).encode()
            for row in range(count)
        ]


@check("asg", beside=True)
def a_days_fines_of_two_hundred_devices_in_three_peaks_half_of_them_cut_and_repeated_are_each_there_once(
    subject: Subject,
) -> str:
    people = People.make(subject, officers=DEVICES, owners=20)
    mark = uuid.uuid4().hex[:12]
    bounds = [FINES * peak // PEAKS for peak in range(PEAKS + 1)]
    peaks = [
        _Peak(people, mark, number=number, fines=to - since)
        for number, (since, to) in enumerate(itertools.pairwise(bounds))
    ]
    for peak in peaks:
        peak.run()
    acknowledged, new = sum(peak.acknowledged for peak in peaks), sum(peak.new for peak in peaks)
    if (acknowledged, new) != (FINES, FINES):
        raise CheckError(f"the devices were told of {acknowledged} rows, {new} of them new; {FINES} were sent")
    must_be_as_written(people, mark, itertools.chain.from_iterable(peak.written for peak in peaks))
    (recorded,) = [
        line.split()[1]
        for line in manage(subject, "shell", "--no-imports", text=_RECORDED.format(mark=mark)).splitlines()
        if line.startswith("recorded")
    ]
    if recorded != str(FINES):
        raise CheckError(f"the records of the uploads have {recorded} new fines, {FINES} were made")
    seconds = sorted(second for peak in peaks for second in peak.seconds)
    return (
        f"{FINES} fines there once by {PEAKS * DEVICES} files in {PEAKS} peaks of {PEAK_SECONDS:.0f} s, {sum(peak.lost for peak in peaks)} "
        f"of them cut and repeated; a file took {statistics.median(seconds):.2f} s, the longest {seconds[-1]:.1f} s; "
        f"{sum(peak.busy for peak in peaks)} came again since others were on the way"
    )
