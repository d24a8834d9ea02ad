"""What commands make says of itself where its report is, or that it is in no folder."""

from __future__ import annotations

import pytest

from landbridge.artifacts.kinds import KINDS
from landbridge.base.errors import RunError
from landbridge.clustering.clusters import Clusters
from landbridge.embeddings.space import Space
from landbridge.multi_task.model import MultiTask
from landbridge.report.page import Outcome, Page
from landbridge.report.reported import Reported
from landbridge.structured.tuned import Tuned


def made(of, path):
    class Some(Reported):
        kind = of

        def page(self, folder):
            return Page("t", f"about {folder.name}", [Outcome("helped")], [])

    some = Some()
    some.path = path
    return some


@pytest.mark.parametrize("one", [Clusters, Space, MultiTask, Tuned])
def test_every_kind_that_is_no_run_is_reported_alike(one, tmp_path):
    assert issubclass(one, Reported)
    assert one.report is Reported.report
    verb = KINDS.get(one.kind).verb
    with pytest.raises(RunError, match=f"what {verb} made was not kept in a folder") as error:
        made(one.kind, None).report(tmp_path / "r.html")
    assert error.value.hint == f"give {verb} out=FOLDER"
    assert not list(tmp_path.iterdir())


def test_a_report_is_of_its_folder_wherever_it_is_written(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    some = made("space", folder)
    assert some.report() == folder / "report.html"
    other = some.report(tmp_path / "elsewhere.html")
    assert other == tmp_path / "elsewhere.html"
    assert other.read_bytes() == (folder / "report.html").read_bytes()
    assert "about own" in other.read_text("utf-8")
