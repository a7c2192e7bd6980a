//! What was used through the gateway: totals, charts over time as SVG with the same numbers in a table, and sums by
//! model, person, key or workspace.
use std::collections::BTreeMap;

use leptos::prelude::*;
use serde_json::{Map, Value};
use tenantry_domain::now;
use tenantry_types::money::dollars;
use tenantry_types::plan::Quota;
use tenantry_types::usage::{GroupBy, UsageRow};
use tenantry_types::{FieldError, Fields, Timestamp};

use super::chart::{chart, short};
use super::query::{time_of, typed_in};
use crate::pages::Limits;
use crate::rpc::encode;
use crate::ui::{Alert, Empty, Icon, Tone};

const NAMES: [&str; 3] = ["from", "to", "group_by"];
const USUAL_DAYS: i64 = 30;
/// A span that is not longer is shown by the hour.
const HOURS: i64 = 48;
const DAY: i64 = 86_400;

/// What the address asks for.
pub struct Seen {
    typed: BTreeMap<String, String>,
    faults: Vec<FieldError>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// What the second table is made by.
    pub by: GroupBy,
}

impl Seen {
    /// `query` as it stands in the address.
    pub fn read(query: &str) -> Self {
        let mut typed = typed_in(query);
        typed.retain(|name, _| NAMES.contains(&name.as_str()));
        let body: Map<String, Value> = typed.iter().map(|(name, value)| (name.clone(), time_of(name, value).into())).collect();
        let read = Fields::read(&Value::Object(body), |f| {
            let (from, to, by) = (
                f.optional::<Timestamp>("from"),
                f.optional::<Timestamp>("to"),
                f.optional::<GroupBy>("group_by"),
            );
            Some((from?, to?, by?))
        });
        let (from, to, by, faults) = match read {
            Ok((from, to, by)) => (from, to, by, Vec::new()),
            Err(faults) => (None, None, None, faults),
        };
        let to = to.unwrap_or_else(now);
        Self {
            typed,
            faults,
            from: from.unwrap_or(Timestamp(to.0 - std::time::Duration::from_secs((USUAL_DAYS * DAY).unsigned_abs()))),
            to,
            by: by.filter(|by| !matches!(by, GroupBy::Day | GroupBy::Hour)).unwrap_or(GroupBy::Model),
        }
    }

    /// By what the charts go on.
    pub fn step(&self) -> GroupBy {
        if self.to.unix() - self.from.unix() <= HOURS * 3600 {
            GroupBy::Hour
        } else {
            GroupBy::Day
        }
    }

    fn typed(&self, name: &str) -> String {
        self.typed.get(name).map(|text| text.chars().take(10).collect()).unwrap_or_default()
    }

    fn fault(&self, name: &str) -> Option<String> {
        self.faults.iter().find(|e| e.field == name).map(|e| e.fault.message())
    }
}

/// What there is to show. None: the span cannot be shown.
pub struct Shown {
    pub over_time: Vec<UsageRow>,
    pub groups: Vec<UsageRow>,
    pub quotas: Vec<Quota>,
    /// Whether it is everybody's, or one's own.
    pub everyones: bool,
}

/// The page below its head.
pub fn usage(slug: &str, seen: &Seen, shown: Option<Shown>) -> String {
    let Some(shown) = shown else {
        return view! {
            {form(seen)}
            <Alert tone=Tone::Warning><p>"This span cannot be shown: it begins after its end, or is longer than 400 days."</p></Alert>
        }
        .to_html();
    };
    let limited: Vec<Quota> = shown
        .quotas
        .into_iter()
        .filter(|q| q.limit.is_some() && q.resource.window().is_some())
        .collect();
    let limits = (!limited.is_empty() && shown.everyones).then(|| {
        view! { <section class="section"><h2>"Limits"</h2><Limits quotas=limited /></section> }
    });
    let body = if shown.over_time.is_empty() {
        view! { <Empty icon="chart" title="Nothing was used in this time" text="Requests that keys, people and the playground send to models show here a moment after they end." /> }.into_any()
    } else {
        let points = points(seen, &shown.over_time);
        view! {
            {totals(&shown.over_time)}
            <div class="charts">{charts(seen.step(), &points)}</div>
            {over_time(seen.step(), &points)}
            {groups(seen.by, shown.groups)}
        }
        .into_any()
    };
    let whose = (!shown.everyones).then(|| view! { <p class="muted">"This is what you used yourself."</p> });
    view! {
        {form(seen)}
        {whose}
        {limits}
        {body}
        {files(slug, seen)}
    }
    .to_html()
}

