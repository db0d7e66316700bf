"""Reading archives back, from the contents their rows name: a moved archive is read all the same."""

from holdfast.backend import Backend
from holdfast.blobs.hashing import content_id
from holdfast.catalog.work.sessions import Archive, Message
from holdfast.errors import CorruptStore
from holdfast.sessions import messages as wording


def read_archive(backend: Backend, archive: Archive) -> list[Message]:
    """Return an archive's messages in order; raises CorruptStore when they are not all there, byte for byte."""
    path = f"{archive.path}/messages.jsonl"
    data = read_content(backend, archive.messages_id, path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptStore(f"{path} is not UTF-8", path=path) from error
    messages = wording.from_lines(text, archive.session_id, path)
    if len(messages) != archive.messages:
        raise CorruptStore(f"{path} holds {len(messages)} messages instead of {archive.messages}", path=path)
    return messages


def read_content(backend: Backend, wanted: str, path: str) -> bytes:
    """Return the bytes of a content; raises CorruptStore when they are missing or not what they were."""
    with backend.engine.read() as conn:
        content = backend.content(conn, wanted)
    data = b"".join(backend.stream(content))
    if content_id(data) != wanted:
        raise CorruptStore(f"The bytes of {path} are not what was written", path=path)
    return data
