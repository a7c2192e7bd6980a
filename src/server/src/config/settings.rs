//! The list of all settings. Each has one key in the file; the names in the environment, the flag of
//! `tenantry serve` and the lines of `tenantry config print` follow from it. How a text becomes a
//! value is not told here.

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in `tenantry.toml`.
    pub key: &'static str,
    /// Its names in the environment: the first is ours, the others are accepted for it.
    pub env: &'static [&'static str],
    /// Its flag; None for secrets, which everyone could read in the list of processes.
    pub flag: Option<&'static str>,
    pub kind: Kind,
    pub default: Option<&'static str>,
    pub takes: &'static str,
    pub help: &'static str,
}

/// How a value is shown, and whether it may come from a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Plain,
    Secret,
    /// An address with a password in it.
    SecretUrl,
}

impl Setting {
    pub fn is_secret(&self) -> bool {
        self.kind != Kind::Plain
    }
}

macro_rules! settings {
    ($($key:literal, $kind:ident, [$($env:literal),+], $flag:expr, $default:expr, $takes:literal, $help:literal;)+) => {
        /// All settings, in the order in which they are shown.
        pub const SETTINGS: &[Setting] = &[$(
            Setting { key: $key, env: &[$($env),+], flag: $flag, kind: Kind::$kind, default: $default, takes: $takes, help: $help },
        )+];
    };
}

