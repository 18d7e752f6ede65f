// The pages. `html` escapes what is put in.

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

class Html {
  constructor(text) {
    this.text = text;
  }
}

function html(parts, ...values) {
  const safe = (value) =>
    Array.isArray(value) ? value.map(safe).join("")
    : value instanceof Html ? value.text
    : String(value).replace(/[&<>"']/g, (c) => ESCAPES[c]);
  return new Html(String.raw({ raw: parts }, ...values.map(safe)));
}

const page = (title, main) => html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<script type="module" src="/static/session.js"></script>
${main}
<p id="message" role="status"></p>
`.text;

export const home = () => page("Home", html`
<h1>Welcome</h1>
<p><a href="/me">Your page</a>`);

export const login = () => page("Sign in", html`
<h1>Sign in</h1>
<form id="sign-in" method="post">
  <p><label>Name <input name="username" autocomplete="username" required></label>
  <p><label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <p><button>Sign in</button>
</form>`);

export const me = (user) => page(user.name, html`
<h1>Hello, ${user.name}</h1>
<p>You are <b id="role">${user.role}</b> here.
<h2>Where you are signed in</h2>
<ul id="devices"></ul>
<p><button id="sign-out">Sign out</button> <button id="sign-out-everywhere">Sign out everywhere</button>`);

const option = (role, user) => html`<option ${role === user.role ? "selected" : ""}>${role}</option>`;

export const people = (users) => page("People", html`
<h1>People</h1>
${users.map((user) => html`
<form method="post" action="/people/${user.id}" id="${user.name}">
  ${user.name}
  <select name="role">${["member", "admin"].map((role) => option(role, user))}</select>
  <label><input type="checkbox" name="active" ${user.active ? "checked" : ""}> may sign in</label>
  <button>Save</button>
</form>`)}`);
