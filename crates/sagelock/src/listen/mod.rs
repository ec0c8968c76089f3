//! The listener of the simulated AWS: HTTP on loopback, one world behind it.

mod body;

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::{SignedDuration, Timestamp};
use sagelock_sim::World;
use sagelock_sim::wire::{Exchange, Request, Response, handle};
use tokio::net::TcpListener;

use body::ReplyBody;

/// The largest body that is read. AWS's own limits are far below it.
const BODY_MAX: usize = 16 * 1024 * 1024;

/// A world, and the clock that drives it.
pub(crate) struct Simulated {
    world: RefCell<World>,
    begun: Timestamp,
    since: Instant,
    speed: f64,
}

impl Simulated {
    /// A world whose time runs from now on, so many seconds in one of ours.
    pub(crate) fn new(world: World, speed: f64) -> Rc<Self> {
        Rc::new(Self {
            begun: world.now(),
            world: RefCell::new(world),
            since: Instant::now(),
            speed,
        })
    }

    fn now(&self) -> Timestamp {
        let seconds = self.since.elapsed().as_secs_f64() * self.speed;
        let passed = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
        self.begun.saturating_add(passed).unwrap_or(Timestamp::MAX)
    }

    fn answer(&self, request: &Request<'_>) -> Exchange {
        let now = self.now();
        let mut world = self.world.borrow_mut();
        world.advance_to(now);
        handle(&mut world, request)
    }

    /// How many requests were answered, how often a fault struck, and what was asked for that is
    /// not simulated.
    pub(crate) fn told(&self) -> (u64, u64, Vec<String>) {
        let world = self.world.borrow();
        let answered = world.ledger().counts().values().sum();
        let unknown = world.ledger().unknown_operations();
        let unknown = unknown
            .iter()
            .map(|(asked, count)| format!("{asked} ({count} ×)"));
        (answered, world.faults().struck(), unknown.collect())
    }
}

/// Binds a port of loopback; 0 is any that is free.
pub(crate) async fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// Answers every connection, for ever. Runs inside a `LocalSet`.
pub(crate) async fn serve(listener: TcpListener, simulated: Rc<Simulated>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, for example: those in use are given back in time.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let simulated = Rc::clone(&simulated);
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| {
                let simulated = Rc::clone(&simulated);
                async move { respond(&simulated, request).await }
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed")]
struct Closed;

async fn respond(
    simulated: &Simulated,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<ReplyBody>, Closed> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
        let response = Response {
            status: 413,
            headers: Vec::new(),
            body: Vec::new(),
        };
        return Ok(written(response));
    };
    let body = body.to_bytes();
    let exchange = simulated.answer(&Request {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        header: &|name| head.headers.get(name)?.to_str().ok(),
        body: &body,
    });
    match exchange {
        Exchange::Respond(response, delay) => {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Ok(written(response))
        }
        Exchange::Cut(response) => {
            let half = response.body.len() / 2;
            Ok(written(response).map(|body| body.cut_at(half)))
        }
        Exchange::Silence => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
        Exchange::Reset => Err(Closed),
    }
}

fn written(response: Response) -> hyper::Response<ReplyBody> {
    let mut written = hyper::Response::new(ReplyBody::whole(response.body));
    if let Ok(status) = hyper::StatusCode::from_u16(response.status) {
        *written.status_mut() = status;
    }
    for (name, value) in response.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            let name = HeaderName::from_static(name);
            written.headers_mut().insert(name, value);
        }
    }
    written
}
