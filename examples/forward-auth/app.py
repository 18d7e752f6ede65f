"""Notes of signed-in people. Who that is, the proxy says; of tokens this application knows nothing."""

from time import time

from flask import Flask, abort, redirect, render_template, request
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)
notes = []


def user():
    # The proxy lets nobody through without a name. Who comes past it, does not get in either.
    return request.headers.get("Remote-User") or abort(403)


@app.get("/")
def home():
    return render_template("notes.html", user=user(), notes=notes)


@app.post("/notes")
def write():
    notes.append((user(), request.form["text"]))
    return redirect("/", 303)


@sock.route("/live")
def live(socket):
    """Says back what it hears, for as long as the token of the handshake: nobody is asked again."""
    end = int(request.headers["Remote-Expires"])
    while (left := end - time()) > 0:
        heard = socket.receive(timeout=left)
        if heard is not None:
            socket.send(f"{user()}: {heard}")
    socket.close(4401, "refresh, and come again")


@app.after_request
def private(response):
    """What is shown to one user is nobody else's. Files without a user's name in them say otherwise themselves."""
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
