//! The listener of the simulated AWS: HTTP on loopback, one world behind it.

mod body;
mod counts;

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
use tokio::net::{TcpListener, TcpSocket};

use body::ReplyBody;
pub(crate) use counts::write_counts;

/// Connections that wait to be accepted. The kernel holds it down to its own bound, which Linux
/// sets to 4,096 where nobody says otherwise (listen(2), `net.core.somaxconn`).
const BACKLOG: u32 = 4096;
/// Lines of the ledger that a served world keeps. Nobody reads them while it is served.
const LINES_KEPT: usize = 1000;
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
    pub(crate) fn new(mut world: World, speed: f64) -> Rc<Self> {
        world.keep_lines(LINES_KEPT);
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

    /// What is known of the clients at this moment.
    pub(crate) fn world(&self) -> std::cell::Ref<'_, World> {
        self.world.borrow()
    }
}

/// Binds a port of loopback; 0 is any that is free.
pub(crate) fn bind(port: u16) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A server that is started again right away finds its port free.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(BACKLOG)
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
            held_back(delay).await;
            Ok(written(response))
        }
        Exchange::Cut(response, delay) => {
            held_back(delay).await;
            let half = response.body.len() / 2;
            Ok(written(response).map(|body| body.cut_at(half)))
        }
        Exchange::Silence => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
        Exchange::Reset(delay) => {
            held_back(delay).await;
            Err(Closed)
        }
    }
}

async fn held_back(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
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
