<?php

namespace App\Http\Controllers;

use App\Models\User;
use Illuminate\Http\Request;

class PeopleController
{
    public function index()
    {
        return view('people', ['people' => User::orderBy('name')->get()]);
    }

    public function update(Request $request, User $user)
    {
        $user->role = $request->validate(['role' => 'required|in:member,admin'])['role'];
        $user->active = $request->boolean('active');
        $user->save();

        return back(303);
    }
}
