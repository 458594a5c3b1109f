"""The rows of an upload: lines of NDJSON, or the elements of one JSON array, read as they come."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from infracciones.views.answers import BODY_LIMIT, strict_json, too_deep

LONGEST_ROW = BODY_LIMIT  # bytes: as much as a single fine may have
MOST_BLANK = 100_000  # lines of an upload without a row, or characters between an array's elements
_LONGEST_ELEMENT = 16 * LONGEST_ROW  # characters of an array's element; beyond that there is no end to be looked for
_NO_SPACE = re.compile(r"[^ \t\r\n]")
_decoder = strict_json()


class Unreadable(ValueError):
    """The document is no JSON array; the message says what to do."""


class Row:
    """A row as it was sent: its line, and its JSON value, or why it has none."""

    __slots__ = ("line", "trouble", "value")

    def __init__(self, line: int, value: Any = None, trouble: str = "") -> None:
        self.line, self.value, self.trouble = line, value, trouble


def lines(pieces: Iterable[bytes]) -> Iterator[Row]:
    """The rows of NDJSON. Blank lines are no rows, but count; a line that cannot be read costs its row alone."""
    line, rest, skipping, blank = 0, b"", False, 0
    for piece in _without_mark(pieces):
        first, *others = piece.split(b"\n")
        if skipping and not others:
            continue
        rest = b"" if skipping else rest + first
        for following in others:
            line += 1
            if skipping:
                skipping = False
                yield Row(line, trouble=_TOO_LONG)
            elif row := _line(line, rest):
                yield row
            else:
                blank += 1
                if blank > MOST_BLANK:
                    raise Unreadable(f"El archivo tiene más de {MOST_BLANK} líneas vacías.")
            rest = following
        if len(rest) > LONGEST_ROW + 1:
            skipping, rest = True, b""
    line += 1
    if skipping:
        yield Row(line, trouble=_TOO_LONG)
    elif row := _line(line, rest):
        yield row


_UNREADABLE = "La fila no se puede leer: debe ser JSON en UTF-8, sin claves repetidas."
_TOO_LONG = f"La fila es demasiado larga: caben {LONGEST_ROW // 1024} KiB."


def _line(number: int, content: bytes) -> Row | None:
    content = content.strip(b" \t\r")
    if not content:
        return None
    if len(content) > LONGEST_ROW:
        return Row(number, trouble=_TOO_LONG)
    try:
        text = content.decode()
        if too_deep(text):
            raise ValueError("it is nested too deeply")
        return Row(number, _decoder.decode(text))
    except (ValueError, RecursionError):
        return Row(number, trouble=_UNREADABLE)


def elements(pieces: Iterable[bytes]) -> Iterator[Row]:
    """The rows of one JSON array.

    Raises:
        Unreadable: it is no array, has something that is no JSON, or does not end.
    """
    text = _Text(pieces)
    if text.next() is None:
        return  # an empty file has no rows
    if text.take() != "[":
        raise Unreadable("El cuerpo debe ser un arreglo JSON, o NDJSON como application/x-ndjson.")
    number = 0
    if text.next() == "]":
        text.take()
    else:
        while True:
            number += 1
            yield Row(number, *text.value())
            mark = text.next() and text.take()
            if mark == "]":
                break
            if mark != ",":
                raise Unreadable(_NO_ARRAY)
            text.next()
    if text.next() is not None:
        raise Unreadable("Hay algo después del arreglo JSON.")


_CUT_NUMBER = 2  # characters
_NO_ARRAY = "El arreglo JSON no se puede leer o no termina: debe ser JSON en UTF-8, sin claves repetidas."


class _Text:
    """Characters that arrive in pieces, of which a part is kept."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._decode = iter(_without_mark(pieces)), codecs.getincrementaldecoder("utf-8")()
        self._text, self._at, self._ended = "", 0, False

    def next(self) -> str | None:
        """The next character that is no space, without taking it; None at the end."""
        while True:
            if found := _NO_SPACE.search(self._text, self._at):
                self._at = found.start()
                return found[0]
            self._at = len(self._text)
            if not self._more():
                return None

    def take(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def value(self) -> tuple[Any, str]:
        """The JSON value that begins here, and why it is none to be looked at."""
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise Unreadable(_NO_ARRAY) from None
            except json.JSONDecodeError:
                # It may go on in the next piece.
                if len(self._text) - self._at > _LONGEST_ELEMENT or not self._more():
                    raise Unreadable(_NO_ARRAY) from None
                continue
            except ValueError:
                raise Unreadable(_NO_ARRAY) from None
            # A number at the end of a piece may go on in the next one: what is left of it there are a point, or e and a sign.
            if isinstance(value, (int, Decimal)) and len(self._text) - end <= _CUT_NUMBER and not self._ended:
                self._more()
                continue
            begin, self._at = self._at, end
            if end - begin > LONGEST_ROW:
                return None, _TOO_LONG
            return (None, _UNREADABLE) if too_deep(self._text[begin:end]) else (value, "")

    def _more(self) -> bool:
        """Reads on; False at the end."""
        if self._ended:
            return False
        piece = next(self._pieces, None)
        self._ended = piece is None
        try:
            text = self._decode.decode(piece or b"", final=self._ended)
        except UnicodeDecodeError:
            raise Unreadable(_NO_ARRAY) from None
        self._text, self._at = self._text[self._at :] + text, 0
        return not self._ended or bool(text)


def _without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes without a byte-order mark at their beginning."""
    begun = b""
    for piece in (following := iter(pieces)):
        begun += piece
        if len(begun) >= len(codecs.BOM_UTF8):
            break
    yield begun.removeprefix(codecs.BOM_UTF8)
    yield from following
