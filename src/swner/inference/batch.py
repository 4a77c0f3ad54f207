"""Batch prediction: inputs in groups, each input with its documents or the reason why there are none.

Groups are cut by the inputs alone (their characters, in their order, and where files end), so that
it makes no difference to any score where an earlier run was killed, how many threads there are, or
which machine of a cluster takes a group. A group is what is predicted together and written together.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from swner.corpus import doccano
from swner.document import Document
from swner.errors import DataError
from swner.inference.annotator import Annotator, as_document
from swner.inference.predictor import GROUP_CHARS, grouped
from swner.text.articles import Article, split_page, whole
from swner.text.raw import RawDocument, Read, Unreadable
from swner.text.read import InputFile, list_files, read_file

PAGES_IN_SHARD = 256

ArticleOf = tuple[Document, Article]


@dataclass(frozen=True)
class Columns:
    """Fields or columns of records, where they are not those that `read_inputs` looks for."""

    text: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of an input.

    Attributes:
        read: The input.
        lines: A doccano record for each article, in UTF-8 with its line break.
        n_chars_read: Characters of the input that lie in an article.
        reason: Why it failed; None if it did not.
        seconds: Wall time of its group, shared by length.
    """

    read: Read
    lines: tuple[bytes, ...]
    n_chars_read: int
    reason: str | None
    seconds: float


def shards(files: Iterable[InputFile]) -> Iterator[list[InputFile]]:
    """Cut a list of files into parts that can be read apart: a table, or up to 256 pages in a row."""
    pages: list[InputFile] = []
    for file in files:
        if pages and (file.is_table or len(pages) == PAGES_IN_SHARD):
            yield pages
            pages = []
        if file.is_table:
            yield [file]
        else:
            pages.append(file)
    if pages:
        yield pages


def read_groups(
    paths: Iterable[Path],
    *,
    columns: Columns,
    done: Iterable[str] = (),
    on_skip: Callable[[int], None] = lambda n_bytes: None,
    group_chars: int = GROUP_CHARS,
) -> Iterator[list[Read]]:
    """Read files and folders in groups; no group crosses a shard's end.

    Args:
        paths: Files and folders.
        columns: Where records have text and id.
        done: Ids of the inputs, from the first on, that an earlier run has done up to a group's end.
        on_skip: Called with the bytes of each of them.
        group_chars: Most characters of a group of more than one input.

    Raises:
        DataError: The inputs are not those of the earlier run.
    """
    left = iter(done)
    for shard in shards(list_files(paths)):
        pending = _pending(shard, columns, left, on_skip)
        yield from groups_of(pending, group_chars=group_chars)
    missing = next(left, None)
    if missing is not None:
        raise DataError(
            f"the run to go on with has an input {missing!r} that is no longer there. Bring it back, "
            "or begin anew with --overwrite."
        )


def groups_of(reads: Iterable[Read], *, group_chars: int = GROUP_CHARS) -> Iterator[list[Read]]:
    """Cut the inputs of a shard into groups."""
    return grouped(reads, n_chars=n_chars_of, limit=group_chars)


def n_chars_of(read: Read) -> int:
    """The characters of an input; 0 where it cannot be read."""
    return len(read.text) if isinstance(read, RawDocument) else 0


def read_shard(shard: Iterable[InputFile], columns: Columns) -> Iterator[Read]:
    """The inputs of a shard; what goes wrong in reading a file is the file's own."""
    for file in shard:
        try:
            yield from read_file(file, text_column=columns.text, id_column=columns.id)
        except Exception as error:
            yield Unreadable(file.id, file.path, f"internal error in reading: {error!r}")


def _pending(
    shard: Sequence[InputFile],
    columns: Columns,
    done: Iterator[str],
    on_skip: Callable[[int], None],
) -> Iterator[Read]:
    """The inputs of a shard without those done; pages that are done are not opened."""
    for file in shard:
        first = None if file.is_table else next(done, None)
        if first is not None:
            _check_same(first, file.id, file.path)
            on_skip(file.path.stat().st_size if file.path.is_file() else 0)
            continue
        for read in read_shard([file], columns):
            expected = next(done, None)
            if expected is None:
                yield read
            else:
                _check_same(expected, read.id, read.path)
                on_skip(read.n_bytes)


