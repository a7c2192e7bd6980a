//! What is logged, and how. `LOG_LEVEL` is for everything, `SRC_LOG_LEVELS_<AREA>` for one part of
//! the server; `RUST_LOG`, where it is set, says it in the finer language of `tracing` instead.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// The filter of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logging {
    format: LogFormat,
    level: &'static str,
    /// Whether somebody asked for this level.
    asked: bool,
    areas: Vec<(&'static str, &'static str)>,
}

/// Our areas, and the parts of the program that they mean.
const AREAS: [(&str, &[&str]); 9] = [
    ("SERVER", &["tenantry_server"]),
    ("CONFIG", &["tenantry_server::config"]),
    ("POSTGRES", &["tenantry_server::postgres"]),
    ("HTTP", &["tenantry_server::middleware", "tower_http"]),
    ("DB", &["tenantry_db", "sqlx"]),
    ("DOMAIN", &["tenantry_domain"]),
    ("ADAPTERS", &["tenantry_adapters"]),
    ("API", &["tenantry_api"]),
    ("WEB", &["tenantry_web", "leptos", "leptos_axum"]),
];

/// What writes whole addresses when it is asked to tell more: addresses hold tokens.
const TELLTALES: [&str; 1] = ["tower_http::csrf"];

/// Areas of Open WebUI, whose environment may be ours, too: what is closest to them, or nothing.
const BORROWED: [(&str, &[&str]); 16] = [
    ("MAIN", &["tenantry_server"]),
    ("MODELS", &["tenantry_adapters"]),
    ("OPENAI", &["tenantry_adapters"]),
    ("OLLAMA", &["tenantry_adapters"]),
    ("WEBHOOK", &["tenantry_adapters"]),
    ("OAUTH", &["tenantry_domain::accounts"]),
    ("AUDIO", &[]),
    ("COMFYUI", &[]),
    ("IMAGES", &[]),
    ("RAG", &[]),
    ("SOCKET", &[]),
    ("RETRIEVAL", &[]),
    ("LOADERS", &[]),
    ("PLUGIN", &[]),
    ("FUNCTIONS", &[]),
    ("TELEMETRY", &[]),
];

fn level(text: &str) -> Result<&'static str, String> {
    match text.to_ascii_lowercase().as_str() {
        "" | "info" => Ok("info"),
        "trace" => Ok("trace"),
        "debug" => Ok("debug"),
        "warn" | "warning" => Ok("warn"),
        "error" | "critical" => Ok("error"),
        "off" => Ok("off"),
        _ => Err(format!("\"{text}\": one of error, warn, info, debug, trace, off is expected")),
    }
}

impl Logging {
    pub(super) fn new(format: LogFormat) -> Self {
        Self { format, ..Self::default() }
    }

    pub(super) fn set_level(&mut self, text: &str, asked: bool) -> Result<(), String> {
        self.level = level(text)?;
        self.asked = asked;
        Ok(())
    }

    pub(super) fn set_area(&mut self, area: &str, text: &str) -> Result<(), String> {
        let targets = AREAS.iter().chain(&BORROWED).find(|(name, _)| *name == area).map(|(_, targets)| *targets);
        let targets = targets.ok_or_else(|| format!("there is no area {area}; there are {}", AREAS.map(|(name, _)| name).join(", ")))?;
        let level = level(text)?;
        self.areas.extend(targets.iter().map(|target| (*target, level)));
        Ok(())
    }

    /// For commands, whose own words tell how it goes: the log has faults only, unless asked otherwise.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        if !self.asked {
            self.level = "warn";
        }
        self
    }

    /// The filter in `tracing`'s language.
    pub fn directives(&self) -> String {
        // Libraries are quiet where we are not: what they say at "info" is of no use to an operator.
        let libraries = match self.level {
            "info" => "warn",
            other => other,
        };
        let own = [
            "tenantry",
            "tenantry_server",
            "tenantry_db",
            "tenantry_domain",
            "tenantry_adapters",
            "tenantry_api",
            "tenantry_web",
        ];
        let own = own.iter().map(|target| format!("{target}={}", self.level));
        let areas = self.areas.iter().map(|(target, level)| format!("{target}={level}"));
        let telltales = TELLTALES.iter().map(|target| format!("{target}=off"));
        std::iter::once(libraries.to_owned())
            .chain(own)
            .chain(telltales)
            .chain(areas)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// Starts the log on stderr: stdout is for results.
    pub fn start(&self) {
        let filter = match std::env::var("RUST_LOG") {
            Ok(directives) if !directives.is_empty() => EnvFilter::new(directives),
            _ => EnvFilter::new(self.directives()),
        };
        let registry = tracing_subscriber::registry().with(filter);
        let started = match self.format {
            LogFormat::Text => registry
                .with(
                    fmt::layer()
                        .with_writer(std::io::stderr)
                        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())),
                )
                .try_init(),
            LogFormat::Json => registry
                .with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr))
                .try_init(),
        };
        // A second start, in a test, keeps the first one's log.
        drop(started);
    }
}
