@extends('page')
@section('title', 'Home')
@section('main')
<h1>Welcome</h1>
<p><a href="/me">Your page</a>
@endsection
