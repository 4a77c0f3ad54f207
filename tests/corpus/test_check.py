from swner.corpus.check import check, names_in_both, near_duplicates
from swner.document import Document, Entity, Relation


def kinds(doc: Document) -> set[str]:
    return {f.kind for f in check([doc]).errors}


def test_clean_documents_have_no_errors(documents: list[Document]) -> None:
    report = check(documents[:5:2])
    assert report.errors == ()
    assert report.n_chars == sum(len(d.text) for d in documents[:5:2])


def test_edges_and_paragraphs() -> None:
    text = "《办法》\n周惠 任"
    assert "span has a mark at an edge" in kinds(
        Document("a", text, (Entity(0, 3, "POLICY", "《办法"),))
    )
    assert "span has space at an edge" in kinds(
        Document("a", text, (Entity(5, 8, "PER", "周惠 "),))
    )
    crossing = Entity(3, 7, "PER", text[3:7])
    assert "span crosses a paragraph" in kinds(Document("a", text, (crossing,)))


def test_relations_across_paragraphs_and_double_dates() -> None:
    text = "5人,今年,去年\n社工"
    entities = (
        Entity(0, 2, "FIG", "5人"), Entity(3, 5, "DATE", "今年"), Entity(6, 8, "DATE", "去年"),
        Entity(9, 11, "IND", "社工"),
    )  # fmt: skip
    links = (Relation(0, 1, "dated"), Relation(0, 2, "dated"), Relation(0, 3, "measures"))
    assert kinds(Document("a", text, entities, links)) == {
        "two tails of dated", "relation crosses a paragraph",
    }  # fmt: skip


def test_near_duplicates_are_found_and_different_texts_are_not() -> None:
    one = "近日,永丰县民政局在县城举行社会工作服务站揭牌仪式,县民政局有关负责人到场讲话。"
    two = one.replace("永丰县", "安远县").replace("讲话", "致辞")
    other = "截至去年年底,全省注册志愿者突破一百万人,志愿服务队伍遍布城乡每个角落。"
    docs = [Document(i, t) for i, t in (("a", one), ("b", two), ("c", other))]
    assert [f.where for f in near_duplicates(docs)] == ["a b"]


def test_surfaces_with_several_labels_are_ranked() -> None:
    docs = [
        Document("a", "意见", (Entity(0, 2, "POLICY", "意见"),)),
        Document("b", "意见", (Entity(0, 2, "IND", "意见"),)),
    ]
    notes = [f for f in check(docs).notes if f.kind == "several labels"]
    assert notes[0].where == "意见"


def test_shared_names_between_real_and_synthetic() -> None:
    person = (Entity(0, 2, "PER", "周惠"),)
    docs = [
        Document("a", "周惠", person, meta={"kind": "gold"}),
        Document("b", "周惠", person, meta={"kind": "synthetic"}),
    ]
    assert any(f.kind.startswith("name in real") for f in check(docs).notes)


def test_a_relation_written_twice_is_an_error() -> None:
    entities = (Entity(0, 2, "FIG", "5人"), Entity(3, 5, "DATE", "今年"))
    links = (Relation(0, 1, "dated"), Relation(0, 1, "dated"))
    assert kinds(Document("a", "5人,今年", entities, links)) == {"relation twice"}


def named(doc_id: str, *names: str) -> Document:
    text, entities = "", []
    for name in names:
        entities.append(Entity(len(text), len(text) + len(name), "PER", name))
        text += f"{name},"
    return Document(doc_id, text, tuple(entities))


def test_names_that_leak_from_training_to_dev() -> None:
    training = [named("t1", "周惠", "李明"), named("t2", "李明", "赵锋")]
    dev = [named("d1", "李明", "王勇"), named("d2", "李明", "周惠")]
    total, *each = names_in_both(training, dev)
    assert total.where.startswith("2 of 3 names")
    assert total.what == "3 of 4 mentions"
    assert [f.where for f in each] == ["李明", "周惠"]
    assert each[0].what == "dev 2x (d1), training 2x (t1)"
    assert names_in_both(training, [named("d3", "王勇")]) == []


def test_other_labels_may_leak() -> None:
    organ = Document("a", "民政部", (Entity(0, 3, "ORG", "民政部"),))
    assert names_in_both([organ], [organ]) == []
