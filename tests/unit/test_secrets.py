import base64
import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from imposter.contracts.errors import StorageError
from imposter.secrets import KEY_BYTES, KEY_FILE, Cipher, SecretKeyError, load_key, make_data_folder

KEY, OTHER_KEY = b"k" * KEY_BYTES, b"o" * KEY_BYTES
WORDS = b"the words to hide"


def test_what_was_sealed_opens_again() -> None:
    for data in (WORDS, b"", b"\x00" * 100_000):
        assert Cipher(KEY).open(Cipher(KEY).seal(data, "bot:1"), "bot:1") == data


def test_the_same_words_never_look_the_same_twice() -> None:
    cipher = Cipher(KEY)
    assert cipher.seal(WORDS, "bot:1") != cipher.seal(WORDS, "bot:1")


def test_a_sealed_text_opens_for_its_purpose_and_key_alone_and_the_error_does_not_tell_it() -> None:
    sealed = Cipher(KEY).seal(WORDS, "bot:1")
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for key, text, purpose in (
        (OTHER_KEY, sealed, "bot:1"),
        (KEY, sealed, "bot:2"),
        (KEY, damaged, "bot:1"),
        (KEY, sealed[:20], "bot:1"),
        (KEY, b"", "bot:1"),
    ):
        with pytest.raises(SecretKeyError) as refusal:
            Cipher(key).open(text, purpose)
        assert str(refusal.value) == "The secret key does not open the sealed data."
        assert refusal.value.__cause__ is None


def test_a_key_from_a_secret_is_the_same_at_every_start_and_another_for_another_secret(tmp_path: Path) -> None:
    first = load_key(SecretStr("correct horse battery"), tmp_path)
    again = load_key(SecretStr("correct horse battery"), tmp_path / "elsewhere")
    other = load_key(SecretStr("correct horse batterz"), tmp_path)
    assert len(first) == KEY_BYTES
    assert first == again != other
    assert list(tmp_path.iterdir()) == []


def test_without_a_secret_the_first_start_makes_a_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    made = load_key(None, folder)
    assert load_key(None, folder) == made
    assert made != load_key(None, tmp_path / "other")
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_names_of_the_key_and_its_folders_outlast_a_loss_of_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[tuple[int, list[str]]] = []
    monkeypatch.setattr(os, "fsync", lambda file: flushed.append((os.fstat(file).st_ino, known_names(tmp_path))))

    def known_names(folder: Path) -> list[str]:
        return sorted(path.name for path in folder.rglob("*"))

    load_key(None, tmp_path / "new" / "data")
    for folder, name in ((tmp_path, "new"), (tmp_path / "new", "data"), (tmp_path / "new" / "data", KEY_FILE)):
        assert any(number == folder.stat().st_ino and name in names for number, names in flushed), name


def test_no_key_is_made_for_a_database_that_has_one(tmp_path: Path) -> None:
    database = tmp_path / "imposter.db"
    database.write_bytes(b"")
    load_key(None, tmp_path / "begun", database)
    database.write_bytes(b"sealed with another key")
    with pytest.raises(SecretKeyError, match=r"secret\.key back into .*IMPOSTER_SECRET_KEY"):
        load_key(None, tmp_path / "new", database)
    assert not (tmp_path / "new" / KEY_FILE).exists()


def test_a_data_folder_that_cannot_be_made_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(StorageError, match=f"IMPOSTER_DATA_DIR: {place} cannot be used"):
            make_data_folder(place)


@pytest.mark.parametrize("content", [b"", b"half a ke", b"\xff\xfe", base64.b64encode(b"short")])
def test_a_damaged_key_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(SecretKeyError, match=r"secret\.key is damaged"):
        load_key(None, tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_a_keyed_hash_is_the_same_for_the_same_texts_and_key_alone() -> None:
    known = Cipher(KEY).keyed_hash("bot", "draft", "1")
    assert len(bytes.fromhex(known)) == 32
    assert Cipher(KEY).keyed_hash("bot", "draft", "1") == known
    others = (
        Cipher(OTHER_KEY).keyed_hash("bot", "draft", "1"),
        Cipher(KEY).keyed_hash("bot", "draft", "2"),
        Cipher(KEY).keyed_hash("bot", "draft1"),
        Cipher(KEY).keyed_hash("bot", "draft\x1f1"),
    )
    assert known not in others
    assert len(set(others)) == len(others)
