"""The same call as a program in languages whose standard library, or best known one, speaks HTTP. Pure.

Each program holds the sample as JSON text, in a literal of its language, or reads it from input.json.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

RUBY = """\
require "json"
require "net/http"

body = $BODY
response = Net::HTTP.post(
  URI("$ADDRESS"), body,
  "Authorization" => "Simple $KEY", "Content-Type" => "application/json"
)
puts JSON.parse(response.body)["result"]"""

R = """\
library(httr)

body <- $BODY
response <- POST(
  "$ADDRESS",
  add_headers(Authorization = "Simple $KEY"),
  content_type_json(),
  body = body
)
print(content(response)$result)"""

JAVA = """\
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;

public class Call {
    public static void main(String[] arguments) throws Exception {
        String body = $BODY;
        HttpRequest request = HttpRequest.newBuilder(URI.create("$ADDRESS"))
            .header("Authorization", "Simple $KEY")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
}"""

GO = """\
package main

import (
\t"io"
\t"net/http"
\t"os"
\t"strings"
)

func main() {
\tbody := $BODY
\trequest, _ := http.NewRequest("POST", "$ADDRESS", strings.NewReader(string(body)))
\trequest.Header.Set("Authorization", "Simple $KEY")
\trequest.Header.Set("Content-Type", "application/json")
\tresponse, err := http.DefaultClient.Do(request)
\tif err != nil {
\t\tpanic(err)
\t}
\tdefer response.Body.Close()
\tio.Copy(os.Stdout, response.Body)
}"""

RUST = """\
// cargo add reqwest --features blocking
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body = $BODY;
    let answer = reqwest::blocking::Client::new()
        .post("$ADDRESS")
        .header("Authorization", "Simple $KEY")
        .header("Content-Type", "application/json")
        .body(body)
        .send()?
        .text()?;
    println!("{answer}");
    Ok(())
}"""

PHP = """\
<?php
$body = $BODY;
$options = ["http" => [
    "method" => "POST",
    "header" => "Authorization: Simple $KEY\\r\\nContent-Type: application/json",
    "content" => $body,
]];
$answer = file_get_contents("$ADDRESS", false, stream_context_create($options));
echo json_encode(json_decode($answer)->result);"""

CSHARP = """\
using System;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;

class Program
{
    static async Task Main()
    {
        var body = $BODY;
        var client = new HttpClient();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Simple $KEY");
        var content = new StringContent(body, Encoding.UTF8, "application/json");
        var response = await client.PostAsync("$ADDRESS", content);
        Console.WriteLine(await response.Content.ReadAsStringAsync());
    }
}"""


@dataclass(frozen=True)
class Program:
    """A program with places for the address, the key and the body: `literal` writes the body in the language."""

    id: str
    language: str
    text: str
    literal: Callable[[str], str]
    read: str
    """What reads input.json."""

    def write(self, *, address: str, key: str, sample: str | None) -> str:
        """The program; `sample` None reads it from input.json."""
        body = self.read if sample is None else self.literal(sample)
        return self.text.replace("$ADDRESS", address).replace("$KEY", key).replace("$BODY", body)


def _double_quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _single_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _go(text: str) -> str:
    return f"`{text}`" if "`" not in text and "\r" not in text else _double_quoted(text)


def _rust(text: str) -> str:
    hashes = "#"
    while f'"{hashes}' in text:
        hashes += "#"
    return f'r{hashes}"{text}"{hashes}'


def _r(text: str) -> str:
    dashes = ""
    while f'){dashes}"' in text:
        dashes += "-"
    return f'r"{dashes}({text}){dashes}"'


PROGRAMS = [
    Program("r", "R", R, _r, 'readChar("input.json", file.size("input.json"))'),
    Program("java", "Java", JAVA, _double_quoted, 'Files.readString(Path.of("input.json"))'),
    Program("ruby", "Ruby", RUBY, _single_quoted, 'File.read("input.json")'),
    Program("go", "Go", GO, _go, 'func() []byte { text, _ := os.ReadFile("input.json"); return text }()'),
    Program("rust", "Rust", RUST, _rust, 'std::fs::read_to_string("input.json")?'),
    Program("php", "PHP", PHP, _single_quoted, 'file_get_contents("input.json")'),
    Program("csharp", "C#", CSHARP, _double_quoted, 'File.ReadAllText("input.json")'),
]
