"""What stands in for CloudWatch's agent, which exists only on AWS: sends the files that its configuration names, by the host's role."""

from __future__ import annotations

from rehearsal.checks import CheckError, Subject
from rehearsal.machines.machine import Machine

# Runs on the host. What was sent is remembered there, so that a line is sent once.
_SEND = """
import json, os, pathlib, sys, time
from botocore.session import get_session
config, instance = json.loads(sys.argv[1]), sys.argv[2]
memory = pathlib.Path("/run/fines/sent.json")
sent = json.loads(memory.read_text()) if memory.exists() else {}
logs = get_session().create_client("logs", region_name=os.environ["FINES_REGION"])
lines = 0
for each in config["logs"]["logs_collected"]["files"]["collect_list"]:
    file = pathlib.Path(each["file_path"])
    if not file.exists():
        continue
    where = {"logGroupName": each["log_group_name"], "logStreamName": each["log_stream_name"].replace("{instance_id}", instance)}
    with file.open("rb") as content:
        content.seek(min(sent.get(str(file), 0), file.stat().st_size))
        new = content.read()
    new = new[: new.rfind(b"\\n") + 1]
    events = [{"timestamp": int(time.time() * 1000), "message": line} for line in new.decode(errors="replace").splitlines() if line]
    if events:
        try:
            logs.create_log_stream(**where)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass
    for start in range(0, len(events), 1000):
        logs.put_log_events(**where, logEvents=events[start : start + 1000])
    sent[str(file)] = sent.get(str(file), 0) + len(new)
    lines += len(events)
memory.write_text(json.dumps(sent))
print(lines)
"""
_CONFIGURED = '. /opt/fines/host/lib.sh; exec python3 - "$(python3 "$HOST_FILES/bin/render" "$HOST_FILES/cloudwatch-agent.json")" "$(instance_id)"'


def send_logs(subject: Subject, *, host: Machine | None = None) -> int:
    """Sends what the log files of the host, or of one of several, have more than the last time; returns how many lines.

    Raises:
        CheckError: the host's role, or CloudWatch, refused.
    """
    host = host or subject.host
    # as the host does once the agent is there (bin/agents)
    host.run("systemctl", "start", "fines-log@host.service", "fines-log@service.service")
    done = host.run("bash", "-c", _CONFIGURED, input=_SEND, check=False, timeout=180)
    if done.returncode:
        raise CheckError(f"the logs could not be sent: {done.stderr.strip()[-300:]}")
    return int(done.stdout.split()[-1])
