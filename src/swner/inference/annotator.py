"""Text as given to annotated documents: clean, predict, and map every span back.

What comes out has offsets into the text as given; each entity carries the raw surface and the
clean one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from swner.document import Document, Entity
from swner.inference.backend import Backend
from swner.inference.predictor import Predictor, grouped
from swner.text.articles import Article, whole


class Annotator:
    """Finds entities and relations in raw text. What `swner.load` gives.

    Args:
        backend: Runs the network.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._predictor = Predictor(backend)

    def __call__(self, text: str, *, id: str = "text") -> Document:
        """Annotate one article.

        Args:
            text: Any text, noisy too.
            id: Identifier of the document.

        Returns:
            A document whose `text` is the given one, with scored entities and relations.
        """
        return next(self.annotate([as_document(id, whole(text))]))

    def pipe(self, texts: Iterable[str]) -> Iterator[Document]:
        """Annotate a stream of texts in order; the ids are 0, 1, 2, ..."""
        return self.annotate(
            as_document(str(number), whole(text)) for number, text in enumerate(texts)
        )

    def annotate(self, articles: Iterable[tuple[Document, Article]]) -> Iterator[Document]:
        """Annotate a stream of articles in order.

        Args:
            articles: Documents over the raw text of an article, each with the article itself.
        """
        for found in self.annotate_groups(grouped(articles, n_chars=lambda one: len(one[0].text))):
            if isinstance(found, Exception):
                raise found
            yield from found

    def annotate_groups(
        self, groups: Iterable[Sequence[tuple[Document, Article]]]
    ) -> Iterator[list[Document] | Exception]:
        """Annotate groups of articles, in order; what is found depends on the group alone.

        Yields:
            For each group its documents, or what went wrong in it; later groups go on.
        """
        under_way: deque[Sequence[tuple[Document, Article]]] = deque()

        def clean() -> Iterator[list[Document]]:
            for group in groups:
                under_way.append(group)
                yield [Document(doc.id, article.clean.text) for doc, article in group]

        for found in self._predictor.annotate_groups(clean()):
            group = under_way.popleft()
            if isinstance(found, Exception):
                yield found
                continue
            try:
                on_raw: list[Document] | Exception = [
                    _on_raw(self._named(doc), article, one)
                    for (doc, article), one in zip(group, found, strict=True)
                ]
            except Exception as error:
                on_raw = error
            yield on_raw

    def _named(self, doc: Document) -> Document:
        """With the model that annotates it, where that has a name."""
        return doc.with_meta(model=self.backend.digest) if self.backend.digest else doc


def as_document(id: str, article: Article, **meta: Any) -> tuple[Document, Article]:
    """A document without annotations over an article's raw text, with what the article says of itself."""
    said = {
        "title": article.title,
        "subtitle": article.subtitle,
        "byline": article.byline,
        "source": article.source,
        "published": article.published,
    }
    known = {name: value for name, value in said.items() if value}
    return Document(id, article.raw, meta={**known, **meta}), article


def _on_raw(doc: Document, article: Article, found: Document) -> Document:
    """Move the entities of the clean text onto the raw one."""
    if article.clean.text == article.raw:
        return replace(doc, entities=found.entities, relations=found.relations)
    entities = tuple(_entity_on_raw(e, article) for e in found.entities)
    return replace(doc, entities=entities, relations=found.relations)


def _entity_on_raw(entity: Entity, article: Article) -> Entity:
    span = article.clean.map.to_raw(entity.span)
    surface = article.raw[span.start : span.end]
    return replace(entity, start=span.start, end=span.end, surface=surface, clean=entity.surface)
