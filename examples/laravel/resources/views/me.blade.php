@extends('page')
@section('title', Auth::user()->name)
@section('main')
<h1>Hello, {{ Auth::user()->name }}</h1>
<p>You are <b id="role">{{ Auth::user()->role }}</b> here.
<h2>Where you are signed in</h2>
<ul id="devices"></ul>
<p><button id="sign-out">Sign out</button> <button id="sign-out-everywhere">Sign out everywhere</button>
@endsection
