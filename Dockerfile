# One image for every process: web, worker, beat and the job that prepares the database.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
# Settings want their variables; none of these is used to collect files.
RUN DATABASE_URL=postgresql://nobody@localhost/none REDIS_URL=redis://localhost/0 ALLOWED_HOSTS=localhost VAR_DIR=/tmp/var \
    SECRET_KEY=only-for-collecting-static-files-never-for-serving-anything \
    /venv/bin/python manage.py collectstatic --noinput && /venv/bin/python -m compileall -q .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app hitl && install -d -o hitl -m 0700 /var/lib/hitl
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
USER hitl
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 VAR_DIR=/var/lib/hitl
EXPOSE 8000
CMD ["uvicorn", "hitl_dashboard.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--log-level", "warning", \
     "--ws", "websockets-sansio", "--ws-max-queue", "16", "--ws-max-size", "65536", "--ws-per-message-deflate", "false", \
     "--lifespan", "off", "--no-server-header", "--proxy-headers"]
