//! Sends a form and reads the answer while it comes.
use std::cell::RefCell;

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal, ReadableStreamDefaultReader, RequestInit, Response, TextDecodeOptions, TextDecoder, UrlSearchParams};

thread_local! {
    /// What ends the answer that is read now; not kept in a signal, because a page is also made on the server, whose
    /// threads may not share it.
    static READING: RefCell<Option<AbortController>> = const { RefCell::new(None) };
}

/// Ends the answer that is read now.
pub fn stop() {
    READING.with_borrow_mut(|reading| {
        if let Some(reading) = reading.take() {
            reading.abort();
        }
    });
}

/// Sends these fields; each piece of the text goes to `took` as it comes. Answers the status.
///
/// # Errors
/// Whether `stop` was called: else the connection is lost.
pub async fn read(url: &str, fields: &[(&str, String)], took: impl FnMut(&str)) -> Result<u16, bool> {
    let Ok(control) = AbortController::new() else { return Err(false) };
    READING.with_borrow_mut(|reading| *reading = Some(control.clone()));
    let signal = control.signal();
    work(url, fields, &signal, took).await.map_err(|_| signal.aborted())
}

async fn work(url: &str, fields: &[(&str, String)], signal: &AbortSignal, mut took: impl FnMut(&str)) -> Result<u16, JsValue> {
    let body = UrlSearchParams::new()?;
    for (name, value) in fields {
        body.append(name, value);
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body);
    init.set_signal(Some(signal));
    let response: Response = JsFuture::from(window().fetch_with_str_and_init(url, &init)).await?.unchecked_into();
    let Some(stream) = response.body() else { return Ok(response.status()) };
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let decoder = TextDecoder::new()?;
    // A character may be cut in two.
    let more = TextDecodeOptions::new();
    more.set_stream(true);
    loop {
        let read = JsFuture::from(reader.read()).await?;
        let value = js_sys::Reflect::get(&read, &"value".into())?;
        if value.is_undefined() {
            return Ok(response.status());
        }
        let bytes: js_sys::Uint8Array = value.unchecked_into();
        took(&decoder.decode_with_buffer_source_and_options(&bytes, &more)?);
    }
}
