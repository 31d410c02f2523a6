use HTTP::Tiny;

sub apply {
    my ($input) = @_;
    my $address = "$ENV{ALGORITHMIA_API}/v1/algo/demo/template_python?output=raw";
    my $answer = HTTP::Tiny->new->post($address, { content => $input, headers => { "Content-Type" => "text/plain" } });
    return $answer->{content};
}

1;
