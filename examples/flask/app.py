from flask import Flask, abort, g, redirect, render_template, request

import users
from signed_in import signed_in
from webhook import webhook

app = Flask(__name__)
app.register_blueprint(webhook)
app.cli.command("create-users")(users.create)


@app.get("/")
def home():
    return render_template("home.html")


@app.get("/login")
def login():
    return render_template("login.html")


@app.get("/me")
@signed_in
def me():
    return render_template("me.html")


@app.get("/api/me")
@signed_in
def api_me():
    return {"name": g.user["name"], "role": g.user["role"], "signed_in_at": g.user["auth_time"]}


@app.get("/people")
@signed_in
def people():
    only_admins()
    return render_template("people.html", people=users.everybody())


@app.post("/people/<int:id>")
@signed_in
def change(id):
    only_admins()
    users.change(id, request.form["role"], "active" in request.form)
    return redirect("/people", 303)


def only_admins():
    if g.user["role"] != "admin":
        abort(403)


@app.after_request
def private(response):
    """Pages of a signed-in user are nobody else's, and not the back button's after signing out."""
    if "user" in g:
        response.headers["Cache-Control"] = "no-store"
    return response
