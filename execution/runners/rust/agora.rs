//! Answers calls to one algorithm in Rust: one line of JSON in, one out, on the call channel (descriptor 3). A build
//! compiles it together with the author's crate; the stage of the warm slot has said ready, and hands over the order to
//! load. What the algorithm prints goes to the log pipe (descriptors 1 and 2).

use std::any::type_name;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::FromRawFd;
use std::panic::{catch_unwind, set_hook, AssertUnwindSafe};
use std::time::Instant;

use base64::prelude::{Engine, BASE64_STANDARD};
use serde::de::value::BytesDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::bytes::bytes_of;

const CHANNEL: i32 = 3;
const READ_BUFFER: usize = 1 << 18;

#[derive(Deserialize)]
struct Order {
    load: Load,
}

#[derive(Deserialize)]
struct Load {
    directory: String,
    #[serde(default)]
    environment_variables: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    content_type: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[derive(Serialize)]
pub struct Failure {
    message: String,
    stacktrace: String,
    error_type: String,
}

thread_local! {
    static PANIC: RefCell<Option<Failure>> = const { RefCell::new(None) };
}

/// Takes a line for the caller.
pub type Send<'a> = &'a mut dyn FnMut(&str);

/// What apply answered: either trait below writes it, the first one that fits. That is found out where the type is known,
/// in `respond!`: what can be written as JSON needs a reference more than what is an iterator.
pub struct Answered<T>(pub Option<T>);

/// An iterator is a streaming result.
pub trait Chunks {
    /// Sends each chunk as it comes; the last line is left.
    fn write(&mut self, send: Send) -> Result<String, Failure>;
}

impl<T: Iterator> Chunks for Answered<T>
where
    T::Item: Serialize,
{
    fn write(&mut self, send: Send) -> Result<String, Failure> {
        let mut sent = false;
        for chunk in self.0.take().expect("it is written once") {
            send(&line_of("chunk", &chunk)?);
            sent = true;
        }
        if sent { line_of("result", &()) } else { line_of("result", &[(); 0]) }
    }
}

/// Any other result is one value.
pub trait Value {
    /// The last line.
    fn write(&mut self, send: Send) -> Result<String, Failure>;
}

impl<T: Serialize> Value for &mut Answered<T> {
    fn write(&mut self, _: Send) -> Result<String, Failure> {
        line_of("result", self.0.as_ref().expect("it is written once"))
    }
}

/// The last line of what apply answered.
#[macro_export]
macro_rules! respond {
    ($result:expr, $send:expr) => {{
        #[allow(unused_imports)]
        use $crate::agora::{Chunks, Value};
        match $result {
            Ok(value) => (&mut $crate::agora::Answered(Some(value))).write($send),
            Err(error) => Err($crate::agora::described(error)),
        }
    }};
}

/// Loads the version and answers until the channel closes. `apply` answers the last line, and sends the others.
pub fn serve<I, S, F>(load: fn() -> Result<S, F>, apply: impl Fn(I, &mut S, Send) -> Result<String, Failure>)
where
    I: DeserializeOwned,
    F: Into<Box<dyn Error>>,
{
    let started = Instant::now();
    let mut channel = unsafe { File::from_raw_fd(CHANNEL) };
    let requests = BufReader::with_capacity(READ_BUFFER, channel.try_clone().expect("the call channel is open"));
    set_hook(Box::new(|info| {
        let message = message_of(info.payload());
        let place = info.location().map(|at| at.to_string()).unwrap_or_default();
        let trace = format!("{message}\n  at {place}\n{}", author_frames(&Backtrace::force_capture().to_string()));
        PANIC.set(Some(Failure { message, stacktrace: trace, error_type: "panic".into() }));
    }));
    let mut state = match guarded(|| prepare().and_then(|()| load().map_err(described))) {
        Ok(state) => state,
        Err(failure) => {
            send(&mut channel, &error_line(failure));
            std::process::exit(1);
        }
    };
    send(&mut channel, &format!("{{\"loaded\":{{\"duration_us\":{}}}}}", started.elapsed().as_micros()));
    for line in requests.lines() {
        let Ok(line) = line else { return };
        let mut id = None;
        let answer = guarded(|| {
            let request: Request = serde_json::from_str(&line).map_err(described)?;
            id = request.id.map(|id| id.get());
            apply(input_of(&request).map_err(described)?, &mut state, &mut |text| send(&mut channel, text))
        });
        let mut answer = answer.unwrap_or_else(error_line);
        if let Some(id) = id {
            answer.truncate(answer.len() - 1);
            answer += &format!(",\"id\":{id}}}");
        }
        send(&mut channel, &answer);
    }
}

fn send(channel: &mut File, line: &str) {
    let _ = std::io::stdout().flush();
    if channel.write_all(format!("{line}\n").as_bytes()).is_err() {
        std::process::exit(1);
    }
}

fn prepare() -> Result<(), Failure> {
    let text = std::fs::read_to_string(std::env::args().nth(1).unwrap_or_default()).map_err(described)?;
    let order: Order = serde_json::from_str(&text).map_err(described)?;
    for (name, value) in order.load.environment_variables {
        std::env::set_var(name, value);
    }
    std::env::set_current_dir(order.load.directory).map_err(described)
}

fn line_of<T: Serialize>(key: &str, value: &T) -> Result<String, Failure> {
    if let Some(bytes) = bytes_of(value) {
        let text = BASE64_STANDARD.encode(bytes);
        return Ok(format!("{{\"{key}\":\"{text}\",\"metadata\":{{\"content_type\":\"binary\"}}}}"));
    }
    let text = serde_json::to_string(value).map_err(described)?;
    let kind = if text.starts_with('"') { "text" } else { "json" };
    Ok(format!("{{\"{key}\":{text},\"metadata\":{{\"content_type\":\"{kind}\"}}}}"))
}

/// The input as the type that apply takes; binary is what serde calls bytes.
fn input_of<I: DeserializeOwned>(request: &Request) -> Result<I, Box<dyn Error>> {
    if request.content_type != "binary" {
        return Ok(serde_json::from_str(request.data.get())?);
    }
    let text: String = serde_json::from_str(request.data.get())?;
    let bytes = BASE64_STANDARD.decode(text)?;
    let source: BytesDeserializer<serde::de::value::Error> = bytes.as_slice().into_deserializer();
    Ok(I::deserialize(source)?)
}

/// A panic becomes a failure; the slot goes on.
fn guarded<T>(action: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(action)).unwrap_or_else(|_| Err(PANIC.take().expect("the hook ran")))
}

fn message_of(payload: &dyn std::any::Any) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| text.to_string());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".into())
}

/// What a returned error says, with its sources. Plain texts have no type worth telling.
pub fn described<E: Into<Box<dyn Error>>>(error: E) -> Failure {
    let name = type_name::<E>();
    let plain = name.contains("str") || name.contains("String") || name.contains("dyn ");
    let error: Box<dyn Error> = error.into();
    let mut trace = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        trace += &format!("\ncaused by: {cause}");
        source = cause.source();
    }
    let error_type = if plain { "AlgorithmError".into() } else { name.to_string() };
    Failure { message: error.to_string(), stacktrace: trace, error_type }
}

fn error_line(failure: Failure) -> String {
    serde_json::to_string(&HashMap::from([("error", failure)])).expect("texts can be written")
}

/// The part of a backtrace between the panic and us: a function and its place take a line each.
fn author_frames(trace: &str) -> String {
    let ours = |line: &str| line.contains("agora_program::") || line.contains("/agora.rs");
    let from = trace.lines().skip_while(|line| !line.contains("begin_unwind") && !line.contains("panic_fmt")).skip(2);
    from.take_while(|line| !line.contains("agora_program::")).filter(|line| !ours(line)).collect::<Vec<_>>().join("\n")
}