fn form(seen: &Seen) -> impl IntoView {
    let day = |name: &'static str, label: &'static str| {
        let fault = seen.fault(name);
        let fault_id = format!("usage-{name}-fault");
        view! {
            <div class="field">
                <label for=format!("usage-{name}")>{label}</label>
                <input
                    class="input"
                    id=format!("usage-{name}")
                    type="date"
                    name=name
                    value=seen.typed(name)
                    aria-invalid=fault.is_some().then_some("true")
                    aria-describedby=fault.is_some().then(|| fault_id.clone())
                />
                {fault.map(|fault| view! { <p class="fault" id=fault_id>{fault}</p> })}
            </div>
        }
    };
    let options = [GroupBy::Model, GroupBy::User, GroupBy::Key, GroupBy::Workspace]
        .map(|by| view! { <option value=by.as_str() selected=by == seen.by>{named(by)}</option> })
        .into_iter()
        .collect_view();
    view! {
        <form method="get" action="" aria-label="Which usage" class="record-filters">
            {day("from", "From (UTC)")}
            {day("to", "To, this day too (UTC)")}
            <div class="field">
                <label for="usage-group">"By"</label>
                <select class="input" id="usage-group" name="group_by">{options}</select>
            </div>
            <div class="button-row">
                <button type="submit" class="btn">"Show"</button>
                {(!seen.typed.is_empty()).then(|| view! { <a class="btn btn-quiet" href="?">"The last 30 days"</a> })}
            </div>
        </form>
    }
}

const fn named(by: GroupBy) -> &'static str {
    match by {
        GroupBy::Day => "Day",
        GroupBy::Hour => "Hour",
        GroupBy::Model => "Model",
        GroupBy::User => "Person",
        GroupBy::Key => "Key",
        GroupBy::Workspace => "Workspace",
    }
}

fn files(slug: &str, seen: &Seen) -> impl IntoView {
    let file = |by: GroupBy| {
        let span = format!("from={}&to={}", encode(&seen.from.to_string()), encode(&seen.to.to_string()));
        let href = format!("/api/v1/tenants/{slug}/usage?format=csv&group_by={by}&{span}");
        view! { <a class="btn btn-quiet" href=href rel="external" download=""><Icon name="download" />{format!("CSV by {}", named(by).to_lowercase())}</a> }
    };
    view! { <div class="button-row">{file(seen.step())}{file(seen.by)}</div> }
}

fn totals(rows: &[UsageRow]) -> impl IntoView {
    let sum = |of: fn(&UsageRow) -> i64| rows.iter().map(of).sum::<i64>();
    let (requests, errors) = (sum(|r| r.requests), sum(|r| r.errors));
    let failed = if errors == 0 {
        "none failed".to_owned()
    } else {
        format!("{} failed", grouped(errors))
    };
    let tile = |number: String, label: &'static str, note: String| {
        view! { <div class="tile"><span class="tile-number">{number}</span><span>{label}</span><small>{note}</small></div> }
    };
    view! {
        <div class="tiles">
            {tile(grouped(requests), "requests", failed)}
            {tile(grouped(sum(|r| r.tokens_in)), "tokens in", "sent to models".to_owned())}
            {tile(grouped(sum(|r| r.tokens_out)), "tokens out", "answered by them".to_owned())}
            {tile(rounded(sum(|r| r.cost)), "spent", "at the prices of then".to_owned())}
        </div>
    }
}

/// In dollars; without parts of a cent where there are ten or more.
fn rounded(micro: i64) -> String {
    const CENT: i64 = 10_000;
    if micro < 10 * CENT {
        dollars(micro)
    } else {
        dollars((micro + CENT / 2) / CENT * CENT)
    }
}

