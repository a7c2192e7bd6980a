//! The data that pages are made of: asked for on the server while a page is rendered, written into
//! it, read from there by the browser, and asked for anew when its address or something on it
//! changes. Under its type a page sees its own data; below it is all of one type, because each
//! resource, transition and suspended view of another type costs the browser some ten kilobytes.
use std::any::Any;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use leptos::prelude::*;
use leptos::server::codee::{Decoder, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tenantry_types::ProblemCode;

use crate::frame::Standing;
use crate::rpc::{Here, UiError};
use crate::state::shared;
use crate::ui::{ProblemView, waiting};

type Asking = Pin<Box<dyn Future<Output = Parcel> + Send>>;

/// Data of a page. Copied freely; whoever reads it sees the newest.
pub struct Data<T> {
    parcel: Resource<Parcel, Written>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Data<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Data<T> {}

/// An answer, as text or as what it is; which of them depends on where it came from.
#[derive(Clone)]
pub struct Parcel {
    text: Arc<str>,
    value: Arc<OnceLock<Box<dyn Any + Send + Sync>>>,
}

/// The first character of the text says what follows.
const GOOD: char = '+';
const BAD: char = '-';

impl Parcel {
    fn pack<T: Serialize + Send + Sync + 'static>(answer: Result<T, UiError>) -> Self {
        // In the browser nothing is written, so the code for it need not be there.
        #[cfg(feature = "ssr")]
        let text = match &answer {
            Ok(value) => serde_json::to_string(value).map(|text| format!("{GOOD}{text}")),
            Err(error) => serde_json::to_string(error).map(|text| format!("{BAD}{text}")),
        }
        .unwrap_or_default();
        #[cfg(not(feature = "ssr"))]
        let text = String::new();
        let parcel = Self::written(&text);
        drop(parcel.value.set(Box::new(answer)));
        parcel
    }

    fn written(text: &str) -> Self {
        Self {
            text: text.into(),
            value: Arc::default(),
        }
    }

    fn open<T: Clone + DeserializeOwned + 'static>(&self) -> Result<T, UiError> {
        if let Some(answer) = self.value.get().and_then(|value| value.downcast_ref::<Result<T, UiError>>()) {
            return answer.clone();
        }
        let unreadable = |_| UiError::bare(ProblemCode::Internal);
        match self.text.strip_prefix(GOOD) {
            Some(text) => serde_json::from_str(text).map_err(unreadable),
            None => Err(self.error()),
        }
    }

    fn error(&self) -> UiError {
        let text = self.text.strip_prefix(BAD).unwrap_or_default();
        serde_json::from_str(text).unwrap_or_else(|_| UiError::bare(ProblemCode::Internal))
    }
}

/// How parcels stand in a page: as they are.
pub struct Written;

impl Encoder<Parcel> for Written {
    type Error = Infallible;
    type Encoded = String;

    fn encode(parcel: &Parcel) -> Result<String, Infallible> {
        Ok(parcel.text.to_string())
    }
}

impl Decoder<Parcel> for Written {
    type Error = Infallible;
    type Encoded = str;

    fn decode(text: &str) -> Result<Parcel, Infallible> {
        Ok(Parcel::written(text))
    }
}

/// One round of asking: begun where signals are followed, waited for elsewhere. Never the same as another.
#[derive(Clone)]
struct Round(Arc<Mutex<Option<Asking>>>);

impl PartialEq for Round {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Asks, and asks anew after every write, and whenever a signal changes that `ask` reads before it
/// begins to wait.
pub fn fetch<T, F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Data<T>
where
    T: Serialize + Send + Sync + 'static,
    F: Future<Output = Result<T, UiError>> + Send + 'static,
{
    let refresh = shared().refresh;
    fetch_apart(move || {
        refresh.track();
        ask()
    })
}

/// As `fetch`, but writes on the page do not concern it.
pub fn fetch_apart<T, F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Data<T>
where
    T: Serialize + Send + Sync + 'static,
    F: Future<Output = Result<T, UiError>> + Send + 'static,
{
    let ask = move || {
        let answer = ask();
        Box::pin(async move { Parcel::pack(answer.await) }) as Asking
    };
    Data {
        parcel: follow(Arc::new(ask)),
        of: PhantomData,
    }
}

fn follow(ask: Arc<dyn Fn() -> Asking + Send + Sync>) -> Resource<Parcel, Written> {
    let begin = ask.clone();
    Resource::new_with_options(
        move || Round(Arc::new(Mutex::new(Some(begin())))),
        move |round: Round| {
            let begun = round.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            begun.unwrap_or_else(|| untrack(|| ask()))
        },
        true,
    )
}

impl<T: Clone + DeserializeOwned + 'static> Data<T> {
    /// What there is; waits while it is asked for.
    ///
    /// # Errors
    /// What the server answered, or that it did not.
    pub async fn read(self) -> Result<T, UiError> {
        self.parcel.await.open()
    }
}

/// A page or part of one that needs data: a skeleton, then the view, or the problem.
pub fn loaded<T, V>(data: Data<T>, view: impl Fn(T) -> V + Send + Sync + 'static) -> AnyView
where
    T: Clone + DeserializeOwned + 'static,
    V: IntoView + 'static,
{
    suspended(
        data.parcel,
        None,
        Arc::new(move |parcel, _| match parcel.open() {
            Ok(value) => view(value).into_any(),
            Err(error) => view! { <ProblemView error /> }.into_any(),
        }),
    )
}

/// As `loaded`, for a page that also needs to know what one may do in the tenant.
pub fn loaded_here<T, V>(data: Data<T>, view: impl Fn(T, Here) -> V + Send + Sync + 'static) -> AnyView
where
    T: Clone + DeserializeOwned + 'static,
    V: IntoView + 'static,
{
    let Standing(here) = expect_context();
    suspended(
        data.parcel,
        Some(here.parcel),
        Arc::new(
            move |parcel, here| match (parcel.open(), here.map_or_else(|| Err(parcel.error()), |here| here.open())) {
                (Ok(value), Ok(here)) => view(value, here).into_any(),
                (Err(error), _) | (_, Err(error)) => view! { <ProblemView error /> }.into_any(),
            },
        ),
    )
}

type Show = Arc<dyn Fn(Parcel, Option<Parcel>) -> AnyView + Send + Sync>;

fn suspended(data: Resource<Parcel, Written>, here: Option<Resource<Parcel, Written>>, show: Show) -> AnyView {
    waiting(move || {
        let show = show.clone();
        Box::pin(async move {
            let parcel = data.await;
            let here = match here {
                Some(here) => Some(here.await),
                None => None,
            };
            show(parcel, here)
        })
    })
}