def _check_same(expected: str, found: str, path: Path) -> None:
    if expected != found:
        raise DataError(
            f"{path}: input {found!r} stands where the run to go on with had {expected!r}: files "
            "were added, removed or changed since. Restore them, or begin anew with --overwrite."
        )


def predict_groups(annotator: Annotator, groups: Iterable[list[Read]]) -> Iterator[list[Outcome]]:
    """Annotate groups of inputs, in order; a failure stays with its input."""
    under_way: deque[list[_Prepared]] = deque()

    def articles() -> Iterator[list[ArticleOf]]:
        for group in groups:
            under_way.append([_prepare(read) for read in group])
            yield [article for one in under_way[-1] for article in one.articles]

    last = time.monotonic()
    for found in annotator.annotate_groups(articles()):
        group = under_way.popleft()
        by_input: list[list[Document] | Exception]
        if not isinstance(found, Exception):
            stream = iter(found)
            by_input = [[next(stream) for _ in one.articles] for one in group]
        elif len(group) == 1:
            by_input = [found]
        else:
            by_input = [_alone(annotator, one) for one in group]
        now = time.monotonic()
        rate = (now - last) / max(1, sum(n_chars_of(one.read) for one in group))
        last = now
        yield [
            _outcome(one, docs, seconds=rate * n_chars_of(one.read))
            for one, docs in zip(group, by_input, strict=True)
        ]


def _alone(annotator: Annotator, one: _Prepared) -> list[Document] | Exception:
    """An input of a group in which something went wrong."""
    if not one.articles:
        return []
    (found,) = annotator.annotate_groups([one.articles])
    return found


@dataclass(frozen=True)
class _Prepared:
    """An input with its articles, clean; `reason` where there are none."""

    read: Read
    articles: list[ArticleOf]
    reason: str | None


def _prepare(read: Read) -> _Prepared:
    if isinstance(read, Unreadable):
        return _Prepared(read, [], read.reason)
    try:
        articles = _articles(read)
    except Exception as error:
        return _Prepared(read, [], f"internal error in cleaning: {error!r}")
    return _Prepared(read, articles, None if articles else "no article found in it")


def _articles(read: RawDocument) -> list[ArticleOf]:
    """The articles of an input, as documents over their raw text."""
    if read.kind == "record":
        document, article = as_document(read.id, whole(read.text))
        meta = {**document.meta, **_json_values(read.meta)}
        return [(replace(document, meta=meta), article)]
    pages = split_page(
        read.text, title=read.meta.get("title"), published=read.meta.get("published")
    )
    ids = [f"{read.id}#{n}" for n in range(1, len(pages) + 1)]
    return [
        as_document(id_, a, path=str(read.path), page_start=a.start, page_end=a.end)
        for id_, a in zip(ids, pages, strict=True)
    ]


def _json_values(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a record with what JSON has no type for (dates of a Parquet file) as strings."""
    values: dict[str, Any] = json.loads(json.dumps(dict(meta), default=str))
    return values


def _outcome(one: _Prepared, docs: list[Document] | Exception, *, seconds: float) -> Outcome:
    if isinstance(docs, Exception):
        return Outcome(one.read, (), 0, f"internal error in prediction: {docs!r}", seconds)
    try:
        lines = tuple(to_bytes(doccano.to_line(doc)) for doc in docs)
    except Exception as error:
        return Outcome(one.read, (), 0, f"internal error in writing: {error!r}", seconds)
    return Outcome(one.read, lines, sum(len(doc.text) for doc in docs), one.reason, seconds)


def to_bytes(line: str) -> bytes:
    """JSON in UTF-8; halves of surrogate pairs (a path may hold them) become the escapes that JSON has."""
    return line.encode("utf-8", "backslashreplace")
