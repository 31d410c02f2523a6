"""agora publish and agora login, from a folder to a version in the database and an artifact in storage."""

import tarfile
from pathlib import Path

import pytest

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.algorithms.blobs import open_artifact
from marketplace.algorithms.models import Algorithm, Build, Version
from marketplace.cli.credentials import config_path
from tests.factories.people import make_api_key, make_organization, make_user
from tests.integration.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("worker")


def edit(path: str, old: str, new: str) -> None:
    text = Path(path).read_text("utf-8")
    assert old in text
    Path(path).write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(("language", "entry"), [("python", "src/greeter.py"), ("javascript", "src/greeter.js")])
def test_a_template_becomes_a_version(run: Run, language: str, entry: str) -> None:
    run("init", "greeter", "--language", language)
    edit("greeter/agora.toml", 'royalty_credits = "0"', 'royalty_credits = "0.25"')
    code, output = run("publish", "greeter", "--notes", "First.")
    assert code == 0, output
    assert "Unpacking the source" in output
    assert "Published ann/greeter 0.1.0." in output
    assert "/v1/algo/ann/greeter -H" in output
    version = Version.objects.get()
    assert (version.number, version.entry, version.release_notes) == ("0.1.0", entry, "First.")
    assert (version.timeout_seconds, version.memory_bytes, version.sample_input) == (30, 512 * 2**20, '"world"')
    assert billing.get_price(version_id=version.id, at=version.published_at).royalty_per_call == 250_000
    with open_artifact(version.artifact) as content, tarfile.open(fileobj=content) as tar:
        assert entry in tar.getnames()


def test_the_same_files_are_published_once(run: Run) -> None:
    run("init", "greeter")
    run("publish", "greeter")
    code, output = run("publish", "greeter", "--bump", "major")
    assert (code, output.splitlines()[0]) == (0, "Nothing has changed since ann/greeter 0.1.0.")
    edit("greeter/src/greeter.py", "!", "?")
    assert "Published ann/greeter 0.1.1." in run("publish", "greeter", "--bump", "revision")[1]
    assert Version.objects.count() == 2


def test_the_page_follows_the_folder(run: Run) -> None:
    run("init", "greeter")
    run("publish", "greeter")
    Path("greeter/README.md").write_text("# Größe\n", "utf-8")
    edit("greeter/agora.toml", "public = false", "public = true")
    edit("greeter/agora.toml", "tags = []", 'tags = ["Fun"]')
    run("publish", "greeter")
    algorithm = Algorithm.objects.get()
    assert (algorithm.readme, algorithm.public, algorithm.tags) == ("# Größe\n", True, ["fun"])


def test_a_build_that_fails_publishes_nothing(run: Run) -> None:
    run("init", "greeter")
    Path("greeter/src/greeter.py").write_text("def apply(:\n")
    code, output = run("publish", "greeter")
    assert code == 1
    assert "Error: The build failed: Syntax error in src/greeter.py" in output
    assert not Version.objects.exists()
    Path("greeter/src/greeter.py").write_text("def apply(input):\n    return input\n")
    assert run("publish", "greeter")[0] == 0


def test_an_algorithm_of_an_organization(run: Run, ann: User) -> None:
    team = make_organization("team", owner=ann)
    run("init", "greeter")
    code, output = run("publish", "greeter", "--organization", "team")
    assert (code, "no organization team that this key acts for" in output) == (1, True)
    key = make_api_key(team, by=ann).text
    assert "Published team/greeter 0.1.0." in run("publish", "greeter", AGORA_API_KEY=key)[1]


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("agora.toml", "name =", "nmae =", "agora.toml: there is no field nmae: did you mean name?"),
        ("agora.toml", '"python3"', '"cobol"', "There is no environment cobol: choose one of "),
        ("agora.toml", "tags = []", 'entry = "x.py"', "agora.toml: there is no file x.py in greeter"),
    ],
)
def test_what_is_wrong_is_one_sentence(run: Run, path: str, old: str, new: str, message: str) -> None:
    run("init", "greeter")
    edit(f"greeter/{path}", old, new)
    code, output = run("publish", "greeter")
    assert code == 1
    assert message in output
    assert not Build.objects.exists()


def test_a_wrong_key_and_a_platform_that_is_away(run: Run) -> None:
    run("init", "greeter")
    code, output = run("publish", "greeter", AGORA_API_KEY="sim" + "x" * 25)
    assert (code, "The platform does not know this key: run `agora login" in output) == (1, True)
    code, output = run("publish", "greeter", AGORA_ADDRESS="http://127.0.0.1:9")
    assert (code, "Nothing answers at http://127.0.0.1:9: start it with `make up`" in output) == (1, True)
    code, output = run("publish", "greeter", AGORA_ADDRESS="localhost")
    assert (code, "is not an address: run `agora login --address" in output) == (1, True)


def test_login_remembers_a_key_that_works(run: Run) -> None:
    ben = make_api_key(by=make_user("ben")).text
    code, output = run("login", "--key", ben)
    assert code == 0, output
    assert output.startswith("You act for ben at http://")
    assert ben in config_path().read_text()
    assert ben not in output


def test_login_forgets_a_key_that_does_not(run: Run) -> None:
    code, output = run("login", "--key", "sim" + "x" * 25)
    assert (code, "does not know this key" in output) == (1, True)
    assert not config_path().exists()
