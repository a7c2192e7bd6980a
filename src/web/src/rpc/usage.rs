//! What was used through the gateway, as it is drawn on the server.
use leptos::prelude::*;

use super::{UiError, wire::Answer};
#[cfg(feature = "ssr")]
use {
    crate::drawn::{self, Seen, Shown},
    crate::server,
    tenantry_domain::usage::{self, Reach, Wanted},
    tenantry_domain::{Error, quotas},
    tenantry_types::ProblemCode,
};

/// `query` is what stands in the address of the page: the span, and what the sums are made by.
#[server(endpoint = "usage", output = Answer)]
pub async fn tenant_usage(tenant: String, #[server(default)] query: String) -> Result<String, UiError> {
    let s = server::ctx(&tenant).await?;
    let seen = Seen::read(&query);
    let reach = Reach::of(&s.ctx);
    let report = async |by| {
        let wanted = Wanted {
            from: Some(seen.from),
            to: Some(seen.to),
            by,
        };
        match usage::report(&s.app, s.grant()?, reach, wanted).await {
            Ok(rows) => Ok(Some(rows)),
            // A span that cannot be shown is said on the page.
            Err(Error::Invalid(_)) => Ok(None),
            Err(error) => Err(UiError::from(error)),
        }
    };
    let (over_time, groups) = (report(seen.step()).await?, report(seen.by).await?);
    let shown = match over_time.zip(groups) {
        None => None,
        Some((over_time, groups)) => Some(Shown {
            over_time,
            groups,
            quotas: match s.grant() {
                Ok(by) => quotas::show(&s.app, by).await?.items,
                Err(error) if error.code == ProblemCode::Forbidden => Vec::new(),
                Err(error) => return Err(error),
            },
            everyones: reach.everyones(),
        }),
    };
    Ok(drawn::usage(s.ctx.tenant().slug.as_str(), &seen, shown))
}
