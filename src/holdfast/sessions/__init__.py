"""Sessions: conversations that are archived in one commit and remembered by a durable job."""

from holdfast.catalog.work.sessions import Archive, Message
from holdfast.sessions.archiving import SessionCommit
from holdfast.sessions.context import SessionContext
from holdfast.sessions.session import Session, SessionInfo

__all__ = ["Archive", "Message", "Session", "SessionCommit", "SessionContext", "SessionInfo"]
