mod agora;
mod bytes;

fn main() {
    agora::serve(|| Ok::<_, String>(()), |input, _: &mut ()| algorithm::apply(input));
}
