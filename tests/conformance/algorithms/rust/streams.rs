use serde_json::Value;

pub fn apply(input: Value) -> Result<impl Iterator<Item = i64>, String> {
    let count = input["count"].as_i64().ok_or("how many?")?;
    Ok(1..=count)
}
