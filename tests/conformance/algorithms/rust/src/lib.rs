use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use serde_json::{json, Value};
use std::process::{exit, Command};

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub enum Data {
    Json(Value),
    Binary(ByteBuf),
}

#[derive(Debug)]
pub struct Deliberate;

impl std::fmt::Display for Deliberate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(formatter, "deliberate 🍎")
    }
}

impl std::error::Error for Deliberate {}

pub fn load() -> Result<i64, &'static str> {
    if std::path::Path::new("fail_load.txt").exists() {
        return Err("no model");
    }
    Ok(0)
}

pub fn apply(input: Data, count: &mut i64) -> Result<Data, Deliberate> {
    let action = match &input {
        Data::Json(Value::Object(values)) => values.get("do").and_then(Value::as_str).unwrap_or(""),
        _ => "",
    };
    match action {
        "text" => Ok(Data::Json(json!("tëxt 🍎"))),
        "bytes" => Ok(Data::Binary(ByteBuf::from(vec![0, 255, 10, 128]))),
        "count" => {
            *count += 1;
            Ok(Data::Json(json!(*count)))
        }
        "raise" => Err(Deliberate),
        "exit" => exit(3),
        "loop" => loop {
            std::hint::spin_loop()
        },
        "print" => Ok(print_much(&input)),
        "hog" => hog(),
        "spawn" => {
            for _ in 0..2000 {
                Command::new("sleep").arg("60").spawn().expect("another process");
            }
            Ok(Data::Json(Value::Null))
        }
        _ => Ok(input),
    }
}

fn print_much(input: &Data) -> Data {
    let Data::Json(values) = input else { panic!("no JSON") };
    Command::new("echo").arg("from a child").status().expect("echo");
    for _ in 0..values["mebibytes"].as_i64().unwrap() * 1024 {
        println!("{}", "x".repeat(1023));
    }
    Data::Json(json!("printed"))
}

fn hog() -> ! {
    let mut held = vec![];
    loop {
        held.push(vec![1u8; 1 << 20]);
        std::hint::black_box(&held);
    }
}
