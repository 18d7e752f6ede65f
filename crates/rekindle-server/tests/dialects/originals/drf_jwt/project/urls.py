from django.urls import path
from rest_framework_jwt import views as tokens
from rest_framework_jwt.blacklist.views import BlacklistView

from . import views

urlpatterns = [
    path("auth/jwt/", tokens.obtain_jwt_token),
    path("auth/jwt/refresh/", tokens.refresh_jwt_token),
    path("auth/jwt/verify/", tokens.verify_jwt_token),
    path("auth/jwt/blacklist/", BlacklistView.as_view({"post": "create"})),
    path("protected/", views.Protected.as_view()),
    path("decoded/", views.Decoded.as_view()),
]
