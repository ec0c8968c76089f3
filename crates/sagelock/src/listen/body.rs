//! The body of a response: whole, or cut in the middle.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::Sleep;

/// A body.
pub(super) struct ReplyBody {
    left: Option<Bytes>,
    announced: u64,
    cut: bool,
    /// What was sent must be on its way before the connection is closed.
    pause: Option<Pin<Box<Sleep>>>,
}

/// How long a body that is cut stays open after its last byte.
const PAUSE: Duration = Duration::from_millis(20);

/// The body ends before its announced length.
#[derive(Debug, thiserror::Error)]
#[error("cut")]
pub(super) struct Cut;

impl ReplyBody {
    pub(super) fn whole(body: Vec<u8>) -> Self {
        Self {
            announced: body.len() as u64,
            left: Some(Bytes::from(body)),
            cut: false,
            pause: None,
        }
    }

    /// Announces the whole and sends so much.
    pub(super) fn cut_at(mut self, at: usize) -> Self {
        self.left = self.left.map(|body| body.slice(..at.min(body.len())));
        self.cut = true;
        self
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match self.left.take().filter(|body| !body.is_empty()) {
            Some(body) => Poll::Ready(Some(Ok(Frame::data(body)))),
            None if self.cut => {
                let pause = self
                    .pause
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep(PAUSE)));
                match pause.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(Some(Err(Cut))),
                    Poll::Pending => Poll::Pending,
                }
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.cut && self.left.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
