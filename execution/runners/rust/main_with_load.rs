mod agora;
mod bytes;

fn main() {
    agora::serve(algorithm::load, algorithm::apply);
}
