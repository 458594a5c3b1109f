"""The addresses of the service; each also answers with a slash at its end."""

from django.contrib import admin
from django.urls import path, re_path
from django.views.generic import RedirectView
from infracciones.admin.passwords import password_change
from infracciones.views.contract import docs, openapi
from infracciones.views.evidence import evidencia
from infracciones.views.fines import cargar_infraccion
from infracciones.views.health import healthz, readyz
from infracciones.views.reports import generar_informe
from infracciones.views.token import token
from infracciones.views.uploads import cargar_infracciones

urlpatterns = [
    re_path(r"^cargar_infraccion/?$", cargar_infraccion),
    re_path(r"^cargar_infracciones/?$", cargar_infracciones),
    re_path(r"^infracciones/([^/]{1,64})/evidencia/?$", evidencia),
    re_path(r"^generar_informe/?$", generar_informe),
    re_path(r"^token/?$", token),
    re_path(r"^openapi\.json/?$", openapi),
    re_path(r"^docs/?$", docs),
    re_path(r"^healthz/?$", healthz),
    re_path(r"^readyz/?$", readyz),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/password_change/", admin.site.admin_view(password_change, cacheable=True)),
    path("admin/", admin.site.urls),
]

handler400 = "fines.middleware.bad_request"
handler403 = "fines.middleware.forbidden"
handler404 = "fines.middleware.not_found"
handler500 = "fines.middleware.server_error"
