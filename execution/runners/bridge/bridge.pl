#!/usr/bin/perl
# Answers calls with a program that was written for one of Algorithmia's ADKs: one that has a main loop of its own.
#
#   bridge.pl ORDER [COMMAND...]
#
# The call channel is descriptor 3; of the order to load, in the file ORDER, the environment variables count, where they are not set already.
# The program is COMMAND, or the file `program` beside this one, started in the working directory. It reads requests as
# lines on its standard input, says PIPE_INIT_COMPLETE in a line of its standard output when it has loaded, and writes
# each reply to the named pipe /tmp/algoout, opening that as often as it likes. When it dies, this dies the same way: the
# agent says how.
#
# Stand-alone: perl-base, which every Debian has.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl;
use POSIX qw(:sys_wait_h);

use constant { CHANNEL => 3, FIFO => "/tmp/algoout", READY => "PIPE_INIT_COMPLETE", READ => 1 << 18 };

my $started = (POSIX::times())[0];
my ($channel, $fifo, $input, $output, $program);
my $unsent = "";     # of a request, to the program
my $request = "";    # a request that is not whole yet
my $waiting = 0;     # whether a reply is
my $loaded = 0;
my $printed = "";    # a line of the program's output that is not whole yet, while it loads
my ($reply, $seen, $depth, $in_string) = ("", 0, 0, 0);

main();

sub main {
    set_variables(shift @ARGV);
    open_ends();
    start_program(@ARGV ? @ARGV : ($0 =~ s{[^/]*$}{program}r));
    while (1) {
        my ($reads, $writes) = ("", "");
        vec($reads, fileno $_, 1) = 1 for $channel, $fifo, defined $output ? $output : ();
        vec($writes, fileno $input, 1) = 1 if length $unsent;
        my $count = select($reads, $writes, undef, 1);
        end_as_program() if waitpid($program, WNOHANG) == $program;
        next if $count <= 0;
        take_output() if defined $output && vec($reads, fileno $output, 1);
        take_reply() if vec($reads, fileno $fifo, 1);
        take_request() if vec($reads, fileno $channel, 1);
        send_some() if length $unsent;
    }
}

# An object of strings is all the JSON that there is to read.
sub set_variables {
    my ($name) = @_;
    open(my $file, "<", $name) or die "the order to load cannot be read: $!";
    my $order = <$file> // "";
    close $file;
    my $string = qr/"((?:[^"\\]|\\.)*)"/;
    return if $order !~ /"environment_variables"\s*:\s*\{/g;
    $ENV{ text_of($1) } = text_of($2) while $order =~ /\G[\s,]*$string\s*:\s*$string/gc;
}

sub text_of {
    my ($text) = @_;
    my %control = (n => "\n", t => "\t", r => "\r", b => "\b", f => "\f");
    $text =~ s/\\(?:u([0-9a-fA-F]{4})|(.))/defined $1 ? character($1) : $control{$2} \/\/ $2/ge;
    return $text;
}

sub character {
    my $text = chr hex $_[0];
    utf8::encode($text);
    return $text;
}

# The named pipe is there before the program starts, and read and written here: so no open of it ever waits, and it
# never ends.
sub open_ends {
    $| = 1;
    $SIG{PIPE} = "IGNORE";
    $SIG{CHLD} = sub { };    # interrupts select
    open($channel, "+<&=", CHANNEL) or die "descriptor 3 is not the call channel: $!";
    fcntl($channel, F_SETFD, FD_CLOEXEC);
    POSIX::mkfifo(FIFO, 0644) or die FIFO . " cannot be made: $!";
    sysopen($fifo, FIFO, O_RDWR | O_NONBLOCK) or die FIFO . " cannot be opened: $!";
}

sub start_program {
    my @command = @_;
    pipe(my $its_input, $input) or die "no pipe: $!";
    pipe($output, my $its_output) or die "no pipe: $!";
    $program = fork() // die "no process: $!";
    if (!$program) {
        open(STDIN, "<&", $its_input) && open(STDOUT, ">&", $its_output) or POSIX::_exit(126);
        $SIG{PIPE} = "DEFAULT";
        exec { $command[0] } @command or print STDERR "$command[0] cannot be started: $!\n";
        POSIX::_exit(127);
    }
    fcntl($input, F_SETFL, O_WRONLY | O_NONBLOCK);
}

