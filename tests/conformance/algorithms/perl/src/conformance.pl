use strict;
use warnings;
use utf8;
use POSIX ();

my %actions = (
    text  => sub { return "tëxt 🍎" },
    bytes => sub { return Agora::Binary->new("\x00\xff\x0a\x80") },
    count => sub { return ++$_[1]{count} },
    raise => sub { die Conformance::Error->new("deliberate 🍎") },
    exit  => sub { POSIX::_exit(3) },
    loop  => sub { 1 while 1 },
    stream => sub {
        my ($number, $last) = (0, $_[0]{count});
        return sub { return $number < $last ? ++$number : undef };
    },
    print => sub {
        system 'echo from a child';
        print 'x' x 1023, "\n" for 1 .. 1024 * $_[0]{mebibytes};
        return 'printed';
    },
    shell => sub {
        system $_[0]{command};
        return 'done';
    },
    hog => sub {
        my @held;
        push @held, 'x' x (1 << 20) . @held while 1;
    },
    spawn => sub {
        for (1 .. 2000) {
            my $child = fork // die "no more processes: $!";
            exec 'sleep', '60' if !$child;
        }
    },
);

sub load {
    die "no model\n" if -e 'fail_load.txt';
    return { count => 0 };
}

sub apply {
    my ($input, $state) = @_;
    return $input if ref $input ne 'HASH' || !exists $input->{do};
    return $actions{ $input->{do} }->($input, $state);
}

package Conformance::Error;

sub new { return bless { message => $_[1] }, $_[0] }
sub message { return $_[0]{message} }

1;
