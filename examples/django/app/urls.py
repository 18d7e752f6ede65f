from django.urls import include, path
from django.views.generic import TemplateView

from app import views

urlpatterns = [
    path("", TemplateView.as_view(template_name="home.html")),
    path("login", TemplateView.as_view(template_name="login.html"), name="login"),
    path("me", views.me),
    path("api/me", views.api_me),
    path("people", views.people, name="people"),
    path("people/<int:id>", views.change, name="change"),
    path("rekindle/", include("rekindle.urls")),
]
