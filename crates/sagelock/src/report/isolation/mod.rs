//! Which tenant can use which key, as it is shown.

mod json;
mod page;
mod table;

pub(crate) use json::isolation_json;
pub(crate) use page::isolation_page;
pub(crate) use table::isolation_table;
