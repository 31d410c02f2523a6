use heck::ToSnakeCase;

pub fn apply(input: String) -> Result<String, String> {
    Ok(input.to_snake_case())
}
