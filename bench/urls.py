from django.urls import include, path

from bench import floor
from bench.sockets import FloorBoard

urlpatterns = [path("", include("hitl_dashboard.urls")), path("floor/decide/", floor.decide)]
websocket_urlpatterns = [path("floor/board/", FloorBoard.as_asgi())]
