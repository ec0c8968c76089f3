//! perform(WriteCall) → Reply.

use jiff::Timestamp;
use sagelock_domain::call::write::WriteCall;
use sagelock_domain::call::{CallError, CallErrorKind, Reply};
use sagelock_domain::collect::Address;

use crate::Aws;
use crate::client::failed;
use crate::wire;

/// Makes writes. Nothing else does: whoever holds no writer cannot change anything.
#[derive(Debug)]
pub struct Writer<'a> {
    aws: &'a Aws,
}

impl<'a> Writer<'a> {
    /// Over a connection.
    #[must_use]
    pub fn over(aws: &'a Aws) -> Self {
        Self { aws }
    }

    /// Makes a call, once. Whether one that was not answered was made is not known: it is not made again
    /// before what it was to change has been read.
    ///
    /// # Errors
    /// Nothing answered, or the answer is an error.
    pub async fn perform(&self, address: &Address, call: &WriteCall) -> Result<Reply, CallError> {
        let row = call.op().row();
        let request = wire::write_request(call).ok_or_else(|| CallError {
            kind: CallErrorKind::Refused,
            code: "Request".to_owned(),
            message: format!("{} has no request in its protocol", call.op().name()),
        })?;
        let who = self.aws.who(&address.account).await?;
        let exchange = self.aws.exchange(&who, row.service, &address.region)?;
        match exchange.invoke(request).await {
            Ok(response) => wire::write_reply(row.wire, response, Timestamp::now()),
            Err(error) => Err(failed(&error)),
        }
    }
}
