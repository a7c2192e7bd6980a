//! Leptos' own options: `Leptos.toml`, compiled in, so that the program needs no file beside it.
//! What cargo-leptos sets in the environment while it watches wins.

use leptos::config::{Env, LeptosOptions};

const TEXT: &str = include_str!("../../../Leptos.toml");

/// # Errors
/// When the text that was compiled in cannot be read.
pub fn read() -> Result<LeptosOptions, String> {
    let table: toml::Table = TEXT.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let section = ["package", "metadata", "leptos"]
        .iter()
        .try_fold(&table, |table, key| table.get(*key)?.as_table());
    let section = section.ok_or("Leptos.toml has no section [package.metadata.leptos]")?;
    let text = |key: &str| {
        section
            .get(key)
            .and_then(toml::Value::as_str)
            .ok_or_else(|| format!("Leptos.toml has no {key}"))
    };
    let env = if cfg!(debug_assertions) { Env::DEV } else { Env::PROD };
    let reload_port = section
        .get("reload-port")
        .and_then(toml::Value::as_integer)
        .and_then(|port| u32::try_from(port).ok())
        .unwrap_or(3001);
    Ok(LeptosOptions::builder()
        .output_name(text("output-name")?)
        .site_root(text("site-root")?)
        .site_pkg_dir(text("site-pkg-dir")?)
        .server_fn_prefix(text("server-fn-prefix")?.to_owned())
        .reload_port(
            std::env::var("LEPTOS_RELOAD_PORT")
                .ok()
                .and_then(|port| port.parse().ok())
                .unwrap_or(reload_port),
        )
        .env(env)
        .build())
}

#[cfg(test)]
mod tests;
