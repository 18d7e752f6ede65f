<?php

return [
    // Where browsers find the application and Rekindle, through the proxy.
    'public_url' => env('APP_URL', 'http://localhost:8888'),

    // Where the application finds Rekindle.
    'url' => env('REKINDLE_URL', 'http://127.0.0.1:8080'),

    'webhook_secret' => trim(file_get_contents(base_path('webhook.secret'))),
];
