"""What the first page does without."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from streamlit.testing.v1 import AppTest
import app.startup
app.startup.PATIENCE_S = 3600  # on a crowded machine it would be over before the page is there
test = AppTest.from_file("app/main.py", default_timeout=600)
for name, value in {address!r}.items():
    test.query_params[name] = value
test.run()
assert not test.exception, test.exception
assert test.header[0].value == "Explore"
print("pandas" in sys.modules, "torch" in sys.modules)
"""


def loaded(repository: Path, **address: str) -> str:
    command = [sys.executable, "-c", SCRIPT.format(address=address)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_first_look_needs_no_pandas(repository: Path) -> None:
    assert loaded(repository) == "False False"


def test_a_cluster_has_a_table_and_so_pandas(repository: Path) -> None:
    assert loaded(repository, cluster="coarse:0") == "True False"
