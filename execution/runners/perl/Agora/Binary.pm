# Bytes that are no text: what a binary input is, and what makes a result binary.
package Agora::Binary;

use strict;
use warnings;
use overload '""' => sub { $_[0]->bytes }, fallback => 1;

sub new {
    my ($class, $bytes) = @_;
    return bless { bytes => $bytes }, $class;
}

sub bytes { return $_[0]{bytes} }

1;
