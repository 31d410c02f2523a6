"""The public store."""

from django.urls import path

from marketplace.web import converters  # noqa: F401 - registers `word`
from marketplace.web.store import views

app_name = "store"

urlpatterns = [
    path("", views.home, name="home"),
    path("publish", views.publish, name="publish"),
    path("owners/<word:owner>", views.owner, name="owner"),
    path("algorithms/<word:owner>/<word:name>", views.algorithm, name="algorithm"),
    path("algorithms/<word:owner>/<word:name>/console-token", views.console_token, name="console-token"),
]
