"""What the server is given of an answer."""

from django.core.signals import request_finished
from django.http import StreamingHttpResponse
from django.test import RequestFactory
from fines import wsgi


def answered(path):
    """What the application gives for a request, and how often a request was said to be over by then."""
    over = []
    end = request_finished.connect(lambda **_: over.append(path), weak=False, dispatch_uid="seen") or over
    try:
        return wsgi.application(RequestFactory().get(path).environ, lambda *_: None), len(end)
    finally:
        request_finished.disconnect(dispatch_uid="seen")


def test_an_answer_that_is_whole_goes_in_one_piece_and_its_request_is_over():
    assert answered("/healthz") == ([b'{"mensaje": "El proceso vive."}'], 1)


def test_an_end_that_fails_changes_no_answer(caplog):
    def fails(**_):
        raise ZeroDivisionError("at the end")

    request_finished.connect(fails, weak=False, dispatch_uid="failing")
    began = []
    try:
        body = wsgi.application(RequestFactory().get("/healthz").environ, lambda status, _: began.append(status))
    finally:
        request_finished.disconnect(dispatch_uid="failing")
    assert (began, body) == (["200 OK"], [b'{"mensaje": "El proceso vive."}'])
    assert "at the end" in caplog.text


def test_an_answer_that_comes_piece_by_piece_stays_so(monkeypatch):
    pieces = StreamingHttpResponse([b"one", b"two"])
    monkeypatch.setattr(wsgi.WSGIHandler, "__call__", lambda *_: pieces)
    assert answered("/healthz") == (pieces, 0)
