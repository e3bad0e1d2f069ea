"""Billow's settings as tests see them: a data folder of their own, and never a developer's database."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DATABASE_KIND = os.environ.get("BILLOW_TEST_DATABASE", "sqlite")
"""`postgresql` only under `python -m tests.postgresql -- …`, which starts the server and says where it is."""

if DATABASE_KIND not in {"sqlite", "postgresql"}:
    raise RuntimeError(f"BILLOW_TEST_DATABASE is {DATABASE_KIND!r}; write sqlite or postgresql")
if DATABASE_KIND == "postgresql" and not os.environ.get("BILLOW_DATABASE_URL"):
    raise RuntimeError("tests on PostgreSQL are started with: python -m tests.postgresql -- pytest …")

_folder = Path(tempfile.mkdtemp(prefix="billow-tests-"))
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

for _name in [name for name in os.environ if name.startswith("BILLOW_")]:
    if _name not in {"BILLOW_TEST_DATABASE", "BILLOW_DATABASE_URL", "BILLOW_UPDATE_GOLDEN"} or (
        _name == "BILLOW_DATABASE_URL" and DATABASE_KIND == "sqlite"
    ):
        del os.environ[_name]

# Processes that a test starts inherit these.
os.environ["BILLOW_DATA"] = str(_folder)
os.environ["BILLOW_SECRET_KEY"] = "only-for-tests"
os.environ["BILLOW_ENCRYPTION_KEY"] = "dGhpcnR5LXR3byBieXRlcyBvbmx5IGZvciB0ZXN0cyE="

from billow.settings import *  # noqa: E402, F403
from billow.settings import DATABASES  # noqa: E402

if DATABASE_KIND == "sqlite":
    # A file, because worker processes that a test starts must see the same rows.
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
