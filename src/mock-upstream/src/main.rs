//! Stands in for what is around the gateway in tests and measurements:
//! `tenantry-mock-upstream serve ADDR` is a provider, `proxy ADDR URL` a bare reverse proxy of the same stack as the
//! gateway, `load URL KEY MODEL CONCURRENCY SECONDS json|stream` sends requests one after the other on so many
//! connections and prints what it measured as JSON.

mod load;
mod proxy;

use std::net::SocketAddr;

use tenantry_mock_upstream::Mock;

const USAGE: &str = "usage: tenantry-mock-upstream serve ADDR | proxy ADDR URL | load URL KEY MODEL CONCURRENCY SECONDS json|stream";

#[tokio::main]
async fn main() {
    // No connection here uses it, but the client asks for one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if run(&words).await.is_none() {
        eprintln!("{USAGE}");
        std::process::exit(2);
    }
}

/// None for words that cannot be meant.
async fn run(words: &[&str]) -> Option<()> {
    match words {
        ["serve", addr] => println!("http://{}", Mock::default().serve(addr.parse().ok()?).await),
        ["proxy", addr, to] => {
            let addr: SocketAddr = addr.parse().ok()?;
            println!("http://{}", tenantry_mock_upstream::listen(addr, proxy::router((*to).to_owned())).await);
        }
        ["load", url, key, model, concurrency, seconds, kind @ ("json" | "stream")] => {
            let plan = load::Plan {
                url: (*url).to_owned(),
                key: (*key).to_owned(),
                model: (*model).to_owned(),
                concurrency: concurrency.parse().ok()?,
                seconds: seconds.parse().ok()?,
                streams: *kind == "stream",
            };
            println!("{}", load::run(plan).await);
            return Some(());
        }
        _ => return None,
    }
    std::future::pending().await
}
