//! Sends a form and reads the answer while it comes.
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestInit, Response, TextDecodeOptions, TextDecoder, UrlSearchParams};

/// Sends these fields; each piece of the text goes to `took` as it comes. Answers the status.
///
/// # Errors
/// When the connection is lost, or `stop` was called.
pub async fn read(url: &str, fields: &[(&str, String)], stop: &AbortController, mut took: impl FnMut(&str)) -> Result<u16, JsValue> {
    let body = UrlSearchParams::new()?;
    for (name, value) in fields {
        body.append(name, value);
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body);
    init.set_signal(Some(&stop.signal()));
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
