use algorithmia::prelude::*;

fn apply(input: String) -> Result<String, String> {
    if input == "fail" {
        return Err("no greeting for fail".to_string());
    }
    Ok(format!("Hello {}", input))
}

fn main() {
    handler::run(apply)
}
