import datetime

from .base import *

SECRET_KEY = "letmein"
HALF_HOUR = 60 * 30

JWT_AUTH = {
    "JWT_ALLOW_REFRESH": True,
    "JWT_EXPIRATION_DELTA": datetime.timedelta(seconds=1800),
    "JWT_REFRESH_EXPIRATION_DELTA": datetime.timedelta(days=7),
    "JWT_AUTH_HEADER_PREFIX": "JWT",
    "JWT_VERIFY_EXPIRATION": False,
    "JWT_AUTH_COOKIE": "jwt",
    "JWT_RESPONSE_PAYLOAD_HANDLER": jwt_response_payload_handler,
    "JWT_GET_USER_SECRET_KEY": lambda user: user.jwt_secret,
}

if DEBUG:
    JWT_AUTH["JWT_REFRESH_EXPIRATION_DELTA"] = datetime.timedelta(days=28)
