from django.urls import path

from rekindle import views

urlpatterns = [path("verify", views.verify), path("state", views.state)]
