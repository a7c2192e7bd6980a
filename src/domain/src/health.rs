//! Whether the server can serve.

use crate::{App, Result};

/// # Errors
/// When the database does not answer.
pub async fn ready(app: &App) -> Result<()> {
    app.db().migration().await?;
    Ok(())
}
