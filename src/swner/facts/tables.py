"""The database's schema (version 1): tables, full-text index and the views that people read.

Rows have content-derived text keys, so that the same documents give the same database however
often and in however many runs they are loaded. `docs/facts.md` describes every column.
"""

from __future__ import annotations

SCHEMA_VERSION = 1

_QUANTITY = """
    indicator TEXT NOT NULL, quantity_text TEXT NOT NULL,
    comparator TEXT CHECK (comparator IN ('=', '>=', '<=', '>', '<', '~')),
    value REAL, upper REAL, unit TEXT, kind TEXT, direction TEXT, per TEXT,
    precision TEXT, step REAL,
    place TEXT NOT NULL, place_level TEXT NOT NULL, province TEXT NOT NULL, city TEXT NOT NULL,
    county TEXT NOT NULL, place_source TEXT NOT NULL, n_mentions INTEGER NOT NULL"""

TABLES = f"""
CREATE TABLE IF NOT EXISTS info (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS articles (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL, source TEXT NOT NULL, published TEXT, text TEXT NOT NULL,
    model TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS sources (
    id TEXT PRIMARY KEY, article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    is_reprint INTEGER NOT NULL, title TEXT NOT NULL, source TEXT NOT NULL, published TEXT,
    digest TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS entities (
    article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE, n INTEGER NOT NULL,
    label TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, surface TEXT NOT NULL,
    clean TEXT, score REAL, PRIMARY KEY (article_id, n)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS relations (
    article_id TEXT NOT NULL, head INTEGER NOT NULL, tail INTEGER NOT NULL, label TEXT NOT NULL,
    score REAL, PRIMARY KEY (article_id, head, tail, label),
    FOREIGN KEY (article_id, head) REFERENCES entities(article_id, n) ON DELETE CASCADE,
    FOREIGN KEY (article_id, tail) REFERENCES entities(article_id, n) ON DELETE CASCADE)
    WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS evidence (
    id TEXT PRIMARY KEY, article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    paragraph INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    clean_start INTEGER, clean_end INTEGER, quote TEXT NOT NULL,
    span_start INTEGER NOT NULL, span_end INTEGER NOT NULL, span TEXT NOT NULL,
    score REAL, scores TEXT NOT NULL, model TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS organisations (name TEXT PRIMARY KEY, level TEXT NOT NULL)
    WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS policies (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, number TEXT NOT NULL, level TEXT NOT NULL,
    date_text TEXT NOT NULL, date_earliest TEXT, date_latest TEXT) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS policy_issuers (
    policy_key TEXT NOT NULL REFERENCES policies(key) ON DELETE CASCADE,
    position INTEGER NOT NULL, organisation TEXT NOT NULL REFERENCES organisations(name),
    PRIMARY KEY (policy_key, position)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS policy_mentions (
    policy_key TEXT NOT NULL REFERENCES policies(key),
    article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    title TEXT NOT NULL, short_names TEXT NOT NULL, number TEXT NOT NULL, issuers TEXT NOT NULL,
    level TEXT NOT NULL, date_text TEXT NOT NULL, date_earliest TEXT, date_latest TEXT,
    date_granularity TEXT, date_rule TEXT, n_mentions INTEGER NOT NULL,
    evidence_id TEXT NOT NULL REFERENCES evidence(id) ON DELETE CASCADE,
    PRIMARY KEY (policy_key, article_id)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS appointments (
    id TEXT PRIMARY KEY, article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    person TEXT NOT NULL, post TEXT NOT NULL, organisation TEXT REFERENCES organisations(name),
    organisation_source TEXT NOT NULL, status TEXT NOT NULL CHECK (status IN
        ('holds', 'appointed', 'elected', 'former', 'proposed', 'removed')),
    date_text TEXT NOT NULL, date_earliest TEXT, date_latest TEXT, date_granularity TEXT,
    date_rule TEXT, evidence_id TEXT NOT NULL REFERENCES evidence(id) ON DELETE CASCADE);

CREATE TABLE IF NOT EXISTS targets (
    id TEXT PRIMARY KEY, article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    {_QUANTITY}, deadline_text TEXT NOT NULL, deadline_earliest TEXT, deadline_latest TEXT,
    deadline_granularity TEXT, deadline_rule TEXT,
    policy_key TEXT REFERENCES policies(key), policy_source TEXT NOT NULL,
    evidence_id TEXT NOT NULL REFERENCES evidence(id) ON DELETE CASCADE);

CREATE TABLE IF NOT EXISTS figures (
    id TEXT PRIMARY KEY, article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE,
    {_QUANTITY}, as_of_text TEXT NOT NULL, as_of_earliest TEXT, as_of_latest TEXT,
    as_of_granularity TEXT, as_of_rule TEXT,
    evidence_id TEXT NOT NULL REFERENCES evidence(id) ON DELETE CASCADE);

CREATE TABLE IF NOT EXISTS unread (
    article_id TEXT NOT NULL REFERENCES articles(id) ON DELETE CASCADE, n INTEGER NOT NULL,
    text TEXT NOT NULL, PRIMARY KEY (article_id, n)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS flags (
    table_name TEXT NOT NULL, row_id TEXT NOT NULL, flag TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (table_name, row_id, flag)) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS sources_article ON sources(article_id);
CREATE INDEX IF NOT EXISTS evidence_article ON evidence(article_id);
CREATE INDEX IF NOT EXISTS mentions_article ON policy_mentions(article_id);
CREATE INDEX IF NOT EXISTS mentions_evidence ON policy_mentions(evidence_id);
CREATE INDEX IF NOT EXISTS appointments_article ON appointments(article_id);
CREATE INDEX IF NOT EXISTS appointments_person ON appointments(person);
CREATE INDEX IF NOT EXISTS appointments_evidence ON appointments(evidence_id);
CREATE INDEX IF NOT EXISTS appointments_organisation ON appointments(organisation);
CREATE INDEX IF NOT EXISTS issuers_organisation ON policy_issuers(organisation);
CREATE INDEX IF NOT EXISTS targets_article ON targets(article_id);
CREATE INDEX IF NOT EXISTS targets_policy ON targets(policy_key);
CREATE INDEX IF NOT EXISTS targets_evidence ON targets(evidence_id);
CREATE INDEX IF NOT EXISTS figures_article ON figures(article_id);
CREATE INDEX IF NOT EXISTS figures_evidence ON figures(evidence_id);
CREATE INDEX IF NOT EXISTS relations_tail ON relations(article_id, tail);

-- Three characters a token, which needs no word segmentation; shorter queries use LIKE.
CREATE VIRTUAL TABLE IF NOT EXISTS articles_fts USING fts5(
    title, text, content='articles', content_rowid='number', tokenize='trigram');
CREATE TRIGGER IF NOT EXISTS articles_added AFTER INSERT ON articles BEGIN
    INSERT INTO articles_fts(rowid, title, text) VALUES (new.number, new.title, new.text);
END;
CREATE TRIGGER IF NOT EXISTS articles_gone AFTER DELETE ON articles BEGIN
    INSERT INTO articles_fts(articles_fts, rowid, title, text)
    VALUES ('delete', old.number, old.title, old.text);
END;
"""

