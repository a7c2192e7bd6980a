use super::*;

fn tenant(n: u128) -> TenantId {
    TenantId::new(Uuid::from_u128(n))
}

fn hook(of: u128, n: u128) -> Line {
    Line::Tenant(tenant(of), Some(Uuid::from_u128(n)))
}

#[test]
fn no_tenant_takes_all_lanes_and_mail_is_nobodys() {
    let mut due: Vec<Line> = (0..100).map(|n| hook(1, n)).collect();
    due.extend([hook(2, 1), Line::Tenant(tenant(1), None), Line::Platform]);
    let started = admitted(&due, &HashSet::new());
    assert_eq!(
        started
            .iter()
            .filter(|line| matches!(line, Line::Tenant(of, Some(_)) if *of == tenant(1)))
            .count(),
        OF_TENANT
    );
    for line in [hook(2, 1), Line::Tenant(tenant(1), None), Line::Platform] {
        assert!(started.contains(&line), "{line:?}");
    }
}

#[test]
fn what_runs_is_not_started_again_and_counts() {
    let busy: HashSet<Line> = (0..OF_TENANT as u128 - 1).map(|n| hook(1, n)).collect();
    let due = [hook(1, 0), hook(1, 50), hook(1, 51)];
    assert_eq!(admitted(&due, &busy), [hook(1, 50)]);
    let full: HashSet<Line> = (0..AT_ONCE as u128).map(|n| hook(n, n)).collect();
    assert_eq!(
        admitted(&[hook(99, 1), Line::Platform], &full),
        [Line::Platform],
        "receivers do not hold up mail"
    );
}
