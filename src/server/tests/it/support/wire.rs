//! As much of Postgres' protocol as a test needs that wants to say a statement to the embedded
//! database itself: only `tenantry-db` may use a client library.

use std::collections::HashMap;

use tenantry_server::postgres::{DATABASE, Embedded};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

pub struct Wire(UnixStream);

impl Wire {
    /// Logs in without a password; the error is what the server said.
    pub async fn connect(embedded: &Embedded, role: &str) -> Result<Self, String> {
        let path = embedded.socket_dir().join(".s.PGSQL.5432");
        let mut this = Self(UnixStream::connect(path).await.map_err(|e| e.to_string())?);
        let mut body = 196_608_i32.to_be_bytes().to_vec();
        for text in ["user", role, "database", DATABASE, ""] {
            body.extend(text.as_bytes());
            body.push(0);
        }
        this.send(None, &body).await?;
        this.answer().await.map(|_| this)
    }

    /// The texts of all columns of all rows.
    pub async fn ask(&mut self, statement: &str) -> Result<Vec<String>, String> {
        let mut body = statement.as_bytes().to_vec();
        body.push(0);
        self.send(Some(b'Q'), &body).await?;
        self.answer().await
    }

    async fn send(&mut self, kind: Option<u8>, body: &[u8]) -> Result<(), String> {
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend(i32::try_from(body.len() + 4).unwrap().to_be_bytes());
        message.extend(body);
        self.0.write_all(&message).await.map_err(|e| e.to_string())
    }

    /// Reads until the server waits for the next statement, or says what is wrong.
    async fn answer(&mut self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        loop {
            let kind = self.0.read_u8().await.map_err(|e| e.to_string())?;
            let length = self.0.read_i32().await.map_err(|e| e.to_string())?;
            let mut body = vec![0; usize::try_from(length).unwrap() - 4];
            self.0.read_exact(&mut body).await.map_err(|e| e.to_string())?;
            match kind {
                b'Z' => return Ok(values),
                b'E' => return Err(message(&body)),
                b'D' => values.extend(row(&body)),
                _ => {}
            }
        }
    }
}

fn row(body: &[u8]) -> Vec<String> {
    let mut rest = &body[2..];
    let mut values = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        let (value, after) = after.split_at(length);
        values.push(String::from_utf8_lossy(value).into_owned());
        rest = after;
    }
    values
}

fn message(body: &[u8]) -> String {
    let fields: HashMap<u8, String> = body
        .split(|byte| *byte == 0)
        .filter_map(|field| Some((*field.first()?, String::from_utf8_lossy(&field[1..]).into_owned())))
        .collect();
    fields.get(&b'M').cloned().unwrap_or_default()
}
