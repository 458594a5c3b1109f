"""What jobs say: sentences for people, and figures that CloudWatch takes out of the log by itself (embedded metric format)."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def say(sentence: str) -> None:
    """A line of the log."""
    print(sentence, file=sys.stderr, flush=True)


def figure(name: str, value: float, unit: str) -> None:
    """A metric in the namespace of the stack, which is none where there is no namespace."""
    namespace = os.environ.get("METRIC_NAMESPACE", "")
    if not namespace:
        return
    directive = {"Namespace": namespace, "Dimensions": [[]], "Metrics": [{"Name": name, "Unit": unit}]}
    line = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}, name: value}
    print(json.dumps(line), flush=True)


@contextmanager
def ending(what: str) -> Iterator[None]:
    """Ends the program with a sentence where the block fails: Kubernetes keeps the last line of a container that failed."""
    try:
        yield
    except Exception as error:
        sys.exit(f"{what}: FAILED: {type(error).__name__}: {' '.join(str(error).split())}")


def eventually(seconds: float, condition: Callable[[], bool], *, pause: float = 0.5) -> bool:
    """Whether a condition holds before time is up; asked again each `pause` seconds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(pause)
    return True