_EVIDENCE_COLUMNS = """
    e.quote, r.article_id, a.title AS article_title, a.published, a.source,
    e.paragraph, e.start, e."end", e.span_start, e.span_end, e.score, e.model"""
_QUANTITY_COLUMNS = """
    r.place, r.place_level, r.province, r.city, r.county, r.indicator, r.comparator, r.value,
    r.upper, r.unit, r.kind, r.direction, r.per, r.precision, r.quantity_text"""
_JOIN = "JOIN evidence e ON e.id = r.evidence_id JOIN articles a ON a.id = r.article_id"


def _flags(table: str) -> str:
    return (
        f"(SELECT group_concat(flag, ' ') FROM flags f WHERE f.table_name = '{table}' "
        "AND f.row_id = r.id) AS flags"
    )


VIEWS = f"""
DROP VIEW IF EXISTS v_policies;
CREATE VIEW v_policies AS SELECT p.key AS id, p.title, p.number,
    (SELECT group_concat(organisation, '、') FROM (SELECT organisation FROM policy_issuers i
        WHERE i.policy_key = p.key ORDER BY i.position)) AS issuers,
    p.level, p.date_text, p.date_earliest, p.date_latest,
    (SELECT count(*) FROM targets t WHERE t.policy_key = p.key) AS n_targets,
    (SELECT count(*) FROM policy_mentions m WHERE m.policy_key = p.key) AS n_articles,
    e.quote, a.id AS article_id, a.title AS article_title, a.published, a.source,
    e.paragraph, e.start, e."end", e.span_start, e.span_end, e.score, e.model,
    (SELECT group_concat(flag, ' ') FROM flags f WHERE f.table_name = 'policies'
        AND f.row_id = p.key) AS flags
FROM policies p
JOIN policy_mentions r ON r.policy_key = p.key AND r.article_id = (
    SELECT m.article_id FROM policy_mentions m WHERE m.policy_key = p.key
    ORDER BY length(m.issuers) DESC, m.article_id LIMIT 1)
{_JOIN};

DROP VIEW IF EXISTS v_targets;
CREATE VIEW v_targets AS SELECT r.id, {_QUANTITY_COLUMNS},
    r.deadline_text, r.deadline_earliest, r.deadline_latest, r.deadline_granularity,
    r.deadline_rule, p.title AS policy, p.number AS policy_number,
    (SELECT group_concat(organisation, '、') FROM (SELECT organisation FROM policy_issuers i
        WHERE i.policy_key = r.policy_key ORDER BY i.position)) AS issuers,
    r.place_source, r.policy_source, r.n_mentions, {_EVIDENCE_COLUMNS}, {_flags("targets")}
FROM targets r {_JOIN} LEFT JOIN policies p ON p.key = r.policy_key;

DROP VIEW IF EXISTS v_figures;
CREATE VIEW v_figures AS SELECT r.id, {_QUANTITY_COLUMNS},
    r.as_of_text, r.as_of_earliest, r.as_of_latest, r.as_of_granularity, r.as_of_rule,
    r.place_source, r.n_mentions, {_EVIDENCE_COLUMNS}, {_flags("figures")}
FROM figures r {_JOIN};

DROP VIEW IF EXISTS v_appointments;
CREATE VIEW v_appointments AS SELECT r.id, r.person, r.post, r.organisation, r.status,
    r.date_text, r.date_earliest, r.date_latest, r.date_granularity, r.date_rule,
    r.organisation_source, {_EVIDENCE_COLUMNS}, {_flags("appointments")}
FROM appointments r {_JOIN};

DROP VIEW IF EXISTS v_articles;
CREATE VIEW v_articles AS SELECT a.id, a.title, a.source, a.published,
    (SELECT count(*) FROM sources s WHERE s.article_id = a.id) AS n_sources,
    (SELECT group_concat(s.id, ' ') FROM sources s WHERE s.article_id = a.id
        AND s.is_reprint) AS reprints,
    (SELECT count(*) FROM targets t WHERE t.article_id = a.id) AS n_targets,
    (SELECT count(*) FROM figures f WHERE f.article_id = a.id) AS n_figures,
    (SELECT count(*) FROM policy_mentions m WHERE m.article_id = a.id) AS n_policies,
    (SELECT count(*) FROM appointments p WHERE p.article_id = a.id) AS n_appointments,
    length(a.text) AS n_characters, a.model
FROM articles a;
"""
READ_VIEWS = ("v_targets", "v_figures", "v_policies", "v_appointments", "v_articles")
