"""Reading: every input gives a document or a reason, and nothing raises."""

import csv
import json
import os
import random
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import text_noise as noise

from swner.text.decode import UndecodableError, decode
from swner.text.raw import RawDocument, Read, Unreadable
from swner.text.read import list_files, read_inputs

TEXT = "近日,民政部印发《关于加强社会工作人才队伍建设的意见》,要求各地抓好落实。\n各地要加强领导。"


def read(*paths: Path, **options: str) -> list[Read]:
    return list(read_inputs(paths, **options))  # type: ignore[arg-type]


def only(found: list[Read]) -> RawDocument:
    (one,) = found
    assert isinstance(one, RawDocument), one
    return one


def reason(found: list[Read]) -> str:
    (one,) = found
    assert isinstance(one, Unreadable), one
    return one.reason


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("gb2312", "gb18030"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, name: str) -> None:
    path = tmp_path / "页.txt"
    text = TEXT if "16" not in encoding else f"第7版\r\n{TEXT}"
    path.write_bytes(text.encode(encoding))
    document = only(read(path))
    assert (document.text, document.kind, document.id) == (text, "page", "页")
    assert document.encoding == name


def test_big5_and_traditional_gbk(tmp_path: Path) -> None:
    text = noise.traditional(noise.gold()["seed-003-02"])
    for encoding, expected in (("big5hkscs", "big5hkscs"), ("gbk", "gb18030")):
        path = tmp_path / f"{encoding}.txt"
        data = text.encode(encoding, "ignore")
        path.write_bytes(data)
        document = only(read(path))
        assert document.encoding == expected
        assert document.text == data.decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs", "utf-16"])
def test_truncated_files(encoding: str) -> None:
    data = noise.traditional(TEXT * 3).encode(encoding, "ignore")
    for cut in range(1, 9):
        decoded = decode(data[:-cut])
        assert decoded.n_dropped < 4
        assert noise.traditional(TEXT * 3).startswith(decoded.text)


