"""The configuration of a collector of logs, in Fluent Bit's classic form: what is read, and to which log groups it goes.

Source: Fluent Bit's manual, «Classic configuration file», «Tail» and «Amazon CloudWatch». Of it this is known: inputs `tail`, outputs
`cloudwatch_logs`, and their settings named here. What Fluent Bit would refuse to start with is refused.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass

_SECTION = re.compile(r"\[(\w+)\]")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_TAIL = {
    *("tag", "path", "exclude_path", "multiline.parser", "db", "mem_buf_limit", "skip_long_lines", "refresh_interval"),
    *("rotate_wait", "storage.type", "read_from_head"),
}
_CLOUDWATCH = {
    *("match", "region", "log_group_name", "log_stream_prefix", "log_key", "log_format", "auto_create_group"),
}
_KNOWN = {("INPUT", "tail"): _TAIL, ("OUTPUT", "cloudwatch_logs"): _CLOUDWATCH}


@dataclass(frozen=True)
class Source:
    """Files that are followed; `tag` is that of their lines, in which * stands for a file's own path."""

    tag: str
    paths: tuple[str, ...]
    excluded: tuple[str, ...]
    from_head: bool

    def has(self, path: str) -> bool:
        """Whether a file is one of them."""
        return _matches(path, self.paths) and not _matches(path, self.excluded)

    def tagged(self, path: str) -> str:
        """The tag of a file's lines."""
        return self.tag.replace("*", path.strip("/").replace("/", "."))


@dataclass(frozen=True)
class Sink:
    """A log group that takes the lines of some tags."""

    match: str
    group: str
    stream_prefix: str
    key: str  # of a record, which alone is sent; the whole record where it is empty

    def takes(self, tag: str) -> bool:
        """Whether it takes the lines of a tag."""
        return fnmatch.fnmatchcase(tag, self.match)


@dataclass(frozen=True)
class CollectorSettings:
    """What a collector reads and where it sends it."""

    sources: tuple[Source, ...]
    sinks: tuple[Sink, ...]

    @classmethod
    def read(cls, text: str, variables: Mapping[str, str]) -> CollectorSettings:
        """Reads a configuration in which `variables` are replaced.

        Raises:
            ValueError: Fluent Bit would not start with it, or it asks for what is not known here.
        """
        sources, sinks = [], []
        for kind, given in _sections(_VARIABLE.sub(lambda found: _value(found[1], variables), text)):
            plugin = given.pop("name", "")
            known = _KNOWN.get((kind, plugin))
            if known is None:
                raise ValueError(f"[{kind}] with the plugin {plugin or 'without a name'} is not known here")
            if unknown := sorted(set(given) - known):
                raise ValueError(f"[{kind}] {plugin}: unknown configuration property '{unknown[0]}'")
            if kind == "INPUT":
                sources.append(
                    Source(
                        given["tag"],
                        _listed(given["path"]),
                        _listed(given.get("exclude_path", "")),
                        given.get("read_from_head", "off").lower() in ("on", "true"),
                    )
                )
            else:
                prefix, key = given["log_stream_prefix"], given.get("log_key", "")
                sinks.append(Sink(given["match"], given["log_group_name"], prefix, key))
        return cls(tuple(sources), tuple(sinks))


def _sections(text: str) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if begun := _SECTION.fullmatch(line):
            found.append((begun[1].upper(), {}))
        elif not found or len(words := line.split(None, 1)) != 2:
            raise ValueError(f"a setting is a name and a value, in a section: {line}")
        else:
            found[-1][1][words[0].lower()] = words[1]
    return found


def _value(name: str, variables: Mapping[str, str]) -> str:
    return variables.get(name, "")  # as Fluent Bit has it


def _listed(patterns: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in patterns.split(",") if each.strip())


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    """As a shell would: * stands for no slash."""
    return any(path.count("/") == pattern.count("/") and fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
