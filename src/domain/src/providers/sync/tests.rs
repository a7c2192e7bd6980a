use super::*;

fn upstream(name: &str) -> UpstreamModel {
    UpstreamModel {
        upstream_name: name.into(),
        display_name: None,
        context_length: None,
        modalities: Vec::new(),
        input_price: None,
        output_price: None,
        cached_input_price: None,
        request_price: None,
    }
}

fn known(name: &str, first: bool) -> Known {
    Known {
        id: new_id(),
        name: name.into(),
        display_name: name.into(),
        first,
        missing: false,
        listed: UpstreamModel {
            display_name: Some(name.into()),
            input_price: Some(5),
            ..upstream(name)
        },
    }
}

#[test]
fn a_list_adds_changes_and_marks() {
    let marked = |name: &str| Known {
        missing: true,
        ..known(name, true)
    };
    let known = [
        known("same", true),
        known("dearer", true),
        known("second", false),
        known("gone", true),
        marked("long gone"),
        marked("back"),
    ];
    let listed = [
        upstream("same"),
        UpstreamModel {
            input_price: Some(7),
            ..upstream("dearer")
        },
        UpstreamModel {
            input_price: Some(7),
            ..upstream("second")
        },
        upstream("back"),
        upstream("new"),
    ];
    let found = Difference::between(&known, &listed);
    assert_eq!(found.added, [upstream("new")]);
    let report = found.report(false);
    assert_eq!(
        (report.added.as_slice(), report.changed.as_slice()),
        (&["new".to_owned()][..], &["dearer".to_owned()][..])
    );
    let price = ModelDifference {
        model: "dearer".into(),
        field: "input_price".into(),
        from: Some("5".into()),
        to: Some("7".into()),
    };
    assert_eq!(report.differences, [price]);
    assert_eq!(report.missing, ["gone", "long gone"]);
    assert_eq!(report.newly_missing, ["gone"]);
    assert_eq!(report.returned, ["back"]);
    assert_eq!(report.unchanged, 3, "what is not listed is kept, and the second provider sets no prices");
    assert_eq!(report.changes(), 4);
}

#[test]
fn a_display_name_that_was_chosen_stays() {
    let mut chosen = known("m", true);
    let listed = UpstreamModel {
        display_name: Some("Theirs".into()),
        ..upstream("m")
    };
    assert_eq!(merged(&chosen, &listed).display_name.as_deref(), Some("Theirs"));
    chosen.display_name = "Ours".into();
    chosen.listed.display_name = Some("Ours".into());
    assert_eq!(merged(&chosen, &listed).display_name.as_deref(), Some("Ours"));
}
