"""Which methods a call takes."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from infracciones.views.answers import Refusal

View = Callable[..., HttpResponse]  # of a request, and the words of its path


def methods(*allowed: str) -> Callable[[View], View]:
    """Refuses all other methods with 405 and says which are allowed."""

    def decorate(view: View) -> View:
        # A call takes no cookie, so none can be forged; and a method that is refused is refused as such.
        @csrf_exempt
        @wraps(view)
        def checked(request: HttpRequest, *words: str) -> HttpResponse:
            if request.method not in allowed:
                raise Refusal(405, f"Use {' o '.join(allowed)}.", headers={"Allow": ", ".join(allowed)})
            return view(request, *words)

        return checked

    return decorate
