"""`holdfast graph search`."""

from holdfast import Store
from tests.support.claims import with_claims
from tests.support.command_line import Run


def test_rows_are_found_explained_and_gone_on_from(run: Run, store: Store) -> None:
    with_claims(store)
    found = run("graph", "search", "lease", "lock", "--type", "Claim", "--explain")
    assert found.status == 0
    assert found.lines[0].startswith("  1. Claim lease")
    assert any("text rank 1" in line for line in found.lines)
    assert any("types Claim" in line for line in found.lines)
    reached = run("graph", "search", "lease", "--mode", "text", "--along", "SupportedBy>")
    assert reached.lines[0].startswith("1  Source paper")


def test_nothing_found_is_said_and_so_is_what_cannot_be_searched(run: Run, store: Store) -> None:
    with_claims(store)
    assert "Nothing found for 'zebra'" in run("graph", "search", "zebra", "--mode", "text").err
    refused = run("graph", "search", "zebra", "--type", "Tag")
    assert refused.status != 0
    assert "Nothing of Tag is searched" in refused.err


def test_rows_are_left_out_by_their_values(run: Run, store: Store) -> None:
    with_claims(store)
    asked = ("graph", "search", "lease", "process", "--mode", "text", "--type", "Claim")
    assert next(text for text in run(*asked).lines if ". Claim" in text).startswith("  1. Claim lease")
    left = [text for text in run(*asked, "--where", "stars<5").lines if ". Claim" in text]
    assert [text.split()[2] for text in left] == ["fence"]
    refused = run(*asked, "--where", "age>3")
    assert refused.status != 0
    assert "age" in refused.err
