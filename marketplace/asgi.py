"""Django as an ASGI application: pages and the REST API. Calls never come here (marketplace/gateway)."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
application = get_asgi_application()
