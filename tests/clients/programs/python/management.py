"""Managing algorithms and organizations by the published Python client."""

import contextlib
import os
import tempfile

import Algorithmia
from checks import check, main

client = Algorithmia.client()
NAME = f"managed_{os.getpid()}"
algorithm = client.algo(f"demo/{NAME}")


@check
def languages_and_environments():
    languages = client.get_supported_languages()
    names = {language["name"] for language in languages}
    assert any("python" in name for name in names), names
    python = next(language["name"] for language in languages if "python" in language["name"])
    environments = client.get_environment(python)["environments"]
    assert environments[0]["machine_type"] in ("CPU", "GPU"), environments


@check
def a_template():
    environment = client.get_environment(python_name())["environments"][0]
    with tempfile.TemporaryDirectory() as folder:
        client.get_template(environment["environment_specification_id"], folder)
        names = [name for _, _, names in os.walk(folder) for name in names]
        assert any(name.endswith(".py") for name in names), names


def python_name():
    return next(found["name"] for found in client.get_supported_languages() if "python" in found["name"])


@check
def creating():
    environment = client.get_environment(python_name())["environments"][0]["id"]
    details = {"label": "Managed", "summary": "# Managed", "tagline": "by a client"}
    settings = {
        "algorithm_environment": environment,
        "source_visibility": "closed",
        "license": "apl",
        "network_access": "full",
        "pipeline_enabled": True,
        "algorithm_callability": "private",
    }
    assert not algorithm.exists()
    made = algorithm.create(details=details, settings=settings)
    assert made["name"] == NAME
    assert made["id"]
    assert algorithm.exists()
    assert algorithm.get_algorithm_id() == made["id"]


@check
def updating():
    algorithm.update(details={"label": "Managed"}, settings={"license": "mit"})


@check
def versions_and_builds():
    published = client.algo("demo/echo_python")
    versions = published.versions(limit=5, published=True)
    assert versions["results"][0]["version_info"]["semantic_version"], versions

    git_hash = versions["results"][0]["version_info"]["git_hash"]
    assert published.info(git_hash)["version_info"]["git_hash"] == git_hash
    assert published.info()["results"]
    build = published.get_builds()["results"][0]
    assert build["status"] == "succeeded", build
    assert published.get_build(build["build_id"])["build_id"] == build["build_id"]
    assert published.get_build_logs(build["build_id"])["logs"]


@check
def scm():
    assert any(scm["id"] == "internal" or scm["provider"] == "internal" for scm in client.scms()["results"])
    assert client.algo("demo/echo_python").get_scm_status()["scm_connection_status"] == "active"


@check
def secrets():
    made = algorithm.set_secret("greeting", "GREETING", "Hello")
    assert "error" not in made, made
    found = algorithm.get_secrets()
    listed = found.get("secrets") or found.get("results")
    assert any(secret["secret_key"] == "GREETING" for secret in listed), found
    assert "Hello" not in str(found)


@check
def errors():
    with contextlib.suppress(Algorithmia.errors.AlgorithmException):
        client.algo("demo/adk_python").pipe("fail")
    found = client.get_algorithm_errors(client.algo("demo/adk_python").get_algorithm_id())
    assert isinstance(found, (list, dict)), found


@check
def organizations():
    names = {kind["name"] for kind in client.get_org_types()}
    assert names >= {"basic", "legacy", "pro"}, names
    name = f"org_{os.getpid()}"
    made = client.create_org(
        {
            "org_name": name,
            "org_label": "An organization",
            "org_contact_name": "Ann",
            "org_email": "ann@example.com",
            "org_url": "https://example.com",
            "type_id": "basic",
        }
    )
    assert made["org_name"] == name, made
    assert client.get_org(name)["org_label"] == "An organization"
    made["org_label"] = "Another label"
    made["type_id"] = "basic"
    edited = client.edit_org(name, made)
    assert edited.status_code == 204, edited.text
    assert client.get_org(name)["org_label"] == "Another label"


@check
def insights():
    client.report_insights({"a": 1})


main()
