from django.urls import path

from agents.toolbox import views

urlpatterns = [path("", views.sandbox, name="sandbox")]
