//! The keys of one member.
use leptos::prelude::*;
use tenantry_types::api_key::ApiKey;

use super::when;
use crate::ui::KeyBadge;

/// A list with what each key is for and until when; empty text without keys.
pub fn keys_of(slug: &str, keys: Vec<ApiKey>) -> String {
    if keys.is_empty() {
        return String::new();
    }
    let items = keys
        .into_iter()
        .map(|key| {
            let used = match key.last_used_at {
                Some(at) => view! { <span>"last used "{when(at)}</span> }.into_any(),
                None => view! { <span>"never used"</span> }.into_any(),
            };
            let ends = key.expires_at.map(|at| view! { <span>", expires "{when(at)}</span> });
            view! {
                <li>
                    <span class="who"><strong>{key.name}</strong><small><code>{key.prefix}"\u{2026}"</code></small></span>
                    <span class="muted">{used}{ends}" "<KeyBadge status=key.status /></span>
                </li>
            }
        })
        .collect_view();
    view! { <ul class="rows">{items}</ul><p><a href=format!("/t/{slug}/keys")>"All keys"</a></p> }.to_html()
}