def test_a_few_broken_bytes_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    data = bytearray((TEXT * 30).encode())
    data[600] = 0xFF
    path.write_bytes(bytes(data))
    document = only(read(path))
    assert document.meta["n_replaced"] >= 1
    assert document.text.count("\ufffd") == document.meta["n_replaced"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"  \n\n", "empty"),
        (b"\x00\x01\x02\x03" * 50, "binary|undecodable"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG"),
        (b"PK\x03\x04" + bytes(100), "ZIP"),
        (bytes(range(128, 256)) * 4, "undecodable"),
        (b"\x00" * 100, "binary|empty|undecodable"),
    ],
)
def test_unreadable_bytes(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert any(part in reason(read(path)) for part in expected.split("|"))


def readable(data: bytes) -> bool:
    try:
        decoded = decode(data)
    except UndecodableError as error:
        status = str(error).split(":")[0]
    else:
        status = "text" if decoded.text.strip() else "nothing"
    assert status in ("text", "empty", "binary", "undecodable")
    return status == "text"


def test_ten_thousand_random_byte_strings() -> None:
    rng = random.Random(7)
    sound = (TEXT * 4).encode("gb18030"), (TEXT * 4).encode(), TEXT.encode("utf-16")
    n_read = 0
    for i in range(10_000):
        if i % 4 == 0:
            data = bytearray(rng.choice(sound)[: rng.randrange(1, 300)])
            for _ in range(rng.randrange(4)):
                data[rng.randrange(len(data))] = rng.randrange(256)
        else:
            data = bytearray(rng.randbytes(rng.randrange(200)))
        n_read += readable(bytes(data))
    assert 1000 < n_read < 4000


def test_random_files_never_raise(tmp_path: Path) -> None:
    rng = random.Random(3)
    sound = json.dumps({"id": "a", "text": TEXT}, ensure_ascii=False).encode()
    for suffix in (".txt", ".html", ".jsonl", ".csv", ".parquet", ".md", ".pdf"):
        for i in range(12):
            data = bytearray(sound * 2 if i % 2 else rng.randbytes(300))
            data[rng.randrange(len(data))] = rng.randrange(256)
            (tmp_path / f"{i}{suffix}").write_bytes(bytes(data))
    found = read(tmp_path)
    assert len(found) >= 84
    assert all(isinstance(one, RawDocument | Unreadable) for one in found)
    for one in found:
        if isinstance(one, RawDocument):
            f"{one.id}{one.text}".encode()


def test_jsonl_keeps_ids_and_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    text = "一段。\r\n\n 二段\u3000\u2028 x "
    records = [{"id": "甲/1", "text": text, "label": [[0, 1, "ORG"]]}, {"id": 7, "text": TEXT}]
    path.write_text(
        "\n".join(json.dumps(record, ensure_ascii=i == 0) for i, record in enumerate(records)),
        encoding="utf-8",
    )
    first, second = read(path)
    assert isinstance(first, RawDocument)
    assert (first.id, first.text, first.kind) == ("甲/1", text, "record")
    assert first.meta == {"label": [[0, 1, "ORG"]]}
    assert second.id == "7"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"id": "a", "text": ', ":2: broken JSON"),
        (b'{"id": "a"}', "no usable field 'text'"),
        (b'{"text": "x", "body": "y"}', "no usable field 'id'; the other fields are: text, body"),
        (b'{"id": "a", "text": 3}', "must be a string"),
        (b'{"id": "a", "text": " \\n"}', "empty"),
        (b'{"id": "a", "text": "\\ud800"}', "undecodable"),
        (b'{"id": "a", "text": "\xff\xfe"}', "undecodable"),
        (b"[1]", "a JSON object is needed, this is a list"),
        (b"[" * 100_000, "broken JSON"),
    ],
)
def test_bad_jsonl_lines_cost_only_themselves(tmp_path: Path, line: bytes, expected: str) -> None:
    path = tmp_path / "a.jsonl"
    good = json.dumps({"id": "g", "text": TEXT}, ensure_ascii=False).encode()
    path.write_bytes(good + b"\n" + line + b"\n\n" + good)
    before, bad, after = read(path)
    assert isinstance(before, RawDocument)
    assert isinstance(after, RawDocument)
    assert isinstance(bad, Unreadable)
    assert expected in bad.reason
    assert f"{path}:2" in bad.reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["编号", "标题", "正文"])
        writer.writerow(["a1", "标题,一", TEXT])
        writer.writerow(["", "二", TEXT * 2])
        writer.writerow(["a3", "三", " "])
    first, second, third = read(path)
    assert isinstance(first, RawDocument)
    assert (first.id, first.text, first.meta["标题"]) == ("a1", TEXT, "标题,一")
    assert isinstance(second, RawDocument)
    assert second.id == "t-2"
    assert isinstance(third, Unreadable)
    assert "empty" in third.reason


def test_columns_are_named_when_one_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,民政部印发意见。\n2\n", encoding="utf-8")
    assert "the columns are: 'a', 'b'" in reason(read(path))
    assert "no column 'c'" in reason(read(path, text_column="c"))
    first, second = read(path, text_column="b", id_column="a")
    assert isinstance(first, RawDocument)
    assert first.id == "1"
    assert isinstance(second, Unreadable)
    assert "1 fields where the header has 2" in second.reason


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": ["x", "y"], "content": [TEXT, None], "n": [1, 2]}), path)
    first, second = read(path)
    assert isinstance(first, RawDocument)
    assert (first.id, first.text, first.meta) == ("x", TEXT, {"n": 1})
    assert isinstance(second, Unreadable)
    assert "NoneType" in second.reason
    path.write_bytes(b"PAR1 no")
    assert "broken Parquet" in reason(read(path))


HTML = """<html><head><meta charset="gb2312"><title>某市社工站揭牌-某市新闻网</title>
<meta name="publishdate" content="2024-07-02"></head><body>
<div class="nav"><a href="/">首页</a><a href="/a">新闻</a><a href="/b">社工</a></div>
<h1>某市社工站揭牌</h1><div>发布时间：2024-07-02 10:11 来源：某网</div>
<div id="content"><p>　　近日,某市民政局举行社工站揭牌仪式,副市长张三出席仪式并讲话。</p>
<p>　　会议要求,要加强社会工作人才队伍建设,推动社工站全覆盖,不断提升服务水平。</p>
<p>　　李四被聘任为社工站站长,王五被聘任为督导。</p></div>
<ul><li><a href="/1">另一个市召开社会工作推进会</a></li></ul>
<script>var a = "不要这个";</script><div class="footer">版权所有 某市新闻网</div></body></html>"""


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_html(tmp_path: Path, encoding: str) -> None:
    from swner.text.articles import split_page

    path = tmp_path / "p.html"
    path.write_bytes(HTML.replace("gb2312", encoding).encode(encoding))
    document = only(read(path))
    assert document.meta["title"] == "某市社工站揭牌"
    assert "不要这个" not in document.text
    (article,) = split_page(document.text, title="某市社工站揭牌")
    assert article.clean.text.split("\n") == [
        "某市社工站揭牌",
        "近日,某市民政局举行社工站揭牌仪式,副市长张三出席仪式并讲话。",
        "会议要求,要加强社会工作人才队伍建设,推动社工站全覆盖,不断提升服务水平。",
        "李四被聘任为社工站站长,王五被聘任为督导。",
    ]
    assert document.meta["published"] == "2024-07-02"


