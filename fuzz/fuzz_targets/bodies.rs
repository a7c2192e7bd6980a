//! Bodies of requests: whatever JSON comes, it is taken or its faults are named, and they become an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tenantry_types::problem::FieldError;
use tenantry_types::{account, api_key, configuration, invitation, member, model, openid, permission, plan, provider, sign_in, tenant, token, workspace};

fn faults<T>(read: Result<T, Vec<FieldError>>) {
    if let Err(faults) = read {
        assert!(!faults.is_empty());
        assert!(serde_json::to_string(&faults).unwrap().len() < 1 << 22);
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(body) = serde_json::from_slice::<Value>(data) else { return };
    faults(account::Registration::parse(&body));
    faults(account::Login::parse(&body));
    faults(account::MePatch::parse(&body));
    faults(account::UserPatch::parse(&body));
    faults(api_key::NewApiKey::parse(&body));
    faults(api_key::ApiKeyPatch::parse(&body));
    faults(api_key::KeyRotation::parse(&body));
    faults(configuration::TenantConfigurationPatch::parse(&body));
    faults(configuration::WorkspaceConfigurationPatch::parse(&body));
    faults(invitation::NewInvitations::parse(&body));
    faults(invitation::Acceptance::parse(&body));
    faults(member::NewMembers::parse(&body));
    faults(member::MemberPatch::parse(&body));
    faults(model::NewModel::parse(&body));
    faults(model::ModelPatch::parse(&body));
    faults(model::ModelsToggle::parse(&body));
    faults(model::WorkspaceModels::parse(&body));
    faults(openid::NewDomain::parse(&body));
    faults(permission::Overrides::parse(&body));
    faults(plan::NewPlan::parse(&body));
    faults(plan::PlanPatch::parse(&body));
    faults(provider::NewProvider::parse(&body));
    faults(sign_in::SignInPolicyPatch::parse(&body));
    faults(sign_in::SecondFactor::parse(&body));
    faults(tenant::NewTenant::parse(&body));
    faults(tenant::TenantPatch::parse(&body));
    faults(token::TokenRequest::parse(&body));
    faults(workspace::NewWorkspace::parse(&body));
    faults(workspace::WorkspacePatch::parse(&body));
});
