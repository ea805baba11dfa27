"""What the environment says: variables, files that hold them, and the secrets that a laptop makes for itself."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

WORDS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def env(name: str, default: str | None = None) -> str:
    """The variable, or what NAME_FILE holds; with neither and no default, refuse to start."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error.strerror}.") from None
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"Set {name} or {name}_FILE.")
    return value


def flag(name: str, default: bool) -> bool:
    """A variable that says yes or no; an odd word refuses to start."""
    word = env(name, "").lower()
    if word and word not in WORDS:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.")
    return WORDS.get(word, default)


def listed(name: str, default: str | None = None) -> list[str]:
    """A variable that holds several values, parted by commas."""
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def number(name: str, default: int) -> int:
    """A variable that holds a whole number from 1 to 65535, such as a port."""
    word = env(name, str(default))
    if not (word.isascii() and word.isdecimal() and 0 < int(word[:6]) < 65536):
        raise ImproperlyConfigured(f"{name} must be a whole number from 1 to 65535.")
    return int(word)


def folder(path: Path) -> Path:
    """The folder, made for its owner only; where that is not possible, refuse to start."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be made: {error.strerror}. Set VAR_DIR to a folder.") from None
    return path


def kept_secret(path: Path) -> str:
    """The secret in this file, made at the first call and readable by its owner only."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8")
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(50))
        # Linked, not renamed: of two processes that start at once the first to finish wins for both.
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text(encoding="utf-8")


def embedded_redis_url(folder: Path) -> str:
    """The address that a running embedded server has left in its folder; else one where nothing listens."""
    with suppress(OSError):
        return (folder / "redis.url").read_text(encoding="utf-8").strip()
    return "redis://127.0.0.1:1/0"
