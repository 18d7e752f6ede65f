<?php

namespace Database\Seeders;

use App\Models\User;
use Illuminate\Database\Seeder;
use Illuminate\Support\Facades\Hash;

class DatabaseSeeder extends Seeder
{
    public function run()
    {
        User::create(['name' => 'ada', 'password' => Hash::make('correct horse')]);
        $grace = User::create(['name' => 'grace', 'password' => Hash::make('battery staple')]);
        $grace->forceFill(['role' => 'admin'])->save();
    }
}
