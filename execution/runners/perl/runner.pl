# Answers calls to one Perl algorithm: one line of JSON in, one out, on the call channel (descriptor 0).
#
# Needs Cpanel::JSON::XS, which keeps every number as it is. What the algorithm prints goes to the log pipe (descriptors
# 1 and 2); the call channel moves to a private descriptor at boot, where no print can reach it.
package Agora::Runner;

use strict;
use warnings;
use Agora::Binary;
use Carp ();
use Cpanel::JSON::XS ();
use File::Basename qw(dirname);
use List::Util ();
use MIME::Base64 qw(decode_base64 encode_base64);
use Math::BigFloat ();
use Math::BigInt ();
use POSIX ();
use Scalar::Util qw(blessed);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my $JSON = Cpanel::JSON::XS->new->utf8->allow_nonref->allow_bignum->convert_blessed->max_depth(1_000_000);
my ($requests, $responses, $trace);

sub run {
    open $requests,  '<&', 0 or die "no call channel: $!";
    open $responses, '>&', 0 or die "no call channel: $!";
    open STDIN, '<', '/dev/null' or die "no /dev/null: $!";
    binmode $_, ':utf8' for \*STDOUT, \*STDERR;
    send_line('{"ready":{"protocol":1}}');
    my $line = <$requests>;
    return if !defined $line;
    serve(load_and_report($JSON->decode($line)->{load}));
    return;
}

sub send_line {
    my $bytes = "$_[0]\n";
    my $sent  = 0;
    while ($sent < length $bytes) {
        my $written = syswrite $responses, $bytes, length($bytes) - $sent, $sent;
        die "the call channel is closed: $!" if !defined $written;
        $sent += $written;
    }
    return;
}

# Loads the version and reports; ends the process when it cannot be loaded.
sub load_and_report {
    my ($order) = @_;
    my $started = clock_gettime(CLOCK_MONOTONIC);
    my $apply   = eval { traced(sub { load($order) }) };
    my $error   = $@;
    flush_prints();
    if (!$apply) {
        send_line(error_line($error));
        POSIX::_exit(1);
    }
    send_line(sprintf '{"loaded":{"duration_us":%d}}', 1e6 * (clock_gettime(CLOCK_MONOTONIC) - $started));
    return $apply;
}

# Runs the entry and its load, and returns a function of one argument.
sub load {
    my ($order) = @_;
    my %variables = %{ $order->{environment_variables} // {} };
    @ENV{ keys %variables } = values %variables;
    chdir $order->{directory} or die "no folder $order->{directory}: $!";
    my $entry = "$order->{directory}/$order->{entry}";
    unshift @INC, dirname($entry), "$order->{directory}/lib", "$order->{directory}/vendor/lib/perl5";
    run_file($entry);
    my $apply = 'main'->can('apply') or die "$order->{entry} has no sub called apply in package main\n";
    my $load  = 'main'->can('load');
    my $state = $load ? $load->() : undef;
    return sub { $apply->($_[0], $state) };
}

sub run_file {
    my ($entry) = @_;
    $! = 0;
    $@ = '';
    { package main; do $entry; }
    die $@ if $@;
    die "$entry cannot be read: $!\n" if $! && !-r $entry;
    return;
}

sub serve {
    my ($apply) = @_;
    while (defined(my $line = <$requests>)) {
        my $id;
        my $answer = eval { traced(sub {
            my $request = $JSON->decode($line);
            $id = $request->{id};
            my $result = $apply->(input_of($request));
            return result_line(ref $result eq 'CODE' ? send_chunks($result) : $result);
        }) };
        $answer = error_line($@) if !defined $answer;
        substr $answer, -1, 1, ',"id":' . $JSON->encode($id) . '}' if defined $id;
        flush_prints();
        send_line($answer);
    }
    return;
}

# Sends what an iterator answers, until that is undef; returns what is left to answer.
sub send_chunks {
    my ($next) = @_;
    my $sent;
    while (defined(my $chunk = $next->())) {
        send_line(result_line($chunk, 'chunk'));
        $sent = 1;
    }
    return $sent ? undef : [];
}

# Runs it, and keeps in $trace where it died.
sub traced {
    my ($code) = @_;
    $trace = undef;
    local $SIG{__DIE__} = sub { $trace = Carp::longmess('') };
    return $code->();
}

sub input_of {
    my ($request) = @_;
    return $request->{content_type} eq 'binary' ? Agora::Binary->new(decode_base64($request->{data})) : $request->{data};
}

sub result_line {
    my ($result, $key) = (@_, 'result');
    if (blessed $result && $result->isa('Agora::Binary')) {
        return qq({"$key":") . encode_base64($result->bytes, '') . '","metadata":{"content_type":"binary"}}';
    }
    my $text = $JSON->encode($result);
    my $kind = substr($text, 0, 1) eq '"' ? 'text' : 'json';
    return qq({"$key":$text,"metadata":{"content_type":"$kind"}});
}

# One error line: the message, the type, and the author's frames only.
sub error_line {
    my ($error) = @_;
    my $class   = blessed $error;
    my $message = $class && $error->can('message') ? $error->message : "$error";
    chomp $message;
    my $kind   = $class && $error->can('error_type') ? $error->error_type : $class // 'AlgorithmError';
    my @frames = grep { !m{/runner/|^\s*$} } split /\n/, $trace // '';
    return $JSON->encode({ error => { message => $message, stacktrace => join("\n", $message, @frames), error_type => $kind } });
}

sub flush_prints {
    STDOUT->flush;
    STDERR->flush;
    return;
}

run();
