mod agora;
mod bytes;

fn main() {
    agora::serve(algorithm::load, |input, state, send| respond!(algorithm::apply(input, state), send));
}
