//! What the tests share. No test stands here.

pub mod wire;
