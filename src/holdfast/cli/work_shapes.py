"""The JSON shapes of sessions, memories and jobs (docs/cli-json.md)."""

from datetime import datetime
from typing import Any

from holdfast import Archive, Job, JobStats, Memory, Message, SessionInfo, Summary
from holdfast.cli.output import iso


def job(job: Job) -> dict[str, Any]:
    """Return the shape of a job."""
    return {
        "job": job.id,
        "kind": job.kind,
        "state": job.state,
        "payload": job.payload,
        "priority": job.priority,
        "key": job.key,
        "after": job.after,
        "attempts": job.attempts,
        "max_attempts": job.max_attempts,
        "run_at": iso(job.run_at),
        "enqueued": iso(job.enqueued),
        "started": _time(job.started),
        "ended": _time(job.ended),
        "error": job.error,
        "result": job.result,
    }


def queue(summary: JobStats) -> dict[str, Any]:
    """Return the shape of the queue in numbers."""
    return {
        "depth": summary.depth,
        "counts": summary.counts,
        "oldest": None if summary.oldest is None else job(summary.oldest),
        "failed": [job(each) for each in summary.failed],
    }


def message(message: Message) -> dict[str, Any]:
    """Return the shape of a message."""
    return {
        "id": message.id,
        "role": message.role,
        "content": message.content,
        "parts": message.parts,
        "tool_calls": message.tool_calls,
        "at": iso(message.at),
    }


def archive(archive: Archive) -> dict[str, Any]:
    """Return the shape of an archive."""
    return {
        "path": archive.path,
        "messages": archive.messages,
        "first": archive.first_message,
        "last": archive.last_message,
        "commit": archive.commit,
        "job": archive.job_id,
        "time": iso(archive.at),
    }


def session(info: SessionInfo) -> dict[str, Any]:
    """Return the shape of a session, without its archives."""
    return {
        "session": info.id,
        "created": iso(info.created),
        "messages": info.messages,
        "last": _time(info.last_at),
    }


def memory(memory: Memory) -> dict[str, Any]:
    """Return the shape of a memory."""
    return {
        "path": memory.path,
        "kind": memory.kind,
        "title": memory.title,
        "content": memory.content,
        "created": _time(memory.created) or "",
        "updated": _time(memory.updated) or "",
        "sources": [{"archive": each.archive, "messages": list(each.messages)} for each in memory.sources],
        "supersedes": list(memory.supersedes),
    }


def digest(digest: Summary) -> dict[str, Any]:
    """Return the shape of an abstract or overview."""
    return {
        "path": digest.path,
        "kind": digest.kind,
        "text": digest.text,
        "deriver": digest.deriver,
        "commit": digest.commit,
        "fresh": digest.fresh,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
