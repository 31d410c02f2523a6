<?php

// Runs once, before the first call. What it returns is handed to every apply.
function load()
{
    return ['greeting' => 'Hello'];
}

// Answers one call. $input is what the caller sent: a JSON value (objects are stdClass), text (string) or binary
// (Agora\Binary, whose ->bytes is a string). Return new Agora\Binary($bytes) to answer with binary.
function apply($input, $state)
{
    return "{$state['greeting']}, {$input}!";
}
