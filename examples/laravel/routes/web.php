<?php

use App\Http\Controllers\PeopleController;
use App\Http\Controllers\RekindleController;
use App\Http\Middleware\FromRekindle;
use Illuminate\Foundation\Http\Middleware\VerifyCsrfToken;
use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

Route::view('/', 'home');
Route::view('/login', 'login')->name('login');

Route::middleware('auth')->withoutMiddleware(VerifyCsrfToken::class)->group(function () {
    Route::view('/me', 'me');
    Route::get('/api/me', fn (Request $request) => [
        'name' => $request->user()->name,
        'role' => $request->user()->role,
        'signed_in_at' => $request->attributes->get('claims')['auth_time'],
    ]);
    Route::get('/people', [PeopleController::class, 'index'])->middleware('can:admin');
    Route::post('/people/{user}', [PeopleController::class, 'update'])->middleware('can:admin');
});

// No session, no cookies: a signed question, and its answer.
Route::prefix('rekindle')->middleware(FromRekindle::class)->withoutMiddleware('web')->group(function () {
    Route::post('/verify', [RekindleController::class, 'verify']);
    Route::post('/state', [RekindleController::class, 'state']);
});