/// `1234567` as `1,234,567`.
fn grouped(n: i64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// One step of the time that is shown, with what was used in it.
struct Point {
    label: String,
    row: UsageRow,
}

/// Every step of the span, also those in which nothing was used.
fn points(seen: &Seen, rows: &[UsageRow]) -> Vec<Point> {
    let (step, letters) = match seen.step() {
        GroupBy::Hour => (3600, 11..16),
        _ => (DAY, 5..10),
    };
    let by_time: BTreeMap<i64, &UsageRow> = rows.iter().filter_map(|row| Some((row.at?.unix(), row))).collect();
    let mut at = seen.from.unix().div_euclid(step) * step;
    let mut out = Vec::new();
    while at < seen.to.unix() {
        let Ok(time) = time::OffsetDateTime::from_unix_timestamp(at) else {
            break;
        };
        let time = Timestamp(time);
        out.push(Point {
            label: time.to_string().get(letters.clone()).unwrap_or_default().to_owned(),
            row: by_time.get(&at).map_or_else(|| nothing(time), |row| (*row).clone()),
        });
        at += step;
    }
    out
}

fn nothing(at: Timestamp) -> UsageRow {
    UsageRow {
        at: Some(at),
        model: None,
        id: None,
        label: None,
        requests: 0,
        errors: 0,
        tokens_in: 0,
        tokens_out: 0,
        cost: 0,
        latency_ms_p50: None,
        latency_ms_p95: None,
    }
}

fn charts(step: GroupBy, points: &[Point]) -> impl IntoView {
    let each = if step == GroupBy::Hour { "hour" } else { "day" };
    let of = |values: fn(&UsageRow) -> Vec<i64>| points.iter().map(|p| (p.label.clone(), values(&p.row))).collect::<Vec<_>>();
    let count = |n: i64| short(n);
    let money = |n: i64| dollars(n);
    let time = |n: i64| {
        if n >= 1000 {
            format!("{}.{} s", n / 1000, n % 1000 / 100)
        } else {
            format!("{n} ms")
        }
    };
    view! {
        {chart(&format!("Requests a {each}"), &["went well", "failed"], &of(|r| vec![r.requests - r.errors, r.errors]), &count)}
        {chart(&format!("Tokens a {each}"), &["in", "out"], &of(|r| vec![r.tokens_in, r.tokens_out]), &count)}
        {chart(&format!("Spend a {each}"), &["spent"], &of(|r| vec![r.cost]), &money)}
        {chart(
            "Time to the whole answer",
            &["median", "up to the 95th percentile"],
            &of(|r| {
                let (p50, p95) = (r.latency_ms_p50.unwrap_or(0), r.latency_ms_p95.unwrap_or(0));
                vec![p50, p95 - p50]
            }),
            &time,
        )}
    }
}

/// The numbers of a row, as cells.
fn cells(row: &UsageRow) -> impl IntoView + use<> {
    let ms = |n: Option<i64>| n.map_or_else(|| "\u{2013}".to_owned(), |n| format!("{} ms", grouped(n)));
    let all = [
        ("Requests", grouped(row.requests)),
        ("Failed", grouped(row.errors)),
        ("Tokens in", grouped(row.tokens_in)),
        ("Tokens out", grouped(row.tokens_out)),
        ("Spend", dollars(row.cost)),
        ("Median", ms(row.latency_ms_p50)),
        ("95 %", ms(row.latency_ms_p95)),
    ];
    all.map(|(label, text)| view! { <td class="num" data-label=label>{text}</td> })
        .into_iter()
        .collect_view()
}

fn head(first: &'static str) -> impl IntoView {
    let more = ["Requests", "Failed", "Tokens in", "Tokens out", "Spend", "Median", "95 %"];
    view! { <thead><tr><th scope="col">{first}</th>{more.map(|name| view! { <th scope="col" class="num">{name}</th> }).into_iter().collect_view()}</tr></thead> }
}

fn over_time(step: GroupBy, points: &[Point]) -> impl IntoView + use<> {
    let rows = points
        .iter()
        .rev()
        .filter(|point| point.row.requests > 0)
        .map(|point| {
            let at = point.row.at.map(Timestamp::readable).unwrap_or_default();
            let at = if step == GroupBy::Day { at.chars().take(10).collect() } else { at };
            view! { <tr><th scope="row">{at}</th>{cells(&point.row)}</tr> }
        })
        .collect_view();
    view! {
        <details class="numbers-table">
            <summary>{format!("The same by {}, as numbers", named(step).to_lowercase())}</summary>
            <table class="table">{head(named(step))}<tbody>{rows}</tbody></table>
        </details>
    }
}

fn groups(by: GroupBy, mut rows: Vec<UsageRow>) -> impl IntoView {
    rows.sort_by(|a, b| b.cost.cmp(&a.cost).then(b.requests.cmp(&a.requests)));
    let none = match by {
        GroupBy::Key => "Without a key",
        GroupBy::User => "Keys of the tenant",
        _ => "Without a workspace",
    };
    let rows = rows
        .into_iter()
        .map(|row| {
            let gone = || "Not there any more".to_owned();
            let name = match (&row.model, row.id) {
                (Some(model), _) => model.clone(),
                (None, None) => none.to_owned(),
                (None, Some(_)) => row.label.clone().unwrap_or_else(gone),
            };
            view! { <tr><th scope="row">{name}</th>{cells(&row)}</tr> }
        })
        .collect_view();
    view! {
        <section class="section">
            <h2>{format!("By {}", named(by).to_lowercase())}</h2>
            <table class="table">{head(named(by))}<tbody>{rows}</tbody></table>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1234), "1,234");
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(rounded(403_155), "$0.40");
        assert_eq!(rounded(1_234), "$0.001234");
    }

    #[test]
    fn an_address_is_read_with_its_faults() {
        let seen = Seen::read("?from=2026-01-01&to=2026-01-02&group_by=key&x=1");
        assert_eq!((seen.from.to_string(), seen.by), ("2026-01-01T00:00:00Z".to_owned(), GroupBy::Key));
        assert_eq!(seen.to.to_string(), "2026-01-03T00:00:00Z", "the last day is meant whole");
        assert_eq!(seen.step(), GroupBy::Hour);
        let bad = Seen::read("?from=yesterday");
        assert!(bad.fault("from").is_some());
        assert_eq!(bad.step(), GroupBy::Day);
    }
}
