from datetime import datetime, timedelta, timezone
import os

from flask import Flask
from flask_jwt_extended import (
    JWTManager, create_access_token, get_jwt, get_jwt_identity, set_access_cookies,
)

app = Flask(__name__)

app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY", "dev")
app.config["JWT_SECRET_KEY"] = "super-secret"  # Change this!
app.config["JWT_TOKEN_LOCATION"] = ["cookies", "headers"]
app.config["JWT_COOKIE_SECURE"] = os.environ.get("COOKIE_SECURE", "true").lower() == "true"
app.config["JWT_COOKIE_SAMESITE"] = "None"
app.config["JWT_COOKIE_CSRF_PROTECT"] = False
app.config["JWT_REFRESH_COOKIE_PATH"] = "/token/refresh"
app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
app.config.update(
    JWT_REFRESH_TOKEN_EXPIRES=False,
    SQLALCHEMY_DATABASE_URI=os.environ["DATABASE_URL"],
    JWT_ERROR_MESSAGE_KEY="message",
)

jwt = JWTManager(app)


@jwt.additional_claims_loader
def add_claims(identity):
    return {"role": "editor"}


@app.after_request
def refresh_expiring_jwts(response):
    try:
        target = datetime.timestamp(datetime.now(timezone.utc) + timedelta(minutes=30))
        if target > get_jwt()["exp"]:
            set_access_cookies(response, create_access_token(identity=get_jwt_identity()))
        return response
    except (RuntimeError, KeyError):
        return response
