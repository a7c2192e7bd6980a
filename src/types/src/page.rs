//! Pages of lists.

use serde::{Deserialize, Serialize};

/// One page of a list. `total` is null where counting would cost too much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `?cursor=` for the next page; null on the last one.
    pub next_cursor: Option<String>,
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// A page out of rows fetched with `limit + 1`, at an offset.
    pub fn of(mut items: Vec<T>, query: &PageQuery, total: Option<i64>) -> Self {
        let more = items.len() > query.limit as usize;
        items.truncate(query.limit as usize);
        // Beyond that, a search finds what paging does not reach.
        let next = query.skip + query.limit;
        let next_cursor = (more && next <= PageQuery::MAX_SKIP).then(|| format!("o{next}"));
        Self { items, next_cursor, total }
    }

    /// A list that is always whole.
    pub fn whole(items: Vec<T>) -> Self {
        let total = i64::try_from(items.len()).ok();
        Self {
            items,
            next_cursor: None,
            total,
        }
    }
}

/// Which page, and of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageQuery {
    /// 1..100.
    pub limit: u32,
    /// 0..10,000.
    pub skip: u32,
    /// Searched text; empty means none.
    pub q: String,
    pub sort: String,
}

impl PageQuery {
    pub const MAX_LIMIT: u32 = 100;
    pub const MAX_SKIP: u32 = 10_000;

    /// The offset that a cursor stands for.
    pub fn skip_of_cursor(cursor: &str) -> Option<u32> {
        cursor.strip_prefix('o')?.parse().ok().filter(|skip| *skip <= Self::MAX_SKIP)
    }

    /// The searched text as a pattern for `like`, lower case, with its own wildcards escaped; None without a search.
    pub fn pattern(&self) -> Option<String> {
        let q = self.q.trim();
        if q.is_empty() {
            return None;
        }
        let mut out = String::from("%");
        for c in q.to_lowercase().chars().take(100).filter(|c| *c != '\0') {
            if matches!(c, '%' | '_' | '\\') {
                out.push('\\');
            }
            out.push(c);
        }
        out.push('%');
        Some(out)
    }
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            limit: 50,
            skip: 0,
            q: String::new(),
            sort: String::new(),
        }
    }
}
