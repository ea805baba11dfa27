# Two commands: `make run` brings up the product, `make test` runs every check there is.
# Both bring what they need; PORT picks the port of `make run` (8000).
PORT ?= 8000
export PORT

.PHONY: run test soak bench lock messages

run: .venv/.run
	@exec .venv/bin/python manage.py up

test: .venv/.dev
	@.venv/bin/python -m tests.checks

# Many more rounds of every race, on both databases, and of every slip in a browser: before a release, and after a change of a
# lock, a claim or a move, or of the scripts that keep rows still and decide.
soak: .venv/.dev
	@.venv/bin/python -m tests.checks soak

bench: .venv/.dev
	@.venv/bin/python -m bench

.venv/.run: requirements.lock
	@sh hitl_dashboard/bootstrap.sh requirements.lock $@

.venv/.dev: requirements-dev.lock
	@sh hitl_dashboard/bootstrap.sh requirements-dev.lock $@

# After a change of words: new ones come into the catalogue, and it is compiled. Needs xgettext (Debian: gettext).
messages: .venv/.dev
	@.venv/bin/python manage.py makemessages
	@.venv/bin/pybabel --quiet compile --directory locale --domain django

# After a change of pyproject.toml: pins and hashes for every platform, no addresses.
lock: .venv/.dev
	@.venv/bin/python -m pip install --quiet uv
	@.venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header pyproject.toml -o requirements.lock
	@.venv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --group dev pyproject.toml -o requirements-dev.lock
