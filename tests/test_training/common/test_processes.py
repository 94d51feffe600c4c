import os
import runpy

import pytest

from training.common.processes import run_apart


def test_what_is_run_apart_is_run_in_another_process_whose_end_is_told(tmp_path):
    def run(line):
        (tmp_path / "part.py").write_text(f"import os\n{line}\n")
        run_apart(runpy.run_path, path_name=str(tmp_path / "part.py"))

    run(f"assert os.getppid() == {os.getpid()}")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        run("os.mkdir('nowhere/folder')")
    with pytest.raises(ChildProcessError, match="killed; is there too little memory"):
        run("os.kill(os.getpid(), 9)")
