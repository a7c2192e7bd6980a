//! A server that sends mail.

use std::sync::Arc;

use tenantry_domain::outbox;
use tenantry_domain::ports::Mailer;

use super::server::{Postbox, Server, Wish};

/// A server that sends mail, which the test reads.
pub struct Posting {
    server: Server,
    postbox: Arc<Postbox>,
}

impl std::ops::Deref for Posting {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Posting {
    pub async fn new() -> Self {
        Self::with(Wish::default()).await
    }

    pub async fn with(wish: Wish) -> Self {
        let postbox = Arc::new(Postbox::default());
        let mailer: Arc<dyn Mailer> = postbox.clone();
        let server = Server::with(Wish {
            mailer: Some(mailer),
            ..wish
        })
        .await;
        Self { server, postbox }
    }

    /// Sends what waits, and gives the mails as address and text.
    pub async fn mails(&self) -> Vec<(String, String)> {
        outbox::work(&self.app).await.unwrap();
        let mails = self.postbox.take();
        mails.into_iter().map(|mail| (mail.to.to_string(), mail.text)).collect()
    }

    /// The token of the only mail that has a link of this kind.
    pub async fn token(&self, kind: &str) -> String {
        let mails = self.mails().await;
        let mark = format!("http://tenantry.test/{kind}/");
        let tokens: Vec<_> = mails.iter().filter_map(|(_, text)| text.split(&mark).nth(1)).collect();
        assert_eq!(tokens.len(), 1, "{mails:?}");
        tokens[0].lines().next().unwrap().to_owned()
    }
}
