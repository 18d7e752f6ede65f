"""The routes as the documentation of Flask-JWT-Extended shows them: login, refresh, logout by a table of blocked jti,
protected views, and the same with cookies. The environment says what differs from run to run."""

import json
import os
import sqlite3

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)
from werkzeug.security import check_password_hash

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["SECRET_KEY"]
app.config.update(json.loads(os.environ.get("SETTINGS", "{}")))
LOCATIONS = app.config.get("JWT_TOKEN_LOCATION", ["headers"])
COOKIES = "cookies" in LOCATIONS
# Where only cookies carry tokens, nothing else shows them.
IN_BODY = LOCATIONS != ["cookies"]
jwt = JWTManager(app)


def rows(statement, *values):
    database = sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:"), timeout=20)
    try:
        with database:
            return database.execute(statement, values).fetchall()
    finally:
        database.close()


@jwt.token_in_blocklist_loader
def is_blocked(header, claims):
    return bool(rows("SELECT 1 FROM token_blocklist WHERE jti = ?", claims["jti"]))


@app.post("/login")
def login():
    username = request.json.get("username", None)
    password = request.json.get("password", None)
    user = rows("SELECT id, password_hash, is_active FROM users WHERE username = ?", username)
    if not user or not user[0][2] or not check_password_hash(user[0][1], password):
        return jsonify({"msg": "Bad username or password"}), 401
    access = create_access_token(identity=str(user[0][0]), fresh=True)
    refresh = create_refresh_token(identity=str(user[0][0]))
    tokens = {"access_token": access, "refresh_token": refresh}
    answer = jsonify(tokens if IN_BODY else {"msg": "login successful"})
    if COOKIES:
        set_access_cookies(answer, access)
        set_refresh_cookies(answer, refresh)
    return answer


@app.post("/refresh")
@jwt_required(refresh=True)
def refresh():
    access = create_access_token(identity=get_jwt_identity(), fresh=False)
    answer = jsonify({"access_token": access} if IN_BODY else {"msg": "token refreshed"})
    if COOKIES:
        set_access_cookies(answer, access)
    return answer


if COOKIES:

    @app.post("/logout")
    def logout():
        answer = jsonify({"msg": "logout successful"})
        unset_jwt_cookies(answer)
        return answer

else:

    @app.delete("/logout")
    @jwt_required(verify_type=False)
    def logout():
        token = get_jwt()
        rows("INSERT INTO token_blocklist (jti) VALUES (?)", token["jti"])
        return jsonify(msg=f"{token['type'].capitalize()} token revoked")


@app.route("/protected", methods=["GET", "POST"])
@jwt_required()
def protected():
    return jsonify(logged_in_as=get_jwt_identity(), claims=get_jwt())


@app.get("/optional")
@jwt_required(optional=True)
def optional():
    return jsonify(logged_in_as=get_jwt_identity())


@app.get("/fresh")
@jwt_required(fresh=True)
def fresh():
    return jsonify(logged_in_as=get_jwt_identity())


@app.post("/decoded")
def decoded():
    """What the library's own decoder makes of a token."""
    return jsonify(decode_token(request.json["token"]))
