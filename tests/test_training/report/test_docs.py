import pytest

from training.common.errors import InputError
from training.report.docs import update_documents

WRITTEN = """# A run

| what | n | mine | yours |
| --- | ---: | ---: | ---: |
| words | 3 | **1.0** | 0.5 |
| pairs | 4 | 2.0 | 0.7 |

### Costs

| what | s |
| --- | ---: |
| pairs | 9 |
"""
DOCUMENT = """Before.

<!-- table runs/results.md {} -->
old
<!-- /table -->

After."""


def filled(folder, options):
    (folder / "runs").mkdir(exist_ok=True)
    (folder / "runs/results.md").write_text(WRITTEN)
    (folder / "doc.md").write_text(DOCUMENT.format(options))
    assert update_documents([folder / "doc.md"], root=folder) == ([folder / "doc.md"], [])
    assert update_documents([folder / "doc.md"], root=folder) == ([], [])
    return (folder / "doc.md").read_text()


def test_a_table_is_taken_whole_or_by_columns_rows_and_section(tmp_path):
    whole = filled(tmp_path, "")
    assert whole.startswith("Before.\n\n<!-- table") and whole.endswith("<!-- /table -->\n\nAfter.")
    assert "| words | 3 | **1.0** | 0.5 |\n| pairs | 4 | 2.0 | 0.7 |\n<!-- /table" in whole and "old" not in whole
    some = filled(tmp_path, "columns=what,mine rows='^(pairs|none)'")
    assert "| what | mine |\n| --- | ---: |\n| pairs | 2.0 |\n<!-- /table" in some
    assert "| what | s |\n| --- | ---: |\n| pairs | 9 |\n<!-- /table" in filled(tmp_path, "section=Costs")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("columns=what,ours", r"no column \['ours'\], expected some of \['what', 'n', 'mine', 'yours'\]"),
        ("rows=nothing", "no row matches 'nothing'"),
        ("section=Gains", "has no heading 'Gains'"),
        ("colums=what", r"\['colums'\] unknown"),
    ],
)
def test_a_table_that_cannot_be_made_leaves_the_document_as_it_was(tmp_path, options, told):
    with pytest.raises(InputError, match=told):
        filled(tmp_path, options)
    assert (tmp_path / "doc.md").read_text() == DOCUMENT.format(options)


def test_a_table_stays_where_its_command_was_not_run(tmp_path):
    (tmp_path / "doc.md").write_text(DOCUMENT.format(""))
    assert update_documents([tmp_path / "doc.md"], root=tmp_path) == ([], ["runs/results.md"])
    assert (tmp_path / "doc.md").read_text() == DOCUMENT.format("")
