//! Benchmarks: figures to look at, never tests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::{cargo, root, run as execute};

/// Connections that ask at the same time, each one request after the other.
const CONNECTIONS: usize = 8;
/// Requests of each.
const REQUESTS: usize = 20_000;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// DescribeEndpointConfig against the simulated AWS, in release, over loopback.
pub(crate) fn sim() -> Result<()> {
    execute(&mut cargo(&[
        "build",
        "--locked",
        "--release",
        "--package",
        "sagelock",
    ]))?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let mut child = Command::new(target.join("release/sagelock"))
        .args(["sim", "serve", "--port", "0", "--world", "empty"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the simulated AWS")?;
    let mut line = String::new();
    let stderr = child.stderr.take().context("no stderr")?;
    let server = Server(child);
    BufReader::new(stderr).read_line(&mut line)?;
    let port = line
        .split("http://127.0.0.1:")
        .nth(1)
        .and_then(|rest| rest.split(' ').next()?.parse::<u16>().ok())
        .with_context(|| format!("no port in `{line}`"))?;
    let mut connection = Connection::open(port)?;
    connection.ask("CreateModel", r#"{"ModelName":"m"}"#)?;
    connection.ask("CreateEndpointConfig", r#"{"EndpointConfigName":"c","KmsKeyId":"alias/k","ProductionVariants":[{"VariantName":"v","ModelName":"m","InstanceType":"ml.m5.large","InitialInstanceCount":1}],"Tags":[{"Key":"a","Value":"b"}]}"#)?;
    let cpu_before = cpu_seconds(server.0.id())?;
    let begun = Instant::now();
    let threads: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            thread::spawn(move || -> Result<()> {
                let mut connection = Connection::open(port)?;
                for _ in 0..REQUESTS {
                    connection.ask("DescribeEndpointConfig", r#"{"EndpointConfigName":"c"}"#)?;
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
    let cpu = cpu_seconds(server.0.id())? - cpu_before;
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
    Ok(())
}

/// CPU seconds of a process, its own and the kernel's for it (proc(5), stat, fields 14 and 15).
fn cpu_seconds(id: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    // The kernel's USER_HZ is 100 on every platform that Linux has.
    Ok(ticks / 100.0)
}

struct Connection(TcpStream, Vec<u8>);

impl Connection {
    fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(Self(stream, Vec::new()))
    }

    fn ask(&mut self, operation: &str, body: &str) -> Result<()> {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: SageMaker.{operation}\r\n\
             content-type: application/x-amz-json-1.1\r\nauthorization: AWS4-HMAC-SHA256 \
             Credential=AKID/20260101/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes())?;
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
