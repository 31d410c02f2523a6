<?php

require_once __DIR__ . '/../vendor/Parsedown/Parsedown.php';

function apply($input)
{
    return (new Parsedown())->text($input);
}
