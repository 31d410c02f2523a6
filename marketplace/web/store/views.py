"""Pages of the store."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def home(request: HttpRequest) -> HttpResponse:
    return render(request, "store/home.html")


def publish(request: HttpRequest) -> HttpResponse:
    return render(request, "store/home.html")


def owner(request: HttpRequest, owner: str) -> HttpResponse:
    return render(request, "store/home.html")


def algorithm(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    return render(request, "store/home.html")


def console_token(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    return render(request, "store/home.html")
