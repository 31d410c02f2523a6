<?php

function load()
{
    if (file_exists('fail_load.txt')) {
        throw new RuntimeException('no model');
    }
    return (object) ['count' => 0];
}

function apply($input, $state)
{
    return match (is_object($input) ? $input->do ?? null : null) {
        null => $input,
        'text' => 'tëxt 🍎',
        'bytes' => new Agora\Binary("\x00\xff\x0a\x80"),
        'count' => ++$state->count,
        'raise' => throw new DomainException('deliberate 🍎'),
        'exit' => exit(3),
        'loop' => endless(),
        'stream' => countTo($input->count),
        'print' => printMuch($input->mebibytes),
        'shell' => runCommand($input->command),
        'hog' => hog(),
        'spawn' => spawnMany(),
    };
}

function countTo($last)
{
    for ($number = 1; $number <= $last; $number++) {
        yield $number;
    }
}

function endless()
{
    while (true) {
    }
}

function printMuch($mebibytes)
{
    system('echo from a child');
    for ($line = 0; $line < $mebibytes * 1024; $line++) {
        echo str_repeat('x', 1023), "\n";
    }
    return 'printed';
}

function runCommand($command)
{
    system($command);
    return 'done';
}

function hog()
{
    $held = [];
    while (true) {
        $held[] = str_repeat('x', 1 << 20);
    }
}

function spawnMany()
{
    $children = [];
    for ($number = 0; $number < 2000; $number++) {
        $children[] = proc_open(['sleep', '60'], [], $pipes);
    }
    return count($children);
}
