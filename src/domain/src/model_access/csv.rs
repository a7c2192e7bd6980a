//! The report as CSV (RFC 4180) for people who open it in a spreadsheet: names come from other
//! people, and a cell that begins like a formula would be run as one.

use tenantry_types::model::ModelReportRow;

pub(super) const HEAD: &str = "user_email,user_name,organization_id,accessible_models,model_names\r\n";

pub(super) fn rows(out: &mut String, rows: &[ModelReportRow]) {
    for row in rows {
        let cells = [
            row.user_email.as_str(),
            &row.user_name,
            &row.organization_id.to_string(),
            &row.accessible_models.to_string(),
            &row.model_names.join("; "),
        ];
        for (place, text) in cells.into_iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            cell(out, text);
        }
        out.push_str("\r\n");
    }
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
