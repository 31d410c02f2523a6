use strict;
use warnings;
use utf8;

# Runs once, before the first call. What it returns is handed to every apply.
sub load {
    return { greeting => 'Hello' };
}

# Answers one call. $input is what the caller sent: a JSON value, text, or binary (an Agora::Binary, whose ->bytes are a
# string). Return Agora::Binary->new($bytes) to answer with binary.
sub apply {
    my ($input, $state) = @_;
    return "$state->{greeting}, $input!";
}

1;
