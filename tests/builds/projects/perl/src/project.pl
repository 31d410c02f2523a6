use strict;
use warnings;
use Text::Roman qw(roman2int);

sub apply {
    my ($input) = @_;
    return roman2int($input);
}

1;
