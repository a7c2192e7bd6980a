use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::ExposeSecret;

use super::*;

fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect()
}

/// In a data folder of its own, so that no file of this machine is read.
fn load_in(dir: &Path, pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut environment = env(pairs);
    environment.insert("TENANTRY_DATA_DIR".to_owned(), dir.as_os_str().to_owned());
    Config::load(&environment, &Flags::default())
}

fn load(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load_in(tempfile::tempdir().unwrap().path(), pairs)
}

fn fault(pairs: &[(&str, &str)]) -> String {
    load(pairs).unwrap_err().to_string()
}

fn write(path: &Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn printed<'a>(config: &'a Config, key: &str) -> (&'a str, &'a str) {
    let line = config.printed().iter().find(|line| line.key == key).unwrap();
    (line.value.as_deref().unwrap_or(""), &line.source)
}

#[test]
fn defaults_need_nothing() {
    let config = load(&[]).unwrap();
    assert_eq!(config.addr.to_string(), "127.0.0.1:3000");
    assert!(matches!(config.database, Database::Embedded));
    assert_eq!(config.registration, RegistrationPolicy::Open);
    assert!(!config.sessions.secure);
    assert_eq!(config.sessions.same_site, SameSite::Lax);
    assert_eq!(config.sessions.idle, Duration::from_secs(12 * 3600));
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn each_layer_wins_over_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tenantry.toml");
    write(
        &file,
        "registration = \"invite\"\nmax_connections = 7\nsession_idle = \"1h\"\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n",
        0o600,
    );
    let mut environment = env(&[("TENANTRY_MAX_CONNECTIONS", "8"), ("TENANTRY_SESSION_IDLE", "2h")]);
    environment.insert("TENANTRY_DATA_DIR".to_owned(), dir.path().as_os_str().to_owned());
    let flags = Flags {
        config: None,
        values: BTreeMap::from([("session_idle", "3h".to_owned())]),
    };
    let config = Config::load(&environment, &flags).unwrap();
    assert_eq!(config.registration, RegistrationPolicy::Invite);
    assert_eq!(config.max_connections, 8);
    assert_eq!(config.sessions.idle, Duration::from_secs(3 * 3600));
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(printed(&config, "registration"), ("invite", format!("file {}", file.display()).as_str()));
    assert_eq!(printed(&config, "max_connections"), ("8", "environment TENANTRY_MAX_CONNECTIONS"));
    assert_eq!(printed(&config, "session_idle"), ("3h", "flag --session-idle"));
    assert_eq!(printed(&config, "addr"), ("127.0.0.1:3000", "default"));
}

#[test]
fn unknown_names_stop_the_start() {
    assert_eq!(
        fault(&[("TENANTRY_REGISTRATON", "open")]),
        "unknown variable TENANTRY_REGISTRATON (did you mean TENANTRY_REGISTRATION?)"
    );
    assert_eq!(fault(&[("TENANTRY_SOMETHING_ELSE", "")]), "unknown variable TENANTRY_SOMETHING_ELSE");
    assert_eq!(
        fault(&[("TENANTRY_ADDR_FILE", "/x")]),
        "unknown variable TENANTRY_ADDR_FILE (did you mean TENANTRY_ADDR?)".replace(" (did you mean TENANTRY_ADDR?)", "")
    );
    load(&[
        ("TENANTRY_TOOLS", "/x"),
        ("TENANTRY_TEST_DATABASE_URL", "x"),
        ("TENANTRY_POSTGRES_BIN", "/y"),
        ("TENANTRY_BUILD_X", "z"),
    ])
    .unwrap();

    let dir = tempfile::tempdir().unwrap();
    write(
        &dir.path().join("tenantry.toml"),
        "adr = \"x\"\nlog_levels = { db = \"debug\", nowhere = \"info\" }\nmax_connections = { a = 1 }\n",
        0o600,
    );
    let text = load_in(dir.path(), &[]).unwrap_err().to_string();
    assert!(text.contains("tenantry.toml: unknown key \"adr\" (did you mean addr?)"), "{text}");
    assert!(text.contains("max_connections: a single value is expected"), "{text}");
}

