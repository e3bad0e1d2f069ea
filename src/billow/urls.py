"""Every address of the installation."""

from django.urls import URLPattern, URLResolver, include, path

from billow.interfaces.api.server import api_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("v2/", include(api_urls()[:2])),
    path("", include("billow.interfaces.web.urls")),
]

handler400 = "billow.interfaces.web.frame.refusals.too_much"
handler403 = "billow.interfaces.web.frame.refusals.forbidden"
handler404 = "billow.interfaces.web.frame.refusals.not_found"
handler500 = "billow.interfaces.web.frame.refusals.failed"
