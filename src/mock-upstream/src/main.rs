//! `tenantry-mock-upstream ADDR`: serves until it is ended, and prints where.

use tenantry_mock_upstream::Mock;

#[tokio::main]
async fn main() {
    let addr = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let Some(addr) = addr else {
        eprintln!("usage: tenantry-mock-upstream HOST:PORT");
        std::process::exit(2);
    };
    println!("http://{}/v1", Mock::default().serve(addr).await);
    std::future::pending::<()>().await;
}