def test_folders_ids_and_odd_names(tmp_path: Path) -> None:
    (tmp_path / "b" / "空 格#").mkdir(parents=True)
    for name in ("b/空 格#/页.1.txt", "a.md", "a.txt", ".hidden.txt", "c.docx"):
        (tmp_path / name).write_text(TEXT, encoding="utf-8")
    if sys.platform == "linux":
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.txt")).write_text(
            TEXT, encoding="utf-8"
        )
    found = read(tmp_path, tmp_path / "missing")
    ids = [one.id for one in found]
    assert ids[:4] == ["a", "a.txt", "c", "\ufffd\ufffd"]
    assert ids[4:] == ["b/空 格#/页.1", "missing"]
    assert [one.id for one in found if isinstance(one, Unreadable)] == ["c", "missing"]
    assert "'.docx'" in found[2].reason  # type: ignore[union-attr]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links as on Unix")
def test_pipes_links_and_closed_folders_are_named_and_hang_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    (tmp_path / "in.txt").mkdir()
    (tmp_path / "in.txt" / "page.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "linked").symlink_to(tmp_path / "in.txt")
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def forbid(path: str) -> object:  # permissions do not bind root, whom tests may run as
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", forbid)
    found = {one.id: getattr(one, "reason", None) for one in read(tmp_path)}
    assert sorted(found) == ["closed", "gone", "in.txt/page", "linked", "pipe"]
    assert found["in.txt/page"] is None
    assert "pipe" in str(found["pipe"])
    assert found["gone"] == "no such file or folder"
    assert "link to a folder" in str(found["linked"])
    assert "Permission denied" in str(found["closed"])


def test_a_page_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    monkeypatch.setattr("swner.text.read.LARGEST_PAGE", 100)
    assert "too large" in reason(read(tmp_path / "a.txt"))


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.txt"])
def test_bytes_taken_add_up_to_the_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [{"id": str(i), "text": TEXT * (1 + i % 3)} for i in range(40)]
    if name == "a.jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    elif name == "a.csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ("id", "text"), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif name == "a.parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text(TEXT, encoding="utf-8")
    taken = sum(one.n_bytes for one in read(path))
    assert taken == pytest.approx(path.stat().st_size, rel=0.05)


def test_folders_are_streamed(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(TEXT, encoding="utf-8")
    files = list_files([tmp_path])
    assert next(files).id == "a/x"
    (tmp_path / "b" / "later.txt").write_text(TEXT, encoding="utf-8")
    assert [file.id for file in files] == ["b/later", "b/x"]


def test_a_big_table_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for i in range(2000):
            stream.write(json.dumps({"id": str(i), "text": TEXT}) + "\n")
    documents = read_inputs([path])
    assert next(documents).id == "0"
    assert sum(1 for _ in documents) == 1999


def test_a_pdf_is_a_page(tmp_path: Path) -> None:
    """A one-page PDF written by hand: Latin text, so that no font has to be embedded."""
    pytest.importorskip("pypdf")
    stream = b"BT /F1 12 Tf 72 720 Td (Social work in 2024.) Tj ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    data += (
        b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (
            table,
            len(data),
        )
    )
    (tmp_path / "a.pdf").write_bytes(data)
    (found,) = read(tmp_path)
    assert isinstance(found, RawDocument)
    assert (found.text.strip(), found.kind, found.meta["n_pages"]) == (
        "Social work in 2024.",
        "page",
        1,
    )
