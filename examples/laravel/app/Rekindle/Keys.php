<?php

namespace App\Rekindle;

use Illuminate\Contracts\Cache\LockTimeoutException;
use Illuminate\Http\Client\HttpClientException;
use Illuminate\Support\Facades\Cache;
use Illuminate\Support\Facades\Http;

/**
 * Rekindle's public keys, in the cache that all processes share: fetched again every ten minutes, and for an unknown
 * key at most once a second: anybody can make up a key's name.
 */
class Keys
{
    public function find(string $kid): ?string
    {
        try {
            if ($this->isDue($kid)) {
                // One asks, the others wait for the answer.
                Cache::lock('rekindle.asking', 5)->block(4, fn () => $this->isDue($kid) && $this->fetch());
            }
        } catch (LockTimeoutException) {
            // Those that are known still hold.
        }

        return $this->known()['keys'][$kid] ?? null;
    }

    private function isDue(string $kid): bool
    {
        ['asked' => $asked, 'keys' => $keys] = $this->known();

        return microtime(true) - $asked > (isset($keys[$kid]) ? 600 : 1);
    }

    private function known(): array
    {
        return Cache::get('rekindle.keys', ['asked' => 0, 'keys' => []]);
    }

    private function fetch(): bool
    {
        $known = ['asked' => microtime(true)] + $this->known();
        try {
            $keys = Http::timeout(3)->get(config('rekindle.url').'/.well-known/jwks.json')->throw()->json('keys');
            $ours = collect($keys)->where('kty', 'OKP')->where('crv', 'Ed25519');
            $known['keys'] = $ours->pluck('x', 'kid')->map(fn ($x) => base64_decode(strtr($x, '-_', '+/')))->all();
        } catch (HttpClientException) {
            // Those that are known still hold.
        }

        return Cache::forever('rekindle.keys', $known);
    }
}
