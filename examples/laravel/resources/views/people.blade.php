@extends('page')
@section('title', 'People')
@section('main')
<h1>People</h1>
@foreach ($people as $person)
<form method="post" action="/people/{{ $person->id }}" id="{{ $person->name }}">
  {{ $person->name }}
  <select name="role">
    @foreach (['member', 'admin'] as $role)
    <option @if ($role === $person->role) selected @endif>{{ $role }}</option>
    @endforeach
  </select>
  <label><input type="checkbox" name="active" @if ($person->active) checked @endif> may sign in</label>
  <button>Save</button>
</form>
@endforeach
@endsection
