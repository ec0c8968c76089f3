//! `cargo xtask bench sim`: how many requests the simulated AWS answers on one core, and what
//! becomes of a thousand connections whose answers are held back.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::server::Server;
use super::{built, folder};
use crate::figures::{self, Figure};

/// Connections that ask at the same time, each one request after the other.
const CONNECTIONS: usize = 8;
/// Requests of each.
const REQUESTS: usize = 20_000;

/// Connections whose answers are held back, and for how long.
const HELD_CONNECTIONS: usize = 1000;
const HELD_MILLISECONDS: u32 = 50;
/// Requests of each.
const HELD_REQUESTS: usize = 100;

const CONFIG: &str = r#"{"EndpointConfigName":"c","KmsKeyId":"alias/k","ProductionVariants":[{"VariantName":"v","ModelName":"m","InstanceType":"ml.m5.large","InitialInstanceCount":1}],"Tags":[{"Key":"a","Value":"b"}]}"#;
const DESCRIBE: &str = r#"{"EndpointConfigName":"c"}"#;

/// DescribeEndpointConfig against the simulated AWS, in release, over loopback.
pub(crate) fn sim() -> Result<()> {
    let program = built()?;
    let folder = folder("sim")?;
    let world = ["--world", "empty"].map(ToOwned::to_owned);
    full(&Server::start(&program, &world, &folder)?)?;
    let faults = folder.join("faults.toml");
    let text = format!("[[fault]]\neffect = \"slow\"\nmilliseconds = {HELD_MILLISECONDS}\n");
    fs::write(&faults, text)?;
    let slow = ["--faults".to_owned(), faults.display().to_string()];
    let server = Server::start(&program, &[&world[..], &slow].concat(), &folder)?;
    held(&server)
}

fn seed(port: u16) -> Result<()> {
    let mut connection = Connection::open(port)?;
    connection.ask("CreateModel", r#"{"ModelName":"m"}"#)?;
    connection.ask("CreateEndpointConfig", CONFIG)
}

/// A thousand connections, each with one request at a time whose answer is held back.
fn held(server: &Server) -> Result<()> {
    let port = server.port;
    seed(port)?;
    let cpu_before = server.cpu_seconds()?;
    let begun = Instant::now();
    // One thread writes on many connections and then reads from them all: so many requests are
    // under way at the same time as there are connections.
    let mut connections = (0..HELD_CONNECTIONS)
        .map(|_| Connection::open(port))
        .collect::<Result<Vec<_>>>()?;
    for _ in 0..HELD_REQUESTS {
        for connection in &mut connections {
            connection.write("DescribeEndpointConfig", DESCRIBE)?;
        }
        for connection in &mut connections {
            connection.read("DescribeEndpointConfig")?;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = server.cpu_seconds()? - cpu_before;
    let count = f64::from(u32::try_from(HELD_CONNECTIONS * HELD_REQUESTS)?);
    println!(
        "{count} on {HELD_CONNECTIONS} connections, answers held back {HELD_MILLISECONDS} ms: {:.0} a \
         second of wall time, {:.0} a second of one core",
        count / seconds,
        count / cpu
    );
    Ok(())
}

/// As many as it takes.
fn full(server: &Server) -> Result<()> {
    let port = server.port;
    seed(port)?;
    let cpu_before = server.cpu_seconds()?;
    let begun = Instant::now();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            thread::spawn(move || -> Result<()> {
                let mut connection = Connection::open(port)?;
                for _ in 0..REQUESTS {
                    connection.ask("DescribeEndpointConfig", DESCRIBE)?;
                }
                Ok(())
            })
        })
        .collect();
    for thread in threads {
        thread
            .join()
            .map_err(|_| anyhow::anyhow!("a client failed"))??;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = server.cpu_seconds()? - cpu_before;
    let count = CONNECTIONS * REQUESTS;
    let count = f64::from(u32::try_from(count)?);
    println!("{count} DescribeEndpointConfig on {CONNECTIONS} connections");
    println!(
        "{:.0} a second of wall time, client beside it",
        count / seconds
    );
    println!(
        "{:.0} a second of one core ({cpu:.2} CPU seconds of the server)",
        count / cpu
    );
    let rate = Figure::more("sim: requests on one core", count / cpu, "a second");
    figures::write("cargo xtask bench sim", &[rate])
}

struct Connection(TcpStream, Vec<u8>);

impl Connection {
    fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream, Vec::new()))
    }

    fn ask(&mut self, operation: &str, body: &str) -> Result<()> {
        self.write(operation, body)?;
        self.read(operation)
    }

    fn write(&mut self, operation: &str, body: &str) -> Result<()> {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: SageMaker.{operation}\r\n\
             content-type: application/x-amz-json-1.1\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential=AKID/20260101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes())?;
        Ok(())
    }

    fn read(&mut self, operation: &str) -> Result<()> {
        self.1.clear();
        let mut buffer = [0; 4096];
        loop {
            let read = self.0.read(&mut buffer)?;
            ensure!(read > 0, "the connection was closed");
            self.1.extend(buffer.iter().take(read));
            let text = String::from_utf8_lossy(&self.1);
            let Some((head, rest)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse::<usize>()
                        .ok()
                })
                .unwrap_or(0);
            if rest.len() >= length {
                ensure!(head.starts_with("HTTP/1.1 200"), "{operation}: {text}");
                return Ok(());
            }
        }
    }
}
