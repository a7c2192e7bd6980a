//! API keys: a form for a new one, its secret (shown once), and the list, where one rotates and revokes.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::api_key::{KeyOwner, KeyStatus, NO_SCOPES};
use tenantry_types::{Permission, counted};

use super::list_query;
use crate::data::{fetch, loaded_here};
use crate::frame::tenant_param;
use crate::rpc::Here;
use crate::rpc::keys::{KeyRow, RevokeKey, list_keys};
use crate::state::{ShownKey, shared};
use crate::ui::{
    ActForm, Check, CopyButton, Empty, Field, FilterSelect, Filters, FormState, Hidden, KeyBadge, Modal, PageHead, Pager, Panel, PlainForm, Select,
    Submit, When, choices, count_words,
};

#[component]
pub fn Keys() -> impl IntoView {
    let tenant = tenant_param();
    let list = list_query();
    let shared = shared();
    let data = fetch(move || list_keys(tenant.get(), list.get()));
    loaded_here(data, move |page, here| {
        let list = list.get_untracked();
        let base = format!("/t/{}", here.slug);
        let may = here.may(Permission::KeysCreate);
        let shown = shared.posted.get_value().key;
        let words = count_words(page.total, page.keys.len(), &list, "key", "keys");
        let states = choices([("", "Any state"), ("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")]);
        let (empty, more, total) = (page.keys.is_empty(), page.more, page.total);
        let action = format!("{base}/keys");
        let rows = page
            .keys
            .into_iter()
            .map(|key| view! { <Row key_row=key slug=here.slug.to_string() action=action.clone() /> })
            .collect_view();
        let workspaces = page.workspaces;
        view! {
            <PageHead title="Keys" lead="What scripts and tools show to use the models and the API, instead of a password." crumbs=vec![(base, here.name.clone())]>
                {may.then(|| view! { <Panel label="New key" wide=true><Form here=here.clone() workspaces action=action.clone() /></Panel> })}
            </PageHead>
            {shown.map(|key| view! { <Secret key /> })}
            <Filters clone:list list=list.clone() placeholder="Search name or beginning">
                <FilterSelect name="status" label="State" options=states value=list.status.clone() />
            </Filters>
            <p class="count" role="status">{words}</p>
            {if empty && list.is_narrowed() {
                view! { <Empty icon="key" title="No key matches" text="Change the search or the filter." /> }.into_any()
            } else if empty {
                let text = if may { "Make one with the button above. Its secret is shown once." } else { "" };
                view! { <Empty icon="key" title="No keys yet" text /> }.into_any()
            } else {
                view! {
                    <table class="table table-pairs">
                        <thead>
                            <tr>
                                <th scope="col">"Key"</th>
                                <th scope="col">"Owner"</th>
                                <th scope="col">"Scopes"</th>
                                <th scope="col">"Workspace"</th>
                                <th scope="col">"Expires"</th>
                                <th scope="col">"Last used"</th>
                                <th scope="col">"State"</th>
                                <td></td>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                }
                    .into_any()
            }}
            <Pager list total more />
        }
    })
}

#[component]
fn Form(here: Here, workspaces: Vec<(String, String)>, action: String) -> impl IntoView {
    let owners = choices([
        (KeyOwner::User.as_str(), "Yours: ends with your membership"),
        (KeyOwner::Tenant.as_str(), "The tenant's: outlives who made it"),
    ]);
    let some = !workspaces.is_empty();
    let places = std::iter::once((String::new(), "The whole tenant".to_owned()))
        .chain(workspaces)
        .collect();
    let manages = here.may(Permission::KeysManage);
    view! {
        <PlainForm form="key" action class="form">
            <Field name="name" label="Name" help="What it is for, such as the script that will use it." autocomplete="off" required=true />
            <Scopes here />
            {manages.then(|| view! { <Select name="owner" label="Whose key" options=owners value=KeyOwner::User.as_str() /> })}
            {some.then(|| view! { <Select name="workspace" label="Works in" options=places /> })}
            <Field name="expires_in_days" label="Valid for (days)" inputmode="numeric" help="1 to 3650; empty: until it is revoked." />
            <Submit label="Make the key" />
        </PlainForm>
    }
}

