"""The workspace: an algorithm's files, within its organization's console."""

from django.urls import path

from marketplace.web import converters  # noqa: F401 - registers `word`
from marketplace.web.workspace import creation, files, imports

app_name = "workspace"

ORGANIZATION = "console/<word:slug>"
ALGORITHM = f"{ORGANIZATION}/algorithms/<word:name>"

urlpatterns = [
    path(f"{ORGANIZATION}/new-algorithm", creation.new_algorithm, name="new"),
    path(f"{ALGORITHM}/files", files.files, name="files"),
    path(f"{ALGORITHM}/files/edit", files.edit, name="edit"),
    path(f"{ALGORITHM}/files/remove", files.remove, name="remove"),
    path(f"{ALGORITHM}/import", imports.source_import, name="import"),
    path(f"{ALGORITHM}/import/fetch", imports.fetch, name="fetch-import"),
    path(f"{ALGORITHM}/import/end", imports.end, name="end-import"),
    path(f"{ALGORITHM}/commits", files.commits, name="commits"),
    path(f"{ALGORITHM}/commits/<str:commit_id>", files.commit, name="commit"),
]
