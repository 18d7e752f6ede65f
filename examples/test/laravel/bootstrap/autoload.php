<?php

// In the place of Composer's vendor/autoload.php.

require_once 'Illuminate/autoload.php';
require_once 'GuzzleHttp/autoload.php';

spl_autoload_register(function (string $class) {
    foreach (['App\\' => 'app/', 'Database\\Seeders\\' => 'database/seeders/'] as $prefix => $folder) {
        if (str_starts_with($class, $prefix)) {
            $file = __DIR__."/../$folder".strtr(substr($class, strlen($prefix)), '\\', '/').'.php';
            if (is_file($file)) {
                require $file;
            }
        }
    }
});
