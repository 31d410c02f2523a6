"""A storage backend without paths on this machine, as object storage is."""

from pathlib import Path

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage


class RemoteStorage(Storage):
    """A folder that only it knows."""

    def __init__(self, location: str) -> None:
        self._folder = FileSystemStorage(location)

    def _open(self, name: str, mode: str = "rb") -> File:
        if "w" in mode:
            Path(self._folder.path(name)).parent.mkdir(parents=True, exist_ok=True)
        return self._folder.open(name, mode)

    def delete(self, name: str) -> None:
        self._folder.delete(name)
