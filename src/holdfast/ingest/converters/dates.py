"""Dates as documents write them, as ISO 8601."""

import re
from datetime import date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_PDF = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:Z|([+-])(\d\d)'?(\d\d)?'?)?")


def iso(text: str | None) -> str | None:
    """Return the moment that `text` names as ISO 8601, or None when it names none.

    Understands ISO 8601, PDF dates (`D:2024...`) and e-mail dates.
    """
    written = (text or "").strip()
    for parse in (_from_iso, _from_pdf, _from_mail):
        try:
            found = parse(written)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if found:
            return found
    return None


def _from_iso(text: str) -> str | None:
    if not re.match(r"\d{4}-\d\d", text):
        return None
    if len(text) == len("2024-01-31"):
        return date.fromisoformat(text).isoformat()
    return datetime.fromisoformat(text).isoformat()


def _from_pdf(text: str) -> str | None:
    found = _PDF.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second = (
        int(part or ("1" if at in (1, 2) else "0")) for at, part in enumerate(found.groups()[:6])
    )
    return datetime(year, month, day, hour, minute, second, tzinfo=_zone(found)).isoformat()


def _zone(found: re.Match[str]) -> timezone:
    offset = timedelta(hours=int(found.group(8) or 0), minutes=int(found.group(9) or 0))
    return timezone(-offset if found.group(7) == "-" else offset)


def _from_mail(text: str) -> str | None:
    return parsedate_to_datetime(text).isoformat() if text else None
