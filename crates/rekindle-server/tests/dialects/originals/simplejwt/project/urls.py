import os

from django.urls import path
from rest_framework_simplejwt import views as tokens

from . import views

SLIDING = os.environ.get("VIEWS") == "sliding"
OBTAIN = tokens.TokenObtainSlidingView if SLIDING else tokens.TokenObtainPairView
REFRESH = tokens.TokenRefreshSlidingView if SLIDING else tokens.TokenRefreshView

urlpatterns = [
    path("api/token/", OBTAIN.as_view()),
    path("api/token/refresh/", REFRESH.as_view()),
    path("api/token/verify/", tokens.TokenVerifyView.as_view()),
    path("api/token/blacklist/", tokens.TokenBlacklistView.as_view()),
    path("protected/", views.Protected.as_view()),
    path("decoded/", views.Decoded.as_view()),
]
