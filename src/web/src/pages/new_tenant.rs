//! A new tenant; also where a person without one lands.
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use tenantry_types::input::Metadata;

use crate::data::loaded;
use crate::rpc::account::CreateTenant;
use crate::state::shared;
use crate::ui::{ActForm, Empty, Field, MetadataField, PageHead, Submit};

#[component]
pub fn NewTenant() -> impl IntoView {
    loaded(shared().me, |me| {
        let first = me.as_ref().is_none_or(|me| me.tenants.is_empty());
        let may = me.is_some_and(|me| me.may_create_tenants);
        let title = if first { "Create your first tenant" } else { "New tenant" };
        view! {
            <PageHead title lead="A tenant is an organization: its own members, workspaces, models and limits. You become its owner." />
            {if may {
                view! {
                    <ActForm id="tenant" url=CreateTenant::url() class="form">
                        <Field name="name" label="Name" autocomplete="organization" required=true />
                        <Field name="slug" label="Slug" help="Stands in addresses. Made from the name when empty." mono=true />
                        <Field name="external_id" label="External id" help="What another system calls it." mono=true />
                        <MetadataField metadata=Metadata::default() />
                        <Submit label="Create tenant" />
                    </ActForm>
                }
                    .into_any()
            } else {
                view! {
                    <Empty
                        icon="mail"
                        title="You are in no tenant yet"
                        text="On this server, operators create tenants. Ask for an invitation: it arrives as a link, and also shows in your account."
                    >
                        <a class="btn" href="/account">"To my account"</a>
                    </Empty>
                }
                    .into_any()
            }}
        }
    })
}
