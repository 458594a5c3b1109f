"""One's own password at the desk: its change is in the history like all else, which Django's page leaves out."""

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect


def password_change(request: HttpRequest) -> HttpResponse:
    """Django's own page; what it changed is written down."""
    answer = admin.site.password_change(request)
    if request.method == "POST" and isinstance(answer, HttpResponseRedirect):
        user = request.user
        LogEntry.objects.log_actions(user.pk, [user], CHANGE, [{"changed": {"fields": ["password"]}}])
    return answer