# Until it has loaded, the program's output is looked at line by line; then it is passed on as it is.
sub take_output {
    my $read = sysread($output, my $data, READ);
    return if !defined $read;
    if (!$read) {    # it closed it, or is about to die
        close $output;
        undef $output;
        return;
    }
    if ($loaded) {
        print $data;
        return;
    }
    $printed .= $data;
    while (!$loaded && $printed =~ s/^(.*\n)//) {
        my $line = $1;
        index($line, READY) < 0 ? print $line : report_loaded();
    }
    if ($loaded) {
        print $printed;
        $printed = "";
    }
}

sub report_loaded {
    $loaded = 1;
    my $ticks = (POSIX::times())[0] - $started;
    say_line(sprintf '{"loaded":{"duration_us":%.0f}}', 1e6 * $ticks / POSIX::sysconf(POSIX::_SC_CLK_TCK()));
}

sub take_request {
    my $read = sysread($channel, $request, READ, length $request);
    exit 0 if defined $read ? !$read : $! != EINTR;    # the gateway has hung up
    if (substr($request, -1) eq "\n") {
        ($unsent, $request, $waiting) = ($request, "", 1);
    }
}

sub send_some {
    my $sent = syswrite($input, $unsent);
    if (defined $sent) { substr($unsent, 0, $sent, "") }
    elsif ($! != EAGAIN && $! != EINTR) { $unsent = "" }    # it reads no more, and is about to die
}

sub take_reply {
    sysread($fifo, $reply, READ, length $reply) or return;
    return $reply =~ s/^\s+// if $reply =~ /^\s*$/;    # what followed the last reply
    die "the program wrote a reply that nothing asked for\n" if $loaded && !$waiting;
    return if !reply_is_whole();
    my $line = substr($reply, 0, $seen, "");
    ($seen, $waiting) = (0, 0);
    die "the program wrote more than one reply\n" if $reply =~ /\S/;
    $reply = "";
    $line =~ tr/\r\n/  /;    # they stand between values only
    if ($line =~ /^\s*\{\s*"error"/) {    # authors give their exceptions any error_type
        $line =~ s/("error_type"\s*:\s*)(?=[^\s"])[^,}]*/$1"AlgorithmError"/;
    }
    say_line($line);
    exit 1 if !$loaded;      # an error, instead of loading
}

# Whether $reply begins with a whole JSON object, up to $seen. Goes on where it stopped.
sub reply_is_whole {
    pos($reply) = $seen;
    while (1) {
        if ($in_string) {
            $reply =~ /\G[^"\\]+/gc;
            if ($reply =~ /\G"/gc) { $in_string = 0 }
            elsif ($reply !~ /\G\\./gcs) { last }
            next;
        }
        $reply =~ /\G[^"{}\[\]]+/gc;
        last if $reply !~ /\G["{}\[\]]/gc;
        my $mark = substr($reply, pos($reply) - 1, 1);
        if ($mark eq '"') { $in_string = 1 }
        elsif ($mark eq "{" || $mark eq "[") { $depth++ }
        elsif (--$depth <= 0) {
            ($seen, $depth) = (pos $reply, 0);
            return 1;
        }
    }
    $seen = pos($reply) // 0;
    return 0;
}

sub say_line {
    my $line = "$_[0]\n";
    while (length $line) {
        my $sent = syswrite($channel, $line);
        exit 0 if !defined $sent && $! != EINTR;
        substr($line, 0, $sent // 0, "");
    }
}

# What it printed and answered before is passed on.
sub end_as_program {
    my $status = $?;
    if (defined $output) {
        fcntl($output, F_SETFL, O_RDONLY | O_NONBLOCK);
        while (sysread($output, my $data, READ)) { $printed .= $data }
        print $printed;
    }
    take_reply() if $waiting || !$loaded;
    if (WIFSIGNALED($status)) {
        local $SIG{WTERMSIG($status)} = "DEFAULT";
        kill WTERMSIG($status), $$;
    }
    exit WEXITSTATUS($status);
}
