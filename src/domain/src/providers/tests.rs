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
        listed: UpstreamModel {
            display_name: Some(name.into()),
            input_price: Some(5),
            ..upstream(name)
        },
    }
}

#[test]
fn a_list_adds_changes_and_leaves() {
    let known = [known("same", true), known("dearer", true), known("second", false), known("gone", true)];
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
        upstream("new"),
    ];
    let found = Difference::between(&known, &listed);
    assert_eq!(found.added, [upstream("new")]);
    assert_eq!(
        found
            .changed
            .iter()
            .map(|(name, _, m)| (name.as_str(), m.input_price))
            .collect::<Vec<_>>(),
        [("dearer", Some(7))]
    );
    assert_eq!(found.missing, ["gone"]);
    assert_eq!(found.unchanged, 2, "what is not listed is kept, and the second provider sets no prices");
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
