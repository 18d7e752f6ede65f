<?php

namespace App\Http\Controllers;

use App\Models\User;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Hash;

/** Rekindle asks here whether a password is right, and how an account stands. */
class RekindleController
{
    public function verify(Request $request)
    {
        $user = User::where('name', (string) $request->json('username'))->first();
        // Checked for names that do not exist, so that they take the time of a wrong password.
        $nobody = Cache::rememberForever('rekindle.nobody', fn () => Hash::make('nobody'));
        $right = Hash::check((string) $request->json('password'), $user ? $user->password : $nobody);
        if (! $user || ! $right || ! $user->active) {
            return ['verdict' => 'denied'];
        }

        return ['verdict' => 'verified', 'subject' => (string) $user->id] + $this->standing($user);
    }

    public function state(Request $request)
    {
        $user = User::find($request->json('subject'));
        if (! $user) {
            return ['state' => 'gone'];
        }

        return $user->active ? ['state' => 'active'] + $this->standing($user) : ['state' => 'disabled'];
    }

    /** What tokens say of a user, and a number that changes with the password. */
    private function standing(User $user): array
    {
        return [
            'claims' => ['name' => $user->name, 'role' => $user->role],
            'credential_version' => hexdec(substr(hash('sha256', $user->password), 0, 12)),
        ];
    }
}
