"""The same call as code, in several languages, ready to be pasted. Pure."""

import json
import pprint
import shlex
from dataclasses import dataclass

LONGEST_INLINE_CHARACTERS = 240
"""A longer sample is read from input.json, which the page offers."""
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
    ]


def is_long(sample: str) -> bool:
    """Whether the examples read the sample from input.json."""
    return len(sample) > LONGEST_INLINE_CHARACTERS


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
        value = pprint.pformat(json.loads(sample), width=90, sort_dicts=False)
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
