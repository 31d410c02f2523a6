"""Storage and repositories of one test, and who works with them."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from marketplace.accounts.models import User


@pytest.fixture(autouse=True)
def own_places(settings: Any, tmp_path: Path) -> None:
    """Sources and repositories go to this test's folder."""
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "storage"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    settings.REPOSITORIES = str(tmp_path / "repositories")


@pytest.fixture
def as_alice(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client
