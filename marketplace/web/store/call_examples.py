"""The same call as code, in several languages, ready to be pasted. Pure."""

import json
import shlex
from dataclasses import dataclass
from typing import Any

from marketplace.web.store.call_programs import PROGRAMS, Program

LONGEST_INLINE_CHARACTERS = 240
"""A longer sample is read from input.json, which the page offers."""
LONGEST_LINE_CHARACTERS = 80
KEY = "YOUR_API_KEY"


@dataclass(frozen=True)
class CallExample:
    """A call in one language."""

    id: str
    language: str
    code: str


def make_call_examples(*, address: str, full_name: str, sample: str) -> list[CallExample]:
    """Calls of `owner/name` at the platform's address with the sample, which is JSON text or nothing."""
    sample = sample or '"hello"'
    return [
        CallExample("curl", "curl", _curl(address, full_name, sample)),
        CallExample("python", "Python", _python(address, full_name, sample)),
        CallExample("javascript", "JavaScript", _javascript(address, full_name, sample)),
        CallExample("agora", "agora", _agora(full_name, sample)),
        *(_write(program, f"{address}/v1/algo/{full_name}", sample) for program in PROGRAMS),
    ]


def is_long(sample: str) -> bool:
    """Whether the examples read the sample from input.json."""
    return len(sample) > LONGEST_INLINE_CHARACTERS


def _write(program: Program, address: str, sample: str) -> CallExample:
    text = program.write(address=address, key=KEY, sample=None if is_long(sample) else sample)
    return CallExample(program.id, program.language, text)


def _curl(address: str, full_name: str, sample: str) -> str:
    data = "@input.json" if is_long(sample) else shlex.quote(sample)
    return (
        f"curl {address}/v1/algo/{full_name} \\\n"
        f"  -H 'Authorization: Simple {KEY}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {data}"
    )


def _python(address: str, full_name: str, sample: str) -> str:
    if is_long(sample):
        value = 'json.loads(Path("input.json").read_text())'
        imports = "import json\nfrom pathlib import Path\n\nimport requests\n"
    else:
        value = _python_literal(json.loads(sample))
        imports = "import requests\n"
    return (
        f"{imports}\n"
        f"value = {value}\n"
        f"answer = requests.post(\n"
        f'    "{address}/v1/algo/{full_name}",\n'
        f'    headers={{"Authorization": "Simple {KEY}"}},\n'
        f"    json=value,\n"
        f").json()\n"
        f'print(answer["result"])'
    )


def _python_literal(value: Any) -> str:
    """On one line, or if it is long with one member per line."""
    text = repr(value)
    if len(text) <= LONGEST_LINE_CHARACTERS or not isinstance(value, dict | list):
        return text
    members = [f"{name!r}: {each!r}" for name, each in value.items()] if isinstance(value, dict) else map(repr, value)
    return f"{text[0]}\n" + "".join(f"    {member},\n" for member in members) + text[-1]


def _javascript(address: str, full_name: str, sample: str) -> str:
    if is_long(sample):
        imports = 'import { readFile } from "node:fs/promises";\n\n'
        value = 'JSON.parse(await readFile("input.json", "utf8"))'
    else:
        imports, value = "", sample
    return (
        f"{imports}const value = {value};\n"
        f'const response = await fetch("{address}/v1/algo/{full_name}", {{\n'
        f'  method: "POST",\n'
        f"  headers: {{\n"
        f'    Authorization: "Simple {KEY}",\n'
        f'    "Content-Type": "application/json",\n'
        f"  }},\n"
        f"  body: JSON.stringify(value),\n"
        f"}});\n"
        f"const {{ result }} = await response.json();\n"
        f"console.log(result);"
    )


def _agora(full_name: str, sample: str) -> str:
    if is_long(sample):
        return f"agora call {full_name} --file input.json"
    return f"agora call {full_name} --data {shlex.quote(sample)}"
