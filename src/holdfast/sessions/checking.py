"""What `verify` asks of sessions and jobs: none of them points at nothing."""

from holdfast.catalog.checking import work_checks
from holdfast.catalog.work import jobs, sessions
from holdfast.recovery.checks.inspection import BYTES, LISTED, RESTORE, Inspection
from holdfast.sessions.archiving import MEMORY


def check_sessions(inspection: Inspection) -> None:
    """Check that every archive has its bytes, and every session its archives."""
    with inspection.backend.engine.read() as conn:
        inspection.checked.update(work_checks.totals(conn))
        for session_id, number, content in work_checks.archives_without_bytes(conn, LISTED + 1):
            what = f"Archive {number} of session {session_id} names the content {content}, which is missing"
            inspection.problem("session", what, BYTES)
        for session_id in work_checks.sessions_missing(conn, LISTED + 1):
            inspection.problem(
                "session", f"Messages or archives belong to session {session_id}, which is gone", RESTORE
            )
        for session_id, said, there in work_checks.sessions_miscounted(conn, LISTED + 1):
            what = f"Session {session_id} says that it has {said} archives, and has {there}"
            inspection.problem("session", what, RESTORE)


def check_jobs(inspection: Inspection) -> None:
    """Check that no job waits for ever, and that every memory job has its archive."""
    with inspection.backend.engine.read() as conn:
        for job_id, after in work_checks.jobs_waiting_for_nothing(conn, LISTED + 1):
            what = f"Job {job_id} waits for job {after}, which will not end any more"
            inspection.problem("job", what, f"Run `holdfast jobs cancel {job_id}`, then `holdfast jobs retry {job_id}`")
        for job in jobs.newest(conn, jobs.UNENDED, MEMORY, limit=LISTED + 1):
            named = str(job.payload.get("session")), int(job.payload.get("archive", 0))
            if sessions.archive(conn, *named) is None:
                what = f"Job {job.id} is to remember archive {named[1]} of session {named[0]}, which is gone"
                inspection.problem("job", what, f"Run `holdfast jobs cancel {job.id}`")


#: for `verify`, with the kind of problem each looks for
CHECKS = (("session", check_sessions), ("job", check_jobs))
