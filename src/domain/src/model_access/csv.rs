//! The report as CSV (RFC 4180) for people who open it in a spreadsheet: names come from other
//! people, and a cell that begins like a formula would be run as one.

use tenantry_db::model::report::Person;
use tenantry_types::TenantId;

const HEAD: &str = "user_email,user_name,organization_id,accessible_models,model_names\r\n";

pub(super) fn write(tenant: TenantId, people: &[Person]) -> String {
    let tenant = tenant.to_string();
    let mut out = String::from(HEAD);
    for person in people {
        let cells = [
            person.email.as_str(),
            &person.name,
            &tenant,
            &person.models.len().to_string(),
            &person.models.join("; "),
        ];
        for (place, text) in cells.into_iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            cell(&mut out, text);
        }
        out.push_str("\r\n");
    }
    out
}

fn cell(out: &mut String, text: &str) {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = text.contains(['"', ',', '\r', '\n']);
    if quoted {
        out.push('"');
    }
    if formula {
        out.push('\'');
    }
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    if quoted {
        out.push('"');
    }
}

#[cfg(test)]
mod tests;
