<?php

namespace App\Http\Middleware;

use App\Rekindle\AccessTokens;
use Closure;
use Illuminate\Auth\AuthenticationException;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\RedirectResponse;
use Symfony\Component\HttpFoundation\Response;

/** Reads who is signed in. Whom `auth` refuses may only have to refresh. */
class Rekindle
{
    public function __construct(private AccessTokens $tokens)
    {
    }

    public function handle(Request $request, Closure $next)
    {
        $claims = $this->tokens->newest($request);
        $request->attributes->set('claims', $claims);
        abort_if($claims && ! $this->isOwn($request), 403);

        $response = $next($request);
        if (($response->exception ?? null) instanceof AuthenticationException) {
            return $this->isNavigation($request) ? $this->refreshFirst($request) : $this->unauthorized();
        }
        if ($claims) {
            // Pages of a signed-in user are nobody else's, and not the back button's after signing out.
            $response->headers->set('Cache-Control', 'no-store');
        }

        return $response;
    }

    /** Whether a request that changes something comes from a page of ours: cookies come along with others, too. */
    private function isOwn(Request $request): bool
    {
        if ($request->isMethodSafe() || $this->isProgram($request)) {
            return true;
        }
        $site = $request->header('Sec-Fetch-Site');

        return $site ? $site === 'same-origin' : $request->header('Origin') === config('rekindle.public_url');
    }

    private function isNavigation(Request $request): bool
    {
        $mode = $request->header('Sec-Fetch-Mode');
        $asked = $mode ? $mode === 'navigate' : $request->acceptsHtml();

        return $request->isMethod('GET') && $asked && ! $this->isProgram($request);
    }

    /** No page of another site can make a browser send this. */
    private function isProgram(Request $request): bool
    {
        return str_starts_with(strtolower($request->header('Authorization', '')), 'bearer');
    }

    /** The page's script refreshes, and asks again. */
    private function unauthorized()
    {
        return response()->json(['error' => 'not signed in'], 401, ['WWW-Authenticate' => 'Bearer']);
    }

    /** Rekindle refreshes the cookies and sends the browser back; or to the login page, where nobody is signed in. */
    private function refreshFirst(Request $request): Response
    {
        $now = time();
        if (abs($now - (int) $request->query('continued')) < 10) {
            // It has just been there. Sending it again would send it round in circles.
            return response('The new access token is not accepted: compare APP_URL, and the clocks.', 503);
        }
        // As it was sent: PHP would lose what is there twice.
        $pairs = explode('&', $request->server('QUERY_STRING') ?? '');
        $pairs = array_filter($pairs, fn ($pair) => $pair !== '' && ! str_starts_with($pair, 'continued='));
        $path = $request->getBaseUrl().$request->getPathInfo();
        $here = $pairs ? $path.'?'.implode('&', $pairs) : $path;
        $back = $path.'?'.implode('&', [...$pairs, "continued=$now"]);
        $query = http_build_query(['to' => $back, 'login' => '/login?'.http_build_query(['next' => $here])]);

        return new RedirectResponse("/v1/continue?$query", 303);
    }
}
