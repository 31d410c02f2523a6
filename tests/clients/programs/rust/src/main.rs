//! Calls and hosted data by the client that cargo finds. The key comes from the program's environment.
use algorithmia::algo::ByteVec;
use algorithmia::data::{DataFile, ReadAcl};
use algorithmia::prelude::*;
use std::error::Error;

type Done = Result<(), Box<dyn Error>>;

fn main() {
    let key = std::env::var("ALGORITHMIA_API_KEY").expect("a key");
    let client = Algorithmia::client(key).expect("a client");
    check("json_text_and_binary", values(&client));
    check("errors_of_the_algorithm", errors(&client));
    check("an_unknown_algorithm", unknown(&client));
    check("directories_and_files", data(&client));
}

fn check(name: &str, done: Done) {
    match done {
        Ok(()) => println!("passed {}", name),
        Err(error) => println!("failed {}: {}", name, error.to_string().replace('\n', " ")),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Done {
    if found == wanted { Ok(()) } else { Err(format!("{:?} is not {:?}", found, wanted).into()) }
}

fn values(client: &Algorithmia) -> Done {
    let echo = client.algo("algo://demo/echo_python");
    same(echo.pipe("text ä")?.as_string(), Some("text ä"))?;
    same(echo.pipe(vec![1, 2])?.decode::<Vec<i32>>()?, vec![1, 2])?;
    same(echo.pipe_json("{\"a\": [true]}")?.to_json(), Some("{\"a\":[true]}".to_string()))?;
    same(echo.pipe(ByteVec::from(vec![0, 255]))?.as_bytes(), Some(&[0u8, 255][..]))
}

fn errors(client: &Algorithmia) -> Done {
    match client.algo("demo/adk_python").pipe("fail") {
        Err(error) => same(format!("{:?}", error).contains("no greeting for fail"), true),
        Ok(_) => Err("it did not fail".into()),
    }
}

fn unknown(client: &Algorithmia) -> Done {
    same(client.algo("demo/no_such_algorithm").pipe(1).is_err(), true)
}

fn data(client: &Algorithmia) -> Done {
    let directory = client.dir(&format!("data://.my/rust_{}", std::process::id()));
    directory.create(ReadAcl::Private)?;
    let file = directory.child::<DataFile>("note.txt");
    file.put("text ä")?;
    same(file.get()?.into_string()?, "text ä".to_string())?;
    same(directory.list().count(), 1)?;
    file.delete()?;
    directory.delete(true)?;
    Ok(())
}
