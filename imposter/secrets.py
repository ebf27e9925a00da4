"""Encryption at rest with the server's secret key."""

import base64
import binascii
import errno
import hashlib
import hmac
import json
import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from pydantic import SecretStr

from imposter.contracts.errors import ConfigurationError, ImposterError, StorageError

KEY_BYTES = 32
NONCE_BYTES = 12  # recommended by NIST SP 800-38D for GCM
KEY_FILE = "secret.key"
_MAY_PASS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO})
"""Errors of a folder that need not be a mistake of the operator."""

# The key must be the same at every start, before any database is open, so the salt is fixed. The cost is the one that
# RFC 7914 names for interactive use: about 50 ms and 16 MB, once.
_SALT = b"my-whatsapp-imposter secret key"
_HASH_PURPOSE = b"keyed hash"
_SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_LANES = 2**14, 8, 1


class SecretKeyError(ImposterError):
    """The secret key does not open the sealed data."""


class Cipher:
    """A cipher with AES-256-GCM. Data sealed for one purpose cannot be opened for another, or moved between rows."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self._hash_key = hmac.digest(key, _HASH_PURPOSE, "sha256")

    def seal(self, data: bytes, purpose: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, data, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Decrypt data. Raises: SecretKeyError (another key, another purpose, or damaged data)."""
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise SecretKeyError from None

    def keyed_hash(self, *texts: str) -> str:
        """Return the same 64 hex digits for the same texts. They reveal nothing without the key."""
        return hmac.new(self._hash_key, json.dumps(texts).encode(), hashlib.sha256).hexdigest()


def load_key(secret: SecretStr | None, data_dir: Path, database: Path | None = None) -> bytes:
    """Return the 32-byte key: derived from `secret`, else read from a key file that the first start creates.

    If `database` exists, this is not the first start, and a new key could not open it.
    Raises: SecretKeyError (the file is damaged or missing), OSError.
    """
    if secret is not None:
        stretch = Scrypt(salt=_SALT, length=KEY_BYTES, n=_SCRYPT_COST, r=_SCRYPT_BLOCK, p=_SCRYPT_LANES)
        return stretch.derive(secret.get_secret_value().encode())
    path = make_private_folder(data_dir) / KEY_FILE
    if not path.exists():
        if database is not None and database.exists() and database.stat().st_size:
            raise SecretKeyError(
                f"the database {database} is there, but its secret key is not: put its {KEY_FILE} back into "
                f"{data_dir}, or set IMPOSTER_SECRET_KEY as it was. To begin anew, name another place with "
                "IMPOSTER_DATA_DIR or IMPOSTER_DATABASE_URL"
            )
        _make_key_file(path)
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise SecretKeyError(f"{path} is damaged: put back a copy of it")
    return key


def make_data_folder(path: Path) -> None:
    """Create the data folder and check that it can be used.

    Raises: StorageError (no room), ConfigurationError (not allowed); both name the setting.
    """
    try:
        make_private_folder(path)
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            told = "may not be read and written by the user that runs the server"
            raise ConfigurationError(f"IMPOSTER_DATA_DIR: {path} {told}")
        with TemporaryFile(dir=path, buffering=0) as probe:
            probe.write(b"x" * 4096)
    except OSError as error:
        kind = StorageError if error.errno in _MAY_PASS else ConfigurationError
        raise kind(f"IMPOSTER_DATA_DIR: {path} cannot be used: {error.strerror}") from None


def make_private_folder(path: Path) -> Path:
    """Create `path` with its parents, readable only by its owner, and return it.

    An existing folder is left as it is.
    """
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    for folder in made:
        _keep_names(folder.parent)
    return path


def sync(path: Path) -> None:
    """Sync a file's content, or the names in a folder, to disk, so that they survive a power loss. Raises: OSError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_names(folder: Path) -> None:
    with suppress(OSError):  # a folder may not be readable, or its file system not support this; SQLite ignores it, too
        sync(folder)


def _make_key_file(path: Path) -> None:
    # Written to another file and linked into place: a half-written key is never read, and of two first starts one wins.
    draft = path.with_name(f"{KEY_FILE}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _keep_names(path.parent)
