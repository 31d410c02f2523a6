<?php

function apply($input)
{
    $options = ['http' => ['method' => 'POST', 'header' => "Content-Type: text/plain", 'content' => $input]];
    $address = getenv('ALGORITHMIA_API') . '/v1/algo/demo/template_python?output=raw';
    return file_get_contents($address, false, stream_context_create($options));
}
