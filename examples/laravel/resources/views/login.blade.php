@extends('page')
@section('title', 'Sign in')
@section('main')
<h1>Sign in</h1>
<form id="sign-in" method="post">
  <p><label>Name <input name="username" autocomplete="username" required></label>
  <p><label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <p><button>Sign in</button>
</form>
@endsection
