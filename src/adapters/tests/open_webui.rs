//! Reading Open WebUI databases: one that Open WebUI 0.12.4 made and was filled with over its own
//! API, one in the layout of before `access_grant`, and files that are not right.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tenantry_adapters::open_webui::{ReadError, read};
use tenantry_domain::import::{Deployment, Readers, SourceUser};
use tenantry_types::provider::ProviderKind;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/open-webui.db");
const OLDER: &str = include_str!("fixtures/open-webui-older.sql");

fn older(folder: &Path) -> PathBuf {
    let path = folder.join("webui.db");
    Connection::open(&path).unwrap().execute_batch(OLDER).unwrap();
    path
}

fn user<'a>(found: &'a Deployment, email: &str) -> &'a SourceUser {
    found.users.iter().find(|u| u.email == email).unwrap()
}

fn readers<'a>(found: &'a Deployment, model: &str) -> &'a Readers {
    &found.models.iter().find(|m| m.id == model).unwrap().readers
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        // The index of the log is shared memory: readers leave their marks in it.
        .filter(|path| !path.to_str().unwrap().ends_with("-shm"))
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn reads_a_real_database() {
    let found = read(Path::new(FIXTURE)).unwrap();
    assert_eq!(found.users.len(), 9);
    let roles = |role: &str| found.users.iter().filter(|u| u.role == role).count();
    assert_eq!((roles("admin"), roles("user"), roles("pending")), (2, 5, 2));
    assert_eq!(found.users[0].email, "ada@acme.example");
    assert_eq!(found.users[0].created_at, 1_795_331_081);
    assert!(
        found
            .users
            .iter()
            .all(|u| u.active && u.password_hash.as_ref().is_some_and(|h| h.starts_with("$2b$12$")))
    );
    assert_eq!(user(&found, "emile@beta.example").name, "Émile Zölä 雪");

    let mut groups: Vec<_> = found.groups.iter().map(|g| (g.name.as_str(), g.members.len())).collect();
    groups.sort_unstable();
    assert_eq!(groups, [("Empty group", 0), ("Engineering", 2), ("Platform", 1), ("Support", 2)]);
    let engineering = found.groups.iter().find(|g| g.name == "Engineering").unwrap();
    let platform = found.groups.iter().find(|g| g.name == "Platform").unwrap();
    assert_eq!(platform.parent.as_ref(), Some(&engineering.id));
    assert_eq!(platform.members, [user(&found, "emile@beta.example").id.clone()]);
    assert_eq!(engineering.description, "Builders");

    let models: Vec<_> = found.models.iter().map(|m| (m.id.as_str(), m.active)).collect();
    assert_eq!(
        models,
        [
            ("mock-disabled", false),
            ("mock-large", true),
            ("mock-private", true),
            ("mock-small", true)
        ]
    );
    assert_eq!(found.presets, ["acme-helper", "old-preset", "orphan-preset", "support-bot"]);
    assert_eq!(*readers(&found, "mock-small"), Readers::Everyone);
    assert_eq!(*readers(&found, "mock-private"), Readers::Nobody);
    assert_eq!(
        *readers(&found, "mock-large"),
        Readers::Listed {
            groups: vec![engineering.id.clone()],
            people: 0
        }
    );

    assert_eq!(found.providers.len(), 1);
    assert_eq!(found.providers[0].base_url, "http://127.0.0.1:4999/v1");
    assert_eq!(found.providers[0].api_key.as_ref().unwrap().expose(), "sk-mock");
    assert!(found.providers[0].enabled);
    assert!(found.organizations.is_empty());
}

#[test]
fn reads_the_older_layout() {
    let folder = tempfile::tempdir().unwrap();
    let found = read(&older(folder.path())).unwrap();
    assert_eq!(
        found.users.iter().map(|u| u.email.as_str()).collect::<Vec<_>>(),
        ["root@old.example", "una@old.example", "udo@old.example", "ban@old.example"]
    );
    assert!(!user(&found, "ban@old.example").active);
    assert_eq!(user(&found, "udo@old.example").created_at, 1_700_000_200, "milliseconds");
    assert_eq!(found.groups[0].members, ["u2", "u3"]);
    assert_eq!(*readers(&found, "open-null"), Readers::Everyone);
    assert_eq!(*readers(&found, "open-json-null"), Readers::Everyone);
    assert_eq!(*readers(&found, "closed"), Readers::Nobody);
    assert_eq!(
        *readers(&found, "for-group"),
        Readers::Listed {
            groups: vec!["g1".into()],
            people: 0
        }
    );
    assert_eq!(
        *readers(&found, "for-person"),
        Readers::Listed {
            groups: Vec::new(),
            people: 1
        }
    );
    assert_eq!(*readers(&found, "damaged"), Readers::Nobody, "what cannot be read is closed");
    assert_eq!(*readers(&found, "write-only"), Readers::Nobody);
    assert_eq!(found.presets, ["preset"]);
    let providers: Vec<_> = found
        .providers
        .iter()
        .map(|p| (p.base_url.as_str(), p.api_key.as_ref().map(|k| k.expose()), p.enabled))
        .collect();
    assert_eq!(
        providers,
        [
            ("https://api.openai.com/v1", Some("sk-one"), true),
            ("https://openrouter.ai/api/v1", None, false)
        ]
    );
    assert_eq!(found.providers[1].prefix.as_deref(), Some("or"));
}

