use axum::extract::FromRequestParts;
use http::Request;
use tenantry_types::PageQuery;

use super::{FromQuery, Listing, Params, Unfiltered};

async fn read<T: FromQuery>(query: &str) -> Result<T, Vec<(String, &'static str)>> {
    let mut parts = Request::builder().uri(format!("/v1/things?{query}")).body(()).unwrap().into_parts().0;
    let read = Params::<T>::from_request_parts(&mut parts, &()).await;
    read.map(|params| params.0)
        .map_err(|error| error.0.fields().iter().map(|e| (e.field.clone(), e.fault.code())).collect())
}

async fn page(query: &str) -> Result<PageQuery, Vec<(String, &'static str)>> {
    read::<Listing<Unfiltered>>(query).await.map(|list| list.page)
}

#[tokio::test]
async fn defaults_and_bounds() {
    assert_eq!(page("").await.unwrap(), PageQuery::default());
    let read = page("limit=100&skip=10000&q=%C3%84da%20L").await.unwrap();
    assert_eq!((read.limit, read.skip, read.q.as_str()), (100, 10_000, "Äda L"));
    assert_eq!(page("cursor=o150").await.unwrap().skip, 150);
    assert_eq!(page("limit=&q=").await.unwrap(), PageQuery::default(), "empty is absent");
}

#[tokio::test]
async fn all_faults_are_named() {
    let errors = page("limit=0&skip=10001&cursor=x&lmit=3").await.unwrap_err();
    let expected = [
        ("limit", "out_of_range"),
        ("skip", "out_of_range"),
        ("cursor", "does_not_match"),
        ("lmit", "unknown_field"),
    ];
    assert_eq!(errors, expected.map(|(field, code)| (field.to_owned(), code)));
    for (query, field) in [
        ("limit=101", "limit"),
        ("limit=ten", "limit"),
        ("skip=-1", "skip"),
        ("skip=1&cursor=o1", "cursor"),
    ] {
        assert_eq!(page(query).await.unwrap_err()[0].0, field, "{query}");
    }
}