/// What the key may: nothing that its maker may not.
#[component]
fn Scopes(here: Here) -> impl IntoView {
    let state = FormState::here();
    let faults = state.faults("scopes").join(" ");
    let id = format!("{}-scopes", state.id.get_value());
    let faulty = (!faults.is_empty()).then(|| format!("{id}-fault"));
    let boxes = here
        .permissions
        .iter()
        .filter(|p| !NO_SCOPES.contains(p))
        .map(|p| {
            let word = p.as_str();
            let what = p.describe();
            view! { <Check name="scopes" label=format!("{}{}", what[..1].to_uppercase(), &what[1..]) value=word key=word.replace(':', "-") /> }
        })
        .collect_view();
    view! {
        <fieldset class="checks" id=id tabindex="-1" aria-describedby=faulty>
            <legend>"What it may do"</legend>
            {faulty.clone().map(|id| view! { <p class="fault" id=id>{faults}</p> })}
            {boxes}
        </fieldset>
    }
}

/// The secret of a key just made or rotated. It is not stored: this is the only time it is seen.
#[component]
fn Secret(key: ShownKey) -> impl IntoView {
    let title = if key.rotated {
        format!("{} has a new secret", key.name)
    } else {
        format!("{} is made", key.name)
    };
    view! {
        <section class="card once" role="status" aria-labelledby="once-title">
            <h2 id="once-title">{title}</h2>
            <p>"Copy the secret to where it is used. It is shown only now: afterwards you can give the key another, or revoke it."</p>
            {key.previous_until.map(|at| view! { <p>"The secret from before works for a while: it ends "<When at />"."</p> })}
            <label for="secret">"Secret"</label>
            <div class="copy-row">
                <input class="input mono" id="secret" readonly=true autocomplete="off" value=key.secret.clone() />
                <CopyButton text=key.secret label="Copy secret" />
            </div>
        </section>
    }
}

#[component]
fn Row(key_row: KeyRow, slug: String, action: String) -> impl IntoView {
    let key = key_row;
    let id = key.id.to_string();
    let name = key.name;
    let scopes = key.scopes.iter().map(|p| view! { <li><code>{p.as_str()}</code></li> }).collect_view();
    let owner = match key.owner {
        Some(owner) => view! { {owner} }.into_any(),
        None => view! { "The tenant"<small>"made by "{key.made_by}</small> }.into_any(),
    };
    let overlap = if key.previous_until.is_some() { "0" } else { "24" };
    view! {
        <tr>
            <th scope="row">{name.clone()}<small><code>{key.prefix}"\u{2026}"</code></small></th>
            <td data-label="Owner"><span>{owner}</span></td>
            <td data-label="Scopes">
                <details class="scopes"><summary>{counted(key.scopes.len(), "scope", "scopes")}</summary><ul>{scopes}</ul></details>
            </td>
            <td data-label="Workspace">{key.workspace.unwrap_or_else(|| "All".into())}</td>
            <td data-label="Expires"><When at=key.expires_at /></td>
            <td data-label="Last used"><When at=key.last_used_at /></td>
            <td data-label="State">
                <span>
                    <KeyBadge status=key.status />
                    {key.previous_until.filter(|_| key.status == KeyStatus::Active).map(|at| view! { <small>"old secret ends "<When at /></small> })}
                </span>
            </td>
            <td class="actions">
                {key.rotate
                    .then(|| {
                        view! {
                            <Modal
                                clone:id
                                clone:action
                                id=format!("rotate-{id}")
                                label="Rotate"
                                title=format!("Give {name} a new secret?")
                                button="btn btn-quiet btn-small"
                                about=format!("Rotate {name}")
                            >
                                <PlainForm form="rotate" id=format!("rotate-form-{id}") action=action.clone() class="form">
                                    <Hidden name="rotate" value=id.clone() />
                                    <Field
                                        name="overlap_hours"
                                        label="The present secret works on for (hours)"
                                        inputmode="numeric"
                                        value=overlap
                                        help="0 to 720; 0 ends it at once."
                                        required=true
                                    />
                                    <Submit label="Make a new secret" />
                                </PlainForm>
                            </Modal>
                        }
                    })}
                {key.revoke
                    .then(|| {
                        view! {
                            <Modal
                                clone:id
                                clone:slug
                                id=format!("revoke-{id}")
                                label="Revoke"
                                title=format!("Revoke {name}?")
                                button="btn btn-quiet btn-small"
                                about=format!("Revoke {name}")
                            >
                                <p>"It stops working at once, for good."</p>
                                <ActForm id=format!("revoke-form-{id}") url=RevokeKey::url()>
                                    <Hidden name="tenant" value=slug.clone() />
                                    <Hidden name="id" value=id.clone() />
                                    <Submit label="Revoke" class="btn btn-danger" />
                                </ActForm>
                            </Modal>
                        }
                    })}
            </td>
        </tr>
    }
}
