//! Filled in later in this series.
