<?php

namespace App\Http\Middleware;

use Closure;
use Illuminate\Http\Request;

/** Lets through what Rekindle sent in the last five minutes. */
class FromRekindle
{
    public function handle(Request $request, Closure $next)
    {
        $moment = $request->header('webhook-timestamp', '');
        $signed = $request->header('webhook-id', '').".$moment.".$request->getContent();
        $mac = hash_hmac('sha256', $signed, config('rekindle.webhook_secret'), true);
        $right = hash_equals('v1,'.base64_encode($mac), $request->header('webhook-signature', ''));
        abort_unless($right && abs(time() - (int) $moment) < 300, 403);

        return $next($request);
    }
}
