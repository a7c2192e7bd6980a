//! Bars over time, as SVG: two axes, a legend where there are several series, and each bar says its number.
use leptos::prelude::*;

/// `1234567` as `1.2M`.
pub fn short(n: i64) -> String {
    let (whole, tenth, unit) = match n {
        ..1_000 => return n.to_string(),
        1_000..1_000_000 => (n / 1_000, n % 1_000 / 100, "k"),
        _ => (n / 1_000_000, n % 1_000_000 / 100_000, "M"),
    };
    if tenth == 0 {
        format!("{whole}{unit}")
    } else {
        format!("{whole}.{tenth}{unit}")
    }
}

/// The least round number that is not less: 1, 2 or 5 times a power of ten.
fn round_up(n: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for step in [1, 2, 5] {
            if power.saturating_mul(step) >= n {
                return power.saturating_mul(step);
            }
        }
        power = power.saturating_mul(10);
    }
}

const WIDTH: i64 = 560;
const HEIGHT: i64 = 150;
const LEFT: i64 = 56;
const TOP: i64 = 10;
const BELOW: i64 = 22;

/// Stacked bars over time, with both axes.
pub fn chart(title: &str, series: &[&'static str], points: &[(String, Vec<i64>)], unit: &dyn Fn(i64) -> String) -> impl IntoView + use<> {
    let most = points.iter().map(|(_, values)| values.iter().sum::<i64>()).max().unwrap_or(0);
    let top = round_up(most.max(1));
    let count = i64::try_from(points.len().max(1)).unwrap_or(1);
    // In hundredths, so that many narrow bars still stand where they belong.
    let slot = WIDTH * 100 / count;
    let bar = (slot * 7 / 10).max(50);
    let place = |n: i64| format!("{}.{:02}", n / 100, n % 100);
    let height = |n: i64| i64::try_from(i128::from(n) * i128::from(HEIGHT * 100) / i128::from(top)).unwrap_or(0);
    let mut bars = Vec::new();
    for (n, (label, values)) in points.iter().enumerate() {
        let x = LEFT * 100 + slot * i64::try_from(n).unwrap_or(0) + (slot - bar) / 2;
        let mut base = (TOP + HEIGHT) * 100;
        for (kind, (value, name)) in values.iter().zip(series).enumerate().filter(|(_, (value, _))| **value > 0) {
            let tall = height(*value).max(50);
            base -= tall;
            let class = format!("bar bar-{kind}");
            let says = format!("{label}: {} {name}", unit(*value));
            bars.push(view! { <rect class=class x=place(x) y=place(base) width=place(bar) height=place(tall)><title>{says}</title></rect> });
        }
    }
    let lines = [0, top / 2, top]
        .into_iter()
        .filter(|n| *n == 0 || *n == top || top > 1)
        .map(|n| {
            let y = (TOP + HEIGHT) * 100 - height(n);
            view! {
                <line class="chart-line" x1=LEFT.to_string() x2=(LEFT + WIDTH).to_string() y1=place(y) y2=place(y)></line>
                <text class="chart-text" x=(LEFT - 6).to_string() y=place(y + 400) text-anchor="end">{unit(n)}</text>
            }
        })
        .collect_view();
    let last = points.len().saturating_sub(1);
    let ends = [(0, "start"), (last / 2, "middle"), (last, "end")]
        .into_iter()
        .filter(|(n, _)| *n == 0 || last > 1)
        .filter_map(|(n, anchor)| {
            let label = points.get(n)?.0.clone();
            let x = match anchor {
                "start" => LEFT * 100,
                "end" => (LEFT + WIDTH) * 100,
                _ => LEFT * 100 + slot * i64::try_from(n).unwrap_or(0) + slot / 2,
            };
            Some(view! { <text class="chart-text" x=place(x) y=(TOP + HEIGHT + 16).to_string() text-anchor=anchor>{label}</text> })
        })
        .collect_view();
    let legend = (series.len() > 1).then(|| {
        let items = series
            .iter()
            .enumerate()
            .map(|(n, name)| view! { <li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class=format!("bar bar-{n}") width="10" height="10"></rect></svg>{*name}</li> })
            .collect_view();
        view! { <ul class="legend">{items}</ul> }
    });
    let says = format!("{title}: at most {}. The numbers stand in the table below.", unit(most));
    view! {
        <figure class="chart">
            <figcaption>{title.to_owned()}</figcaption>
            {legend}
            <svg viewBox=format!("0 0 {} {}", LEFT + WIDTH + 4, TOP + HEIGHT + BELOW) role="img" aria-label=says>{lines}{bars}{ends}</svg>
        </figure>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_axes_are_short_and_round() {
        for (n, text) in [(999, "999"), (1_250, "1.2k"), (7_600_000, "7.6M"), (100_000, "100k")] {
            assert_eq!(short(n), text);
        }
        for (n, up) in [(1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (499, 500), (501, 1000)] {
            assert_eq!(round_up(n), up, "{n}");
        }
        assert_eq!(round_up(i64::MAX), i64::MAX);
    }
}