#[test]
fn bad_values_are_all_listed_with_their_names() {
    let text = fault(&[
        ("TENANTRY_ADDR", "nowhere"),
        ("TENANTRY_REGISTRATION", "everyone"),
        ("TENANTRY_MAX_CONNECTIONS", "0"),
        ("TENANTRY_PUBLIC_URL", "https://example.com/path"),
        ("TENANTRY_SESSION_IDLE", "12"),
        ("TENANTRY_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("LOG_LEVEL", "loud"),
        ("SRC_LOG_LEVELS_CELLAR", "info"),
        ("SRC_LOG_LEVELS_RAG", "nope"),
        ("DATABASE_URL", "mysql://u:secretword@h/d"),
        ("TENANTRY_ADMIN_EMAIL", "nobody"),
        ("WEBUI_SESSION_COOKIE_SECURE", "perhaps"),
    ]);
    for expected in [
        "TENANTRY_ADDR: \"nowhere\": HOST:PORT is expected",
        "TENANTRY_REGISTRATION: \"everyone\": one of open, invite, closed is expected",
        "TENANTRY_MAX_CONNECTIONS: \"0\": a number from 2 to 1000 is expected",
        "TENANTRY_PUBLIC_URL: ",
        "TENANTRY_SESSION_IDLE: \"12\"",
        "TENANTRY_TRUSTED_PROXIES: ",
        "LOG_LEVEL: \"loud\"",
        "SRC_LOG_LEVELS_CELLAR: there is no area CELLAR",
        "SRC_LOG_LEVELS_RAG: \"nope\"",
        "DATABASE_URL: an address that begins with postgres://",
        "TENANTRY_ADMIN_EMAIL: ",
        "WEBUI_SESSION_COOKIE_SECURE: \"perhaps\"",
    ] {
        assert!(text.lines().any(|line| line.starts_with(expected)), "{expected} not in\n{text}");
    }
    assert!(!text.contains("secretword"), "{text}");
}

#[test]
fn an_alias_means_the_same_setting() {
    let config = load(&[("WEBUI_SECRET_KEY", "from open webui, long enough")]).unwrap();
    assert_eq!(config.secret_key().unwrap().expose_secret(), "from open webui, long enough");
    load(&[
        ("WEBUI_SECRET_KEY", "the same, long enough, yes"),
        ("TENANTRY_SECRET_KEY", "the same, long enough, yes"),
    ])
    .unwrap();
    assert_eq!(
        fault(&[("WEBUI_SECRET_KEY", "one"), ("TENANTRY_SECRET_KEY", "two")]),
        "TENANTRY_SECRET_KEY and WEBUI_SECRET_KEY are both set, and differ: they mean the same setting"
    );
}

#[test]
fn a_secret_may_come_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("key");
    write(&file, "a key of thirty-two characters!!\n", 0o600);
    let path = file.to_str().unwrap();
    let config = load(&[("TENANTRY_SECRET_KEY_FILE", path)]).unwrap();
    assert_eq!(config.secret_key().unwrap().expose_secret(), "a key of thirty-two characters!!");
    assert_eq!(config.warnings, Vec::<String>::new());
    assert_eq!(
        printed(&config, "secret_key"),
        ("********", format!("TENANTRY_SECRET_KEY_FILE={path}").as_str())
    );

    assert_eq!(
        fault(&[("TENANTRY_SECRET_KEY_FILE", path), ("TENANTRY_SECRET_KEY", "x")]),
        "TENANTRY_SECRET_KEY and TENANTRY_SECRET_KEY_FILE are both set: one of them is enough"
    );
    assert!(fault(&[("OPENROUTER_API_KEY_FILE", "/not/there")]).starts_with("OPENROUTER_API_KEY_FILE: /not/there: "));

    write(&file, "a key of thirty-two characters!!\n", 0o644);
    let config = load(&[("TENANTRY_SECRET_KEY_FILE", path)]).unwrap();
    assert_eq!(
        config.warnings,
        [format!(
            "{path} (TENANTRY_SECRET_KEY_FILE) holds a secret and can be read by others: chmod 600 it"
        )]
    );

    write(&dir.path().join("tenantry.toml"), &format!("secret_key_file = \"{path}\"\n"), 0o600);
    assert_eq!(
        load_in(dir.path(), &[]).unwrap().secret_key().unwrap().expose_secret(),
        "a key of thirty-two characters!!"
    );
    write(
        &dir.path().join("tenantry.toml"),
        &format!("secret_key = \"x\"\nsecret_key_file = \"{path}\"\n"),
        0o600,
    );
    assert!(
        load_in(dir.path(), &[])
            .unwrap_err()
            .to_string()
            .ends_with("secret_key and secret_key_file are both set: one of them is enough")
    );
}

#[test]
fn a_readable_file_with_secrets_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tenantry.toml");
    write(&file, "secret_key = \"a key of thirty-two characters!!\"\n", 0o644);
    assert_eq!(
        load_in(dir.path(), &[]).unwrap().warnings,
        [format!("{} holds secrets and can be read by others: chmod 600 it", file.display())]
    );
    write(&file, "addr = \"127.0.0.1:1\"\n", 0o644);
    assert_eq!(load_in(dir.path(), &[]).unwrap().warnings, Vec::<String>::new());
}

#[test]
fn the_secret_key_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = load_in(dir.path(), &[]).unwrap().secret_key().unwrap();
    let file = dir.path().join("secret.key");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(first.expose_secret().len(), 64);
    assert_eq!(
        load_in(dir.path(), &[]).unwrap().secret_key().unwrap().expose_secret(),
        first.expose_secret()
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);

    let other = load_in(dir.path(), &[("TENANTRY_SECRET_KEY", "another key, and long enough")]).unwrap();
    assert_eq!(other.warnings.len(), 1);
    assert!(other.warnings[0].contains("holds another secret key"), "{:?}", other.warnings);
}

