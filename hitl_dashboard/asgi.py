"""HTTP and sockets of one server process."""

import os
import warnings

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

from hitl_dashboard.origins import FromOurPages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hitl_dashboard.settings")
http = get_asgi_application()
# WhiteNoise reads a static file in one go; ours are small.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

# Only now: these import models.
from django.conf import settings  # noqa: E402

from approvals.urls import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": FromOurPages(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ORIGINS),
    }
)
