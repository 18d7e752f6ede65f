<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>@yield('title')</title>
<script type="module" src="/static/session.js"></script>
@yield('main')
<p id="message" role="status"></p>