#[test]
fn a_database_of_ones_own_needs_a_secret_key() {
    let config = load(&[("DATABASE_URL", "postgres://app:pw@h/d")]).unwrap();
    assert!(config.secret_key().unwrap_err().to_string().starts_with("TENANTRY_SECRET_KEY is not set"));
    assert_eq!(
        printed(&config, "database_url"),
        ("postgres://app:********@h/d", "environment DATABASE_URL")
    );
    assert!(fault(&[("DATABASE_OWNER_URL", "postgres://o@h/d")]).starts_with("DATABASE_OWNER_URL: is set, and DATABASE_URL"));
}

#[test]
fn the_cookie_follows_the_public_url() {
    assert!(load(&[("TENANTRY_PUBLIC_URL", "https://Tenantry.Example.com/")]).unwrap().sessions.secure);
    assert_eq!(
        load(&[("TENANTRY_PUBLIC_URL", "https://Tenantry.Example.com/")])
            .unwrap()
            .public_url
            .unwrap(),
        "https://tenantry.example.com"
    );
    assert!(!load(&[("TENANTRY_PUBLIC_URL", "http://localhost:3000")]).unwrap().sessions.secure);
    assert!(fault(&[("WEBUI_SESSION_COOKIE_SAME_SITE", "none")]).starts_with("WEBUI_SESSION_COOKIE_SAME_SITE: \"none\" needs a secure cookie"));
    let config = load(&[("WEBUI_SESSION_COOKIE_SAME_SITE", "none"), ("WEBUI_SESSION_COOKIE_SECURE", "true")]).unwrap();
    assert_eq!(config.sessions.same_site, SameSite::None);
    for bad in ["ftp://x", "https://", "https://u:p@x", "https://x?y", "example.com", "https://x/y"] {
        assert!(fault(&[("TENANTRY_PUBLIC_URL", bad)]).starts_with("TENANTRY_PUBLIC_URL: "), "{bad}");
    }
}

#[test]
fn empty_variables_are_not_set() {
    let config = load(&[("DATABASE_URL", ""), ("TENANTRY_PUBLIC_URL", ""), ("TENANTRY_SECRET_KEY_FILE", "")]).unwrap();
    assert!(matches!(config.database, Database::Embedded));
}

#[test]
fn a_named_file_must_be_there() {
    assert!(fault(&[("TENANTRY_CONFIG", "/not/there.toml")]).starts_with("/not/there.toml: "));
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("tenantry.toml"), "secret_key = \"x\ny\"\n", 0o600);
    let text = load_in(dir.path(), &[]).unwrap_err().to_string();
    assert!(text.contains("tenantry.toml: line 2: "), "{text}");
    assert!(!text.contains("\"x"), "{text}");
}

#[test]
fn nothing_secret_is_printed() {
    let config = load(&[
        ("TENANTRY_SECRET_KEY", "hush-hush-hush-hush-hush-hush"),
        ("OPENROUTER_API_KEY", "hush-or"),
        ("TENANTRY_ADMIN_PASSWORD", "hush-admin-words"),
        ("DATABASE_URL", "postgres://a:hush-db@h/d"),
        ("TENANTRY_SMTP_URL", "smtp://a:hush-mail@h"),
        ("TENANTRY_MAIL_FROM", "a@example.com"),
    ])
    .unwrap();
    assert!(!format!("{:?}", config.printed()).contains("hush"));
    assert!(!format!("{config:?}").contains("hush"), "{config:?}");
}

#[test]
fn levels_become_a_filter() {
    let config = load(&[
        ("LOG_LEVEL", "WARNING"),
        ("SRC_LOG_LEVELS_DB", "DEBUG"),
        ("SRC_LOG_LEVELS_COMFYUI", "INFO"),
    ])
    .unwrap();
    let directives = config.logging.directives();
    assert!(directives.starts_with("warn,"), "{directives}");
    assert!(directives.ends_with("tenantry_db=debug,sqlx=debug"), "{directives}");
}

#[test]
fn private_networks_are_all_none_or_named() {
    let read = |text: &str| load(&[("TENANTRY_ALLOW_PRIVATE_UPSTREAMS", text)]).map(|config| config.allow_private_providers);
    assert!(matches!(read("true").unwrap(), Private::All));
    assert!(matches!(read("false").unwrap(), Private::None));
    match read("10.1.0.0/16, fd00::/8").unwrap() {
        Private::Only(networks) => assert_eq!(networks.len(), 2),
        other => panic!("{other:?}"),
    }
    for wrong in ["maybe", "10.0.0.0/33", ", ,"] {
        let error = read(wrong).unwrap_err().to_string();
        assert!(
            error.contains("TENANTRY_ALLOW_PRIVATE_UPSTREAMS") && error.contains("true, false, or networks"),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn providers_are_checked_every_so_often_or_never() {
    let read = |text: &str| load(&[("TENANTRY_PROVIDER_CHECK", text)]).map(|config| config.provider_check);
    assert_eq!(load(&[]).unwrap().provider_check, Some(std::time::Duration::from_secs(300)));
    assert_eq!(read("off").unwrap(), None);
    assert_eq!(read("5m").unwrap(), Some(std::time::Duration::from_secs(300)));
    for wrong in ["1s", "2h", "soon"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
