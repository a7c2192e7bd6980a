//! Which part of a list a page shows: search, order, page and filters. It stands in the address, so
//! that a list can be linked to, and going back works.
use leptos_router::params::ParamsMap;
use serde::{Deserialize, Serialize};
use tenantry_types::PageQuery;

/// Rows on one page of a list.
pub const PER_PAGE: u32 = 50;

/// The state of a list, as the address tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListQuery {
    pub q: String,
    pub sort: String,
    /// From 1.
    pub page: u32,
    pub status: String,
    pub role: String,
    pub provider: String,
    pub enabled: String,
    pub price: String,
}

impl ListQuery {
    pub fn of(params: &ParamsMap) -> Self {
        let get = |name: &str| params.get(name).unwrap_or_default();
        Self {
            q: get("q"),
            sort: get("sort"),
            page: get("page").parse().unwrap_or(1).max(1),
            status: get("status"),
            role: get("role"),
            provider: get("provider"),
            enabled: get("enabled"),
            price: get("price"),
        }
    }

    pub fn paging(&self) -> PageQuery {
        let skip = (self.page.max(1) - 1).saturating_mul(PER_PAGE).min(PageQuery::MAX_SKIP);
        PageQuery {
            limit: PER_PAGE,
            skip,
            q: self.q.clone(),
            sort: self.sort.clone(),
        }
    }

    /// Whether anything narrows the list.
    pub fn is_narrowed(&self) -> bool {
        let all = [&self.q, &self.status, &self.role, &self.provider, &self.enabled, &self.price];
        all.iter().any(|value| !value.is_empty())
    }

    /// The address of this list with one thing changed; any change but of the page leads to the first page.
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut next = self.clone();
        if name != "page" {
            next.page = 1;
        }
        let value = value.to_owned();
        match name {
            "q" => next.q = value,
            "sort" => next.sort = value,
            "page" => next.page = value.parse().unwrap_or(1),
            "status" => next.status = value,
            "role" => next.role = value,
            "provider" => next.provider = value,
            "enabled" => next.enabled = value,
            "price" => next.price = value,
            _ => {}
        }
        next.address()
    }

    /// `?q=ada&sort=-name`; `?` alone when nothing is set.
    pub fn address(&self) -> String {
        let page = if self.page > 1 { self.page.to_string() } else { String::new() };
        let mut out = String::from("?");
        let parts = [
            ("q", &self.q),
            ("sort", &self.sort),
            ("status", &self.status),
            ("role", &self.role),
            ("provider", &self.provider),
            ("enabled", &self.enabled),
            ("price", &self.price),
            ("page", &page),
        ];
        for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            if out.len() > 1 {
                out.push('&');
            }
            out.push_str(name);
            out.push('=');
            out.push_str(&encode(value));
        }
        out
    }
}

/// Percent-encoding of a query value.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(b));
        } else {
            out.push('%');
            for digit in [b >> 4, b & 15] {
                out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}
