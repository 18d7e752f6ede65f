"""The guide's application, and what a test wants to see of it besides."""

from flask import Response, request

from app import app, sock


@app.get("/seen")
@app.get("/static/seen")
def seen():
    """What the application is told of who it is, as a program sees it that reads the environment."""
    return {name: value for name, value in request.environ.items() if name.startswith("HTTP_REMOTE")}


@app.get("/kept/<directive>")
def kept(directive):
    return Response("for caches", headers={"Cache-Control": f"{directive}, max-age=60"})


@app.get("/own")
def own():
    response = Response("with a cookie of its own")
    response.set_cookie("theme", "dark")
    return response


@app.get("/broken")
def broken():
    raise RuntimeError


@sock.route("/echo")
def echo(socket):
    while True:
        socket.send(socket.receive())
