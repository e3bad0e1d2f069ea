"""Every address of the installation."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("billow.interfaces.web.urls")),
]

handler403 = "billow.interfaces.web.frame.refusals.forbidden"
handler404 = "billow.interfaces.web.frame.refusals.not_found"
handler500 = "billow.interfaces.web.frame.refusals.failed"
