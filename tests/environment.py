"""What the tests need before Django reads its settings: a folder of their own, and a sandbox that loses no time."""

import atexit
import os
import shutil
import tempfile

if not os.environ.get("VAR_DIR") or "PYTEST_XDIST_WORKER" in os.environ:  # which inherits the folder of the first
    folder = tempfile.mkdtemp(prefix="hitl-tests-")
    os.environ["VAR_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ.setdefault("HITL_SANDBOX_SPEED", "0")
os.environ.setdefault("DEMO", "0")
os.environ.setdefault("EMBEDDED", "1")
# Playwright's sync API keeps a loop in the test's thread, and Django would refuse every query there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
