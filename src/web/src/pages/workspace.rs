//! One workspace, in three tabs: who is in it, which models it may use, its settings.
use std::sync::Arc;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_query_map;
use tenantry_types::model::{AccessMode, Audience, TenantModel};
use tenantry_types::workspace::{Inherited, SettingSource, WorkspaceStatus};
use tenantry_types::{Permission, WorkspaceRole, counted};

use super::settings::COLOURS;
use crate::data::{fetch, loaded_here};
use crate::frame::{param, tenant_param};
use crate::rpc::Here;
use crate::rpc::workspaces::{
    ArchiveWorkspace, RemoveWorkspaceMember, RestoreWorkspace, SetWorkspaceMember, SetWorkspaceModels, UpdateWorkspace, WorkspacePage, get_workspace,
};
use crate::ui::{
    ActForm, Alert, Avatar, Check, Empty, Field, Hidden, IdText, MetadataField, Modal, PageHead, Panel, RoleBadge, Section, Select, Submit, Tabs,
    TextArea, Tone, When, WorkspaceBadge, choices,
};

fn roles() -> Vec<(String, String)> {
    choices(WorkspaceRole::ALL.iter().map(|r| (r.as_str(), r.label())))
}

#[component]
pub fn WorkspaceDetail() -> impl IntoView {
    let tenant = tenant_param();
    let slug = param("workspace");
    let query = use_query_map();
    let data = fetch(move || get_workspace(tenant.get(), slug.get()));
    loaded_here(data, move |page, here| {
        let base = format!("/t/{}", here.slug);
        let w = page.workspace.clone();
        let archived = w.status == WorkspaceStatus::Archived;
        let crumbs = vec![(base.clone(), here.name.clone()), (format!("{base}/workspaces"), "Workspaces".to_owned())];
        let lead = if w.description.is_empty() {
            "A part of the tenant with its own members and models.".to_owned()
        } else {
            w.description.clone()
        };
        // Shared, and not stored with the view: a tab may still be chosen while the page is read anew.
        let (page, here) = (Arc::new(page), Arc::new(here));
        // The tab is no part of what is loaded: it changes without asking the server.
        let tab = move || query.get().get("tab").unwrap_or_default();
        let tabs = move || {
            let now = tab();
            let items = [("", "Members"), ("models", "Models"), ("settings", "Settings")]
                .map(|(word, label)| {
                    (
                        if word.is_empty() { "?".to_owned() } else { format!("?tab={word}") },
                        label.to_owned(),
                        word == now,
                    )
                })
                .to_vec();
            view! { <Tabs label="Workspace" items /> }
        };
        view! {
            <PageHead title=w.name.clone() lead crumbs><WorkspaceBadge status=w.status /></PageHead>
            {archived.then(|| view! { <Alert tone=Tone::Warning><p>"This workspace is archived: it can be read, and nothing in it can be changed. Restore it in its settings."</p></Alert> })}
            {tabs}
            {move || match tab().as_str() {
                "models" => view! { <ModelsTab page=(*page).clone() here=(*here).clone() /> }.into_any(),
                "settings" => view! { <SettingsTab page=(*page).clone() here=(*here).clone() /> }.into_any(),
                _ => view! { <MembersTab page=(*page).clone() here=(*here).clone() /> }.into_any(),
            }}
        }
    })
}

#[component]
fn Ids(here: Here, slug: String) -> impl IntoView {
    view! { <Hidden name="tenant" value=here.slug.to_string() /><Hidden name="workspace" value=slug /> }
}

