<?php

namespace App\Rekindle;

use Illuminate\Http\Request;
use SodiumException;

/** Verifies Rekindle's access tokens without a call: signature, type, issuer, audience, expiry. */
class AccessTokens
{
    public function __construct(private Keys $keys)
    {
    }

    /** The claims of whoever is signed in, or null. Of several logins in one browser the newest counts. */
    public function newest(Request $request): ?array
    {
        $bearer = $request->bearerToken();
        $tokens = $bearer === null ? $this->cookies($request) : [$bearer];
        $verified = array_filter(array_map([$this, 'verify'], array_slice($tokens, 0, 16)));
        usort($verified, fn ($a, $b) => $b['auth_time'] <=> $a['auth_time']);

        return $verified[0] ?? null;
    }

    /** From the header itself: PHP changes the names of cookies, and Laravel takes those it did not encrypt for junk. */
    private function cookies(Request $request): array
    {
        // No other host of the domain can set a cookie with this prefix. Without HTTPS, browsers refuse it.
        $prefix = str_starts_with(config('rekindle.public_url'), 'https:') ? '__Host-rk-a.' : 'rk-a.';
        $pairs = array_map('trim', explode(';', $request->header('Cookie', '')));
        $ours = array_filter($pairs, fn ($pair) => str_starts_with($pair, $prefix) && str_contains($pair, '='));

        return array_map(fn ($pair) => explode('=', $pair, 2)[1], array_values($ours));
    }

    private function verify(string $token): ?array
    {
        $parts = explode('.', $token);
        if (count($parts) !== 3) {
            return null;
        }
        try {
            [$header, $claims, $signature] = array_map([$this, 'decoded'], $parts);
            $header = json_decode($header, true);
            // An access token, and no other token that the same keys may sign one day (RFC 9068 section 4).
            if (! is_array($header) || ($header['alg'] ?? null) !== 'EdDSA' || ($header['typ'] ?? null) !== 'at+jwt') {
                return null;
            }
            $key = is_string($header['kid'] ?? null) ? $this->keys->find($header['kid']) : null;
            $signed = "$parts[0].$parts[1]";
            if ($key === null || ! sodium_crypto_sign_verify_detached($signature, $signed, $key)) {
                return null;
            }
        } catch (SodiumException) {
            return null;
        }
        $claims = json_decode($claims, true);

        return is_array($claims) && $this->isOurs($claims) ? $claims : null;
    }

    private function isOurs(array $claims): bool
    {
        $url = config('rekindle.public_url');

        return ($claims['iss'] ?? null) === $url
            && in_array($url, (array) ($claims['aud'] ?? []), true)
            && is_int($claims['exp'] ?? null) && time() < $claims['exp']
            && is_int($claims['auth_time'] ?? null)
            && is_string($claims['sub'] ?? null);
    }

    private function decoded(string $part): string
    {
        return sodium_base642bin($part, SODIUM_BASE64_VARIANT_URLSAFE_NO_PADDING);
    }
}
