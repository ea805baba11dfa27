"""The product's application, with the floor's socket beside its own."""

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()

# Only now: these import models.
from approvals.urls import websocket_urlpatterns  # noqa: E402
from bench.urls import websocket_urlpatterns as floors  # noqa: E402

sockets = URLRouter([*floors, *websocket_urlpatterns])
application = ProtocolTypeRouter({"http": http, "websocket": AuthMiddlewareStack(sockets)})