#[component]
fn MembersTab(page: WorkspacePage, here: Here) -> impl IntoView {
    let slug = page.workspace.slug.to_string();
    let base = format!("/t/{}", here.slug);
    let manage = page.may(Permission::WorkspaceMembersManage);
    let candidates = choices(page.candidates.iter().map(|m| (m.user_id, format!("{} ({})", m.name, m.email))));
    let nobody_left = candidates.is_empty();
    let empty = page.members.is_empty();
    let name = page.workspace.name;
    let rows = page
        .members
        .into_iter()
        .map(|m| {
            let id = m.user_id.to_string();
            let own = manage && !m.inherited;
            let (here, slug) = (here.clone(), slug.clone());
            let role = if own {
                let name = m.name.clone();
                view! {
                    <ActForm clone:here clone:slug clone:id id=format!("role-{id}") url=SetWorkspaceMember::url() class="inline-form">
                        <Ids here=here.clone() slug=slug.clone() />
                        <Hidden name="user" value=id.clone() />
                        <Select name="role" label=format!("Role of {name}") options=roles() value=m.role.as_str() />
                        <Submit label="Save" class="btn btn-small" about=format!("Save the role of {name}") />
                    </ActForm>
                }
                .into_any()
            } else {
                view! { <RoleBadge label=m.role.label() />{m.inherited.then_some(view! { <small>"from the tenant"</small> })} }.into_any()
            };
            let remove = own.then(|| {
                view! {
                    <Modal
                        clone:here
                        clone:slug
                        clone:id
                        id=format!("remove-{id}")
                        label="Remove"
                        title=format!("Take {} out of {name}?", m.name)
                        button="btn btn-quiet btn-small"
                        about=format!("Remove {}", m.name)
                    >
                        <p>"They lose their role in this workspace and stay a member of the tenant."</p>
                        <ActForm clone:here clone:slug clone:id id=format!("remove-form-{id}") url=RemoveWorkspaceMember::url()>
                            <Ids here=here.clone() slug=slug.clone() />
                            <Hidden name="user" value=id.clone() />
                            <Submit label="Remove" class="btn btn-danger" />
                        </ActForm>
                    </Modal>
                }
            });
            view! {
                <tr>
                    <th scope="row">
                        <div class="person">
                            <Avatar name=m.name.clone() class="avatar-round" />
                            <span><a class="row-link" href=format!("{base}/members/{id}")>{m.name.clone()}</a><small>{m.email.to_string()}</small></span>
                        </div>
                    </th>
                    <td data-label="Role">{role}</td>
                    <td class="actions">{remove}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="tab-actions">
            {manage
                .then(|| {
                    view! {
                        <Panel label="Add a person">
                            {if nobody_left {
                                view! { <p>"Every member of the tenant is in this workspace."</p> }.into_any()
                            } else {
                                view! {
                                    <ActForm id="add" url=SetWorkspaceMember::url() class="form">
                                        <Ids here=here.clone() slug=slug.clone() />
                                        <Select name="user" label="Person" options=candidates help="Members of the tenant that are not in this workspace." />
                                        <Select name="role" label="Role" options=roles() value="annotator" />
                                        <Submit label="Add person" />
                                    </ActForm>
                                }
                                    .into_any()
                            }}
                        </Panel>
                    }
                })}
        </div>
        {if empty {
            view! { <Empty icon="users" title="Nobody is in this workspace yet" text=if manage { "Add the first person with the button above." } else { "An admin of the workspace can add people." } /> }.into_any()
        } else {
            view! {
                <table class="table">
                    <thead><tr><th scope="col">"Name"</th><th scope="col">"Role"</th><td></td></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            }
                .into_any()
        }}
    }
}

#[component]
fn ModelsTab(page: WorkspacePage, here: Here) -> impl IntoView {
    let slug = page.workspace.slug.to_string();
    let manage = page.may(Permission::WorkspaceModelsManage);
    let restrict = page.access.mode == AccessMode::Restrict;
    let listed = page.access.models.clone();
    let usable = |m: &tenantry_types::model::TenantModel| {
        if restrict {
            listed.contains(&m.id)
        } else {
            m.audience == Audience::Tenant
        }
    };
    if !manage {
        let items = page
            .models
            .iter()
            .filter(|m| usable(m))
            .map(|m| view! { <li><span>{m.display_name.clone()}</span><code>{m.name.clone()}</code></li> })
            .collect_view();
        let mode = if restrict {
            "Only the listed models."
        } else {
            "All models that are enabled for everyone in the tenant."
        };
        return view! { <Section title="Models of this workspace"><p class="section-lead">{mode}</p><ul class="rows">{items}</ul></Section> }
            .into_any();
    }
    let none = page.models.is_empty();
    let models = page.models;
    // Made where the form is: a box that is made before it does not know that it was ticked.
    let boxes = move || {
        let tick = |m: &TenantModel| {
            let label = if m.audience == Audience::Workspaces {
                format!("{} (only where it is listed)", m.display_name)
            } else {
                m.display_name.clone()
            };
            view! { <Check name="models[]" label value=m.id.to_string() key=m.id.to_string() checked=listed.contains(&m.id) /> }
        };
        models.iter().map(tick).collect_view()
    };
    let modes = vec![
        (
            AccessMode::Inherit.as_str().to_owned(),
            "Inherit: all that are enabled for everyone".to_owned(),
        ),
        (AccessMode::Restrict.as_str().to_owned(), "Restrict: only the ticked ones".to_owned()),
    ];
    view! {
        <Section title="Models of this workspace" lead="A workspace can narrow what the tenant allows, never widen it. With \u{201c}restrict\u{201d}, nothing ticked means no model.">
            <ActForm id="models" url=SetWorkspaceModels::url() class="form">
                <Ids here=here.clone() slug />
                <Select name="mode" label="Mode" options=modes value=page.access.mode.as_str() />
                {if none {
                    view! { <p class="muted">"No model is enabled in the tenant yet. "<a href=format!("/t/{}/models", here.slug)>"Models of the tenant"</a></p> }.into_any()
                } else {
                    view! { <fieldset class="checks"><legend>"Listed models"</legend>{boxes()}</fieldset> }.into_any()
                }}
                <Submit label="Save models" />
            </ActForm>
        </Section>
    }
    .into_any()
}

/// A setting that the workspace has of its own, or inherits: the first option says what it would be.
#[component]
fn InheritSelect(name: &'static str, label: &'static str, options: Vec<(String, String)>, setting: Inherited<String>) -> impl IntoView {
    let inherited = setting.source == SettingSource::Tenant;
    let now = options
        .iter()
        .find(|(value, _)| *value == setting.value)
        .map(|(_, label)| label.clone())
        .unwrap_or_default();
    let first = if inherited {
        format!("As in the tenant ({now})")
    } else {
        "As in the tenant".to_owned()
    };
    let options = std::iter::once((String::new(), first)).chain(options).collect();
    let (value, help) = if inherited {
        (String::new(), "Inherited from the tenant.")
    } else {
        (setting.value, "Set for this workspace.")
    };
    view! { <Select name label options value help /> }
}

#[component]
fn SettingsTab(page: WorkspacePage, here: Here) -> impl IntoView {
    let w = page.workspace.clone();
    let slug = w.slug.to_string();
    let edit = page.may(Permission::WorkspacesUpdate);
    let archive = here.may(Permission::WorkspacesArchive);
    let archived = w.status == WorkspaceStatus::Archived;
    view! {
        <dl class="facts facts-wide">
            <div><dt>"Id"</dt><dd><IdText id=w.id.to_string() /></dd></div>
            <div><dt>"Created"</dt><dd><When at=w.created_at /></dd></div>
            <div><dt>"Changed"</dt><dd><When at=w.updated_at /></dd></div>
        </dl>
        {edit
            .then(|| {
                view! {
                    <Section clone:here clone:slug clone:w title="General">
                        <ActForm clone:here clone:slug clone:w id="workspace" url=UpdateWorkspace::url() class="form">
                            <Ids here=here.clone() slug=slug.clone() />
                            <Field name="name" label="Name" value=w.name.clone() required=true />
                            <Field name="slug" label="Slug" value=slug.clone() help="Stands in addresses: a new one changes them." mono=true required=true />
                            <TextArea name="description" label="Description" value=w.description.clone() />
                            <InheritSelect
                                name="colour"
                                label="Colour"
                                options=choices((0..).zip(COLOURS))
                                setting=Inherited { value: w.settings.colour.value.to_string(), source: w.settings.colour.source }
                            />
                            <InheritSelect
                                name="member_role"
                                label="Role of who is added"
                                options=roles()
                                setting=Inherited { value: w.settings.member_role.value.to_string(), source: w.settings.member_role.source }
                            />
                            <MetadataField metadata=w.metadata.clone() />
                            <Submit label="Save workspace" />
                        </ActForm>
                    </Section>
                }
            })}
        {archive
            .then(|| {
                let (members, name) = (w.members, w.name.clone());
                view! {
                    <Section title="Archive" class="danger">
                        {if archived {
                            view! {
                                <div class="danger-row">
                                    <p><strong>"Restore this workspace"</strong>" Its members and models are as they were."</p>
                                    <ActForm id="restore" url=RestoreWorkspace::url()>
                                        <Ids here slug />
                                        <Submit label="Restore" class="btn" />
                                    </ActForm>
                                </div>
                            }
                                .into_any()
                        } else {
                            view! {
                                <div class="danger-row">
                                    <p><strong>"Archive this workspace"</strong>" It can still be read, and can be restored."</p>
                                    <Modal id="archive" label="Archive" title=format!("Archive {name}?") button="btn btn-danger">
                                        <p>{format!(
                                            "{} with a role of their own here can only read from then on. Nothing is deleted.",
                                            counted(members, "person", "people")
                                        )}</p>
                                        <ActForm id="archive-form" url=ArchiveWorkspace::url()>
                                            <Ids here slug />
                                            <Submit label="Archive" class="btn btn-danger" />
                                        </ActForm>
                                    </Modal>
                                </div>
                            }
                                .into_any()
                        }}
                    </Section>
                }
            })}
    }
}
