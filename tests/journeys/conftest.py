from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from playwright.sync_api import Browser, Page

from agents import facts, plans, tools
from agents.models import Action, TrustScore, User
from approvals.models import Approval, Precedent, Role, Tally
from tests.cast import NAMES, at_a_glance
from tests.chromium import running
from tests.processes.product import Product, database, rows_of

SignIn = Callable[..., Page]


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[Product]:
    """One running product for all journeys, without a worker of its own accord: what it shows, the tests propose."""
    product = Product(tmp_path_factory.mktemp("journeys"), changes={"DEMO": "1"})
    with database(product), rows_of(product, django_db_blocker):
        roles = {role.slug: role for role in Role.objects.all()}
        # The product's own hash: it makes a cheaper one anew at its first use, which ends the sessions made before.
        password = make_password("secret", hasher=Argon2PasswordHasher())
        for name, slugs in NAMES.items():
            person = User.objects.create(username=name, password=password, first_name=name.title())
            person.roles.set([roles[slug] for slug in slugs])
        at_a_glance()
        plans.sync()
        tools.sync()
        product.start("redis", "web", "worker")
        with pytest.MonkeyPatch.context() as here:
            here.setattr(facts, "_client", product.broker)  # what the tests propose is heard of on the boards
            yield product
        product.end()


@pytest.fixture(autouse=True)
def nothing_waits(product: Product) -> None:
    """Each journey begins with an empty queue, and nothing of the one before speaks for or against its agents."""
    Action.objects.filter(state="PENDING").update(state="CANCELLED")
    Approval.objects.filter(state="open").update(state="cancelled")
    for rows in (TrustScore, Precedent, Tally):
        rows.objects.all().delete()
    facts.publish({"kind": "test.begins"})


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with running() as browser:
        yield browser


@pytest.fixture
def sign_in(product: Product, chromium: Browser) -> Iterator[SignIn]:
    """A board of somebody who has just signed in, with a browser of their own; test_signing_in does it by hand."""
    opened = []

    def signed_in(name: str, *, width: int = 1440, **options: Any) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, base_url=product.address, **options)
        opened.append(context)
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": _session_of(name), "url": product.address}
        context.add_cookies([cookie])
        page = context.new_page()
        page.goto("/")
        return page

    yield signed_in
    for context in opened:
        context.close()


def _session_of(name: str) -> str:
    """The key of a new session, as the sign-in page leaves it."""
    request, person = HttpRequest(), User.objects.get(username=name)
    request.session = SessionStore()
    login(request, person)
    record_authentication(request, person, method="password")
    request.session.save()
    return str(request.session.session_key)
