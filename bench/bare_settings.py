"""What Django needs to know for the benchmark's bare endpoints: next to nothing."""

ROOT_URLCONF = "bench.bare_api"
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = "bench"  # noqa: S105 - protects nothing
USE_TZ = True
