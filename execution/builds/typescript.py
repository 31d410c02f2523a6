"""TypeScript: packages as for JavaScript, then the compiler of a fixed version, which also checks the types.

Each file is compiled to JavaScript beside it, with its source map in it. A tsconfig.json of the author's is for their
editor: the options here are the platform's.
"""

import json
import shutil
from pathlib import Path

from execution.builds import javascript
from execution.builds.base import BuildJob
from execution.builds.kept_folders import keep_folder
from execution.errors import BuildFailed

COMPILER = {"typescript": "5.9.3", "@types/node": "22.18.0"}
OPTIONS = {
    "strict": True,
    "target": "es2022",
    "module": "nodenext",
    "moduleResolution": "nodenext",
    "esModuleInterop": True,
    "resolveJsonModule": True,
    "skipLibCheck": True,
    "noEmitOnError": True,
    "inlineSourceMap": True,
    "types": ["node"],
}


def check(job: BuildJob) -> None:
    """Nothing to do: compiling checks, when the packages are there whose types it needs."""


def install(job: BuildJob) -> None:
    """Installs package.json, and compiles."""
    javascript.install(job, copy=shutil.copy2)  # a source in the packages folder is compiled beside itself
    compiler = _find_compiler(job)
    names = job.names_of(job.environment.manifest.suffixes)
    job.log(f"Compiling {len(names)} TypeScript files")
    config = job.scratch / "tsconfig.json"
    config.write_text(json.dumps(_config(job, compiler, names)))
    job.run_isolated(
        [job.interpreter, str(compiler / "typescript" / "bin" / "tsc"), "-p", str(config)], readable=[compiler]
    )


def _config(job: BuildJob, compiler: Path, names: list[str]) -> dict[str, object]:
    options = OPTIONS | {
        "rootDir": job.seen(job.tree),
        "outDir": job.seen(job.tree),
        "typeRoots": [job.seen(compiler / "@types")],
        "paths": {"agora": [job.seen(job.runner / "agora" / "index.d.ts")]},
    }
    return {"compilerOptions": options, "files": [job.seen(job.tree / name) for name in names]}


def _find_compiler(job: BuildJob) -> Path:
    """The folder of the compiler's packages, which are downloaded once."""
    place = job.cache / "typescript" / "-".join(COMPILER.values())
    if not place.is_dir():
        folder = job.scratch / "compiler"
        folder.mkdir()
        (folder / "package.json").write_text(json.dumps({"name": "compiler", "dependencies": COMPILER}))
        job.log(f"Downloading {' and '.join(f'{name} {version}' for name, version in COMPILER.items())}")
        if javascript.run_npm(job, folder, job.cache / "npm"):
            raise BuildFailed("The compiler could not be downloaded: the log above says why.")
        keep_folder(folder / "node_modules", place)
    return place
