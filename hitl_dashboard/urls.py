from allauth.account import views as account
from django.urls import include, path

from hitl_dashboard.health import healthz

urlpatterns = [
    path("", include("approvals.urls")),
    path("sandbox/", include("agents.toolbox.urls")),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("healthz", healthz, name="healthz"),
]