settings! {
    "addr", Plain, ["TENANTRY_ADDR"], Some("addr"), Some("127.0.0.1:3000"), "HOST:PORT",
        "Where the server listens";
    "data_dir", Plain, ["TENANTRY_DATA_DIR"], Some("data-dir"), None, "DIR",
        "The folder for the embedded database and the secret key [default: /var/lib/tenantry for root, else ~/.local/share/tenantry]";
    "public_url", Plain, ["TENANTRY_PUBLIC_URL"], Some("public-url"), None, "URL",
        "Where people reach the server, such as https://tenantry.example.com: links, cookies and the check of origins follow it";
    "database_url", SecretUrl, ["DATABASE_URL", "TENANTRY_DATABASE_URL"], None, None, "URL",
        "A Postgres of your own, instead of the embedded one: the role that the server logs in as";
    "database_owner_url", SecretUrl, ["DATABASE_OWNER_URL", "TENANTRY_DATABASE_OWNER_URL"], None, None, "URL",
        "The same database, as the role that owns the schema: for migrations";
    "max_connections", Plain, ["TENANTRY_MAX_CONNECTIONS"], Some("max-connections"), Some("20"), "N",
        "How many connections to the database are open at most";
    "statement_timeout", Plain, ["TENANTRY_STATEMENT_TIMEOUT"], Some("statement-timeout"), Some("25s"), "TIME",
        "How long the database may work on one statement of the server, such as 500ms, 25s, 2m";
    "lock_timeout", Plain, ["TENANTRY_LOCK_TIMEOUT"], Some("lock-timeout"), Some("10s"), "TIME",
        "How long a statement waits for what another one has locked";
    "idle_transaction_timeout", Plain, ["TENANTRY_IDLE_TRANSACTION_TIMEOUT"], Some("idle-transaction-timeout"), Some("60s"), "TIME",
        "After how long a transaction ends in which nothing happens";
    "secret_key", Secret, ["TENANTRY_SECRET_KEY", "WEBUI_SECRET_KEY"], None, None, "TEXT",
        "Seals the secrets in the database: 32 random bytes or more. With the embedded database it is made at the first start";
    "registration", Plain, ["TENANTRY_REGISTRATION"], Some("registration"), Some("open"), "POLICY",
        "Who may sign up: open (everyone, with a tenant of their own), invite, closed";
    "tenant_creation", Plain, ["TENANTRY_TENANT_CREATION"], Some("tenant-creation"), Some("any"), "WHO",
        "Who may make tenants: any, operator";
    "only_tenant_fallback", Plain, ["TENANTRY_ONLY_TENANT_FALLBACK"], Some("only-tenant-fallback"), Some("true"), "BOOL",
        "Whether a request that names no tenant means the only one of its user";
    "session_cookie_secure", Plain, ["TENANTRY_SESSION_COOKIE_SECURE", "WEBUI_SESSION_COOKIE_SECURE"], Some("session-cookie-secure"), None, "BOOL",
        "Whether the session's cookie goes over https only [default: whether public_url is https]";
    "session_cookie_same_site", Plain, ["TENANTRY_SESSION_COOKIE_SAME_SITE", "WEBUI_SESSION_COOKIE_SAME_SITE"], Some("session-cookie-same-site"), Some("lax"), "WORD",
        "Whether other sites' links and frames bring the cookie: strict, lax, none (https only)";
    "session_idle", Plain, ["TENANTRY_SESSION_IDLE"], Some("session-idle"), Some("12h"), "TIME",
        "After how long without a request a person has to sign in again, such as 30m, 12h, 7d";
    "session_absolute", Plain, ["TENANTRY_SESSION_ABSOLUTE"], Some("session-absolute"), Some("30d"), "TIME",
        "After how long a person has to sign in again in any case";
    "trusted_proxies", Plain, ["TENANTRY_TRUSTED_PROXIES"], Some("trusted-proxies"), None, "NETWORKS",
        "Proxies whose X-Forwarded-For, X-Forwarded-Host and X-Request-ID are believed: addresses or networks, separated by commas";
    "base_domain", Plain, ["TENANTRY_BASE_DOMAIN"], Some("base-domain"), None, "DOMAIN",
        "A domain whose subdomains are slugs of tenants, such as tenantry.example.com: acme.tenantry.example.com is about acme";
    "sign_ups_per_hour", Plain, ["TENANTRY_SIGN_UPS_PER_HOUR"], Some("sign-ups-per-hour"), Some("60"), "N",
        "How many accounts one address may make in an hour; 0 means any number";
    "log_ins_per_minute", Plain, ["TENANTRY_LOG_INS_PER_MINUTE"], Some("log-ins-per-minute"), Some("120"), "N",
        "How many passwords one address may try in a minute; 0 means any number";
    "invitations_per_hour", Plain, ["TENANTRY_INVITATIONS_PER_HOUR"], Some("invitations-per-hour"), Some("200"), "N",
        "How many invitations one tenant may make or send again in an hour, and then five mails a day to one address; 0 means any number";
    "smtp_url", SecretUrl, ["TENANTRY_SMTP_URL"], None, None, "URL",
        "A mail server, such as smtps://user:password@mail.example.com: invitations are then mailed, too";
    "mail_from", Plain, ["TENANTRY_MAIL_FROM"], Some("mail-from"), None, "ADDRESS",
        "Whom mails come from";
    "filter_models", Plain, ["TENANTRY_FILTER_MODELS", "ENABLE_MODEL_FILTER"], Some("filter-models"), Some("true"), "BOOL",
        "Whether the gateway asks which models a tenant has enabled; false opens every model of the catalogue to every tenant";
    "bypass_model_access", Plain, ["TENANTRY_BYPASS_MODEL_ACCESS", "BYPASS_MODEL_ACCESS_CONTROL"], Some("bypass-model-access"), Some("false"), "BOOL",
        "Whether everybody in a tenant may use all of its models, whatever workspaces list";
    "gateway_requests_at_once", Plain, ["TENANTRY_GATEWAY_REQUESTS_AT_ONCE"], Some("gateway-requests-at-once"), Some("500"), "N",
        "How many requests of one key, or of one person without a key, the gateway works on at once; 0 means any number";
    "usage_days", Plain, ["TENANTRY_USAGE_DAYS"], Some("usage-days"), Some("90"), "N",
        "For how many days single events of usage are kept, at least 7; sums by the hour stay";
    "allow_private_providers", Plain, ["TENANTRY_ALLOW_PRIVATE_PROVIDERS", "TENANTRY_ALLOW_PRIVATE_UPSTREAMS"], Some("allow-private-providers"), Some("true"), "NETWORKS",
        "Which private addresses model providers may have, as Ollama and vLLM often do: true (all), false (none), or networks such as 10.0.0.0/8, separated by commas";
    "provider_check", Plain, ["TENANTRY_PROVIDER_CHECK"], Some("provider-check"), Some("5m"), "TIME",
        "How often each provider is asked for its list of models, to see whether it answers: 10s to 60m, or off";
    "allow_private_webhooks", Plain, ["TENANTRY_ALLOW_PRIVATE_WEBHOOKS"], Some("allow-private-webhooks"), Some("false"), "NETWORKS",
        "Which private addresses webhooks may have, which owners and admins of tenants add: true (all), false (none), or networks";
    "audit_heads", Plain, ["TENANTRY_AUDIT_HEADS"], Some("audit-heads"), None, "FILE",
        "Where the heads of the audit's chains are noted every five minutes [default: audit-heads.ndjson in the data folder]: best on another disk, or copied away";
    "log_level", Plain, ["LOG_LEVEL", "TENANTRY_LOG_LEVEL"], Some("log-level"), Some("info"), "LEVEL",
        "What is logged: error, warn, info, debug, trace, off. SRC_LOG_LEVELS_<AREA> sets it for one area";
    "log_format", Plain, ["TENANTRY_LOG_FORMAT"], Some("log-format"), Some("text"), "FORMAT",
        "How it is logged: text, json";
    "organization_name", Plain, ["ORGANIZATION_NAME", "TENANTRY_ORGANIZATION_NAME"], None, None, "NAME",
        "A tenant that the first start makes; the first person who signs up owns it";
    "openrouter_external_user", Plain, ["OPENROUTER_EXTERNAL_USER"], None, None, "TEXT",
        "The external id of that tenant";
    "openrouter_api_key", Secret, ["OPENROUTER_API_KEY"], None, None, "KEY",
        "Makes the provider OpenRouter at the first start, and enables its models for that tenant";
    "admin_email", Plain, ["TENANTRY_ADMIN_EMAIL"], None, None, "ADDRESS",
        "An operator's account that is made when it is not there";
    "admin_password", Secret, ["TENANTRY_ADMIN_PASSWORD"], None, None, "TEXT",
        "The password of that account";
}

/// Names that begin like ours and are no settings: they steer builds, tests and where tools lie.
pub(super) const NOT_SETTINGS: [&str; 4] = ["TENANTRY_TOOLS", "TENANTRY_POSTGRES_BIN", "TENANTRY_NO_RUSTUP", "TENANTRY_DEBIAN_MIRROR"];
pub(super) const NOT_SETTINGS_PREFIXES: [&str; 3] = ["TENANTRY_TEST_", "TENANTRY_BUILD_", "TENANTRY_E2E_"];
/// The file's name; `--config` is its flag.
pub(super) const CONFIG_VARIABLE: &str = "TENANTRY_CONFIG";
/// The levels of single areas: `SRC_LOG_LEVELS_<AREA>` here, the table `log_levels` in the file.
pub(super) const AREA_PREFIX: &str = "SRC_LOG_LEVELS_";
pub(super) const AREA_TABLE: &str = "log_levels";
