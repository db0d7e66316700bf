"""docs/reference.md says what the docstrings say."""

import holdfast
from tools import reference_page


def test_the_reference_is_current() -> None:
    written = reference_page.PAGE.read_text("utf-8")
    assert written == reference_page.page(), "a docstring or signature changed: `python -m tools.reference_page`"


def test_the_reference_has_all_that_is_public() -> None:
    text = reference_page.page()
    assert not [name for name in holdfast.__all__ if f"### {name}\n" not in text and f"- **{name}**" not in text]
