mod agora;
mod bytes;

fn main() {
    agora::serve(|| Ok::<_, String>(()), |input, _: &mut (), send| respond!(algorithm::apply(input), send));
}
