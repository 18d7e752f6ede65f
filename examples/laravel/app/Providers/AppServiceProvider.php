<?php

namespace App\Providers;

use App\Http\Middleware\Rekindle;
use App\Models\User;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Auth;
use Illuminate\Support\Facades\Gate;
use Illuminate\Support\Facades\Route;
use Illuminate\Support\ServiceProvider;

class AppServiceProvider extends ServiceProvider
{
    public function boot()
    {
        Route::prependMiddlewareToGroup('web', Rekindle::class);

        Auth::viaRequest('rekindle', function (Request $request) {
            $claims = $request->attributes->get('claims');

            return $claims ? User::where('active', true)->find($claims['sub']) : null;
        });

        Gate::define('admin', fn (User $user) => $user->role === 'admin');
    }
}