#[test]
fn reads_connections_to_ollama_when_they_are_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = older(folder.path());
    let set = |ollama: serde_json::Value| {
        let data = serde_json::json!({ "ollama": ollama }).to_string();
        Connection::open(&path)
            .unwrap()
            .execute("insert into config (data, version) values (?1, 0)", [data])
            .unwrap();
        read(&path).unwrap().providers
    };
    let urls = serde_json::json!(["http://gpu-one:11434/", "http://gpu-two:11434/v1"]);
    let found =
        set(serde_json::json!({ "enable": true, "base_urls": urls, "api_configs": { "1": { "key": "ol-two", "model_ids": ["llama3:8b"] } } }));
    let read: Vec<_> = found
        .iter()
        .map(|p| (p.base_url.as_str(), p.kind, p.api_key.as_ref().map(|k| k.expose()), p.only.clone()))
        .collect();
    let kind = Some(ProviderKind::Ollama);
    assert_eq!(
        read,
        [
            ("http://gpu-one:11434/v1", kind, None, Vec::new()),
            ("http://gpu-two:11434/v1", kind, Some("ol-two"), vec!["llama3:8b".to_owned()])
        ]
    );
    // Switched off, it is only the address that every installation names.
    assert!(set(serde_json::json!({ "enable": false, "base_urls": ["http://localhost:11434"] })).is_empty());
}

#[test]
fn reads_organizations() {
    let folder = tempfile::tempdir().unwrap();
    let path = older(folder.path());
    Connection::open(&path)
        .unwrap()
        .execute_batch(
            "create table organization_members (organization_id text, user_id text, role text, is_active boolean);
             create table organization_models (organization_id text, model_id text, is_active boolean);
             insert into organization_members values ('north', 'u1', 'admin', 1), ('north', 'u2', 'user', 0), ('south', 'u3', 'user', 1);
             insert into organization_models values ('north', 'open-null', 1), ('north', 'closed', 0);",
        )
        .unwrap();
    let found = read(&path).unwrap().organizations;
    assert_eq!(found.iter().map(|o| o.id.as_str()).collect::<Vec<_>>(), ["north", "south"]);
    let members: Vec<_> = found[0].members.iter().map(|m| (m.user.as_str(), m.role.as_str(), m.active)).collect();
    assert_eq!(members, [("u1", "admin", true), ("u2", "user", false)]);
    assert_eq!(found[0].models, [("closed".to_owned(), false), ("open-null".to_owned(), true)]);
}

/// A database with a write-ahead log whose last row stands in the log only.
fn logged(folder: &Path) -> (PathBuf, Connection) {
    let path = older(folder);
    let writer = Connection::open(&path).unwrap();
    writer
        .execute_batch(
            "pragma journal_mode = wal; pragma wal_autocheckpoint = 0;
             insert into user (id, email, name, role, created_at) values ('u9', 'Late@old.example', 'Late', 'user', 1700000900);",
        )
        .unwrap();
    (path, writer)
}

#[test]
fn reads_the_log_of_a_database_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = logged(folder.path());
    let before = files(folder.path());
    assert_eq!(user(&read(&path).unwrap(), "late@old.example").name, "Late");
    assert_eq!(files(folder.path()), before);
    drop(writer);
}

#[test]
fn reads_a_log_that_was_left_behind() {
    let (source, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (path, _writer) = logged(source.path());
    let copy = folder.path().join("webui.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(source.path().join("webui.db-wal"), folder.path().join("webui.db-wal")).unwrap();
    let before = files(folder.path());
    assert_eq!(user(&read(&copy).unwrap(), "late@old.example").name, "Late");
    assert_eq!(files(folder.path()), before);
    assert!(!folder.path().join("webui.db-shm").exists());
}

#[test]
fn reads_a_logged_database_that_was_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, writer) = logged(folder.path());
    drop(writer);
    assert!(!folder.path().join("webui.db-wal").exists());
    assert_eq!(user(&read(&path).unwrap(), "late@old.example").name, "Late");
    assert_eq!(files(folder.path()).len(), 1, "nothing was made beside it");
}

#[test]
fn says_what_is_wrong_with_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = fs::read(FIXTURE).unwrap();
    assert!(matches!(read(&folder.path().join("none.db")), Err(ReadError::NotFound)));
    assert!(matches!(read(folder.path()), Err(ReadError::Unreadable(_))));
    assert!(matches!(read(&file("empty.db", b"")), Err(ReadError::NotSqlite)));
    assert!(matches!(read(&file("text.db", b"id,email\n1,a@b.example\n")), Err(ReadError::NotSqlite)));
    assert!(matches!(read(&file("start.db", &whole[..40])), Err(ReadError::Truncated { .. })));
    for length in [100, 4096, 5000, whole.len() / 2, whole.len() - 1] {
        let error = read(&file("cut.db", &whole[..length])).unwrap_err();
        assert!(matches!(error, ReadError::Truncated { expected: 819_200, .. }), "{length}: {error}");
    }
    // The first pages hold the tables that are read, or the schema.
    let mut damaged = whole.clone();
    damaged[4096..whole.len() / 2].fill(0xAA);
    assert!(matches!(read(&file("damaged.db", &damaged)), Err(ReadError::Corrupt(_))));
}

#[test]
fn says_what_is_missing_in_another_schema() {
    let folder = tempfile::tempdir().unwrap();
    let missing = |name: &str, sql: &str| {
        let path = folder.path().join(name);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        match read(&path) {
            Err(ReadError::OtherSchema(what)) => what,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(missing("shop.db", "create table customer (id integer)"), "the table user");
    assert_eq!(
        missing("users.db", "create table user (id text, email text, name text)"),
        "the column user.role"
    );
    let no_access = OLDER.replace("access_control", "something");
    assert_eq!(missing("before.db", &no_access), "the column model.access_control");
    assert_eq!(missing("groups.db", &OLDER.replace("user_ids", "people")), "the column group.user_ids");
}
