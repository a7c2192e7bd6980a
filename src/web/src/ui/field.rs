//! Fields: label above, help below, the fault in its place under the field. They take value and
//! fault from the form that they stand in, by their name.
use leptos::prelude::*;

use tenantry_types::input::Metadata;

use super::FormState;

/// Options of a select: value and label.
pub type Choices = Vec<(String, String)>;

/// Options out of values and labels.
pub fn choices<V: ToString, L: ToString>(items: impl IntoIterator<Item = (V, L)>) -> Choices {
    items.into_iter().map(|(value, label)| (value.to_string(), label.to_string())).collect()
}

/// What every kind of field shares.
#[derive(Clone)]
struct Place {
    id: String,
    state: FormState,
    name: String,
    has_help: bool,
}

impl Place {
    fn new(name: &str, has_help: bool) -> Self {
        let state = FormState::here();
        let id = format!("{}-{}", state.id.get_value(), name.replace(['[', ']'], ""));
        Self {
            id,
            state,
            name: name.to_owned(),
            has_help,
        }
    }

    fn faults(&self) -> Vec<String> {
        self.state.faults(&self.name)
    }

    fn invalid(&self) -> Option<&'static str> {
        (!self.faults().is_empty()).then_some("true")
    }

    fn described(&self) -> Option<String> {
        let mut ids = Vec::new();
        if self.has_help {
            ids.push(format!("{}-help", self.id));
        }
        if !self.faults().is_empty() {
            ids.push(format!("{}-fault", self.id));
        }
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

fn frame(place: Place, label: String, help: &'static str, required: bool, control: AnyView) -> AnyView {
    let id = place.id.clone();
    let help_id = format!("{id}-help");
    let fault_id = format!("{id}-fault");
    view! {
        <div class="field">
            <label for=id.clone()>{label}{(!required).then(|| view! { <span class="optional">" optional"</span> })}</label>
            {control}
            {(!help.is_empty()).then(|| view! { <p class="help" id=help_id>{help}</p> })}
            {move || {
                let faults = place.faults();
                (!faults.is_empty()).then(|| view! { <p class="fault" id=fault_id.clone()>{faults.join(" ")}</p> })
            }}
        </div>
    }
    .into_any()
}

#[component]
pub fn Field(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional)] help: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] autocomplete: &'static str,
    #[prop(optional)] inputmode: &'static str,
    #[prop(optional)] mono: bool,
    #[prop(optional)] readonly: bool,
    /// The id of a `<datalist>`.
    #[prop(optional)]
    list: &'static str,
) -> impl IntoView {
    let place = Place::new(&name, !help.is_empty());
    // Secrets do not come back.
    let value = place.state.value(&name).filter(|_| kind != "password").unwrap_or(value);
    let (p, q) = (place.clone(), place.clone());
    let control = view! {
        <input
            class=if mono { "input mono" } else { "input" }
            id=place.id.clone()
            name=name
            type=kind
            value=value
            required=required
            readonly=readonly
            autocomplete=(!autocomplete.is_empty()).then_some(autocomplete)
            inputmode=(!inputmode.is_empty()).then_some(inputmode)
            list=(!list.is_empty()).then_some(list)
            aria-invalid=move || p.invalid()
            aria-describedby=move || q.described()
        />
    };
    frame(place, label, help, required, control.into_any())
}

/// What a caller keeps on a thing, in lines; what lines cannot say is left to the API.
#[component]
pub fn MetadataField(metadata: Metadata) -> impl IntoView {
    metadata.lines().map(|lines| {
        view! { <TextArea name="metadata" label="Metadata" value=lines help="Yours to use. A line each, such as cost centre: 4711; at most 50." /> }
    })
}

#[component]
pub fn TextArea(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional)] help: &'static str,
    #[prop(optional)] required: bool,
    #[prop(default = 3)] rows: u8,
) -> impl IntoView {
    let place = Place::new(&name, !help.is_empty());
    let value = place.state.value(&name).unwrap_or(value);
    let (p, q) = (place.clone(), place.clone());
    let control = view! {
        <textarea
            class="input"
            id=place.id.clone()
            name=name
            rows=rows.to_string()
            required=required
            aria-invalid=move || p.invalid()
            aria-describedby=move || q.described()
        >
            {value}
        </textarea>
    };
    frame(place, label, help, required, control.into_any())
}

#[component]
pub fn Select(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    options: Choices,
    #[prop(optional, into)] value: String,
    #[prop(optional)] help: &'static str,
) -> impl IntoView {
    let place = Place::new(&name, !help.is_empty());
    let value = place.state.value(&name).unwrap_or(value);
    let (p, q) = (place.clone(), place.clone());
    let options = options
        .into_iter()
        .map(|(word, label)| {
            let selected = word == value;
            view! { <option value=word selected=selected>{label}</option> }
        })
        .collect_view();
    let control = view! {
        <select class="input" id=place.id.clone() name=name aria-invalid=move || p.invalid() aria-describedby=move || q.described()>
            {options}
        </select>
    };
    frame(place, label, help, true, control.into_any())
}

/// A box to tick: sends its name only when ticked.
#[component]
pub fn Check(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
    #[prop(default = "on".to_owned(), into)] value: String,
    /// Tells boxes of one name apart.
    #[prop(optional, into)]
    key: String,
) -> impl IntoView {
    let state = FormState::here();
    let id = format!("{}-{}{key}", state.id.get_value(), name.replace(['[', ']'], ""));
    let checked = state.ticked(&name, &value, checked);
    view! {
        <div class="check">
            <input type="checkbox" id=id.clone() name=name value=value checked=checked />
            <label for=id>{label}</label>
        </div>
    }
}

#[component]
pub fn Hidden(name: &'static str, #[prop(into)] value: String) -> impl IntoView {
    view! { <input type="hidden" name=name value=value /> }
}
