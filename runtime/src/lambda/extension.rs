//! The extension that makes Lambda send SIGTERM, and does nothing else.
//!
//! Lambda sends a function SIGTERM only where an extension is registered, one without events
//! included: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>. One
//! POST registers it, and a GET that is never answered says that it is ready. That is said on a
//! plain socket: a client of HTTP would be a tenth of a small function, and the crate
//! `lambda-extension` a third, for the server of logs in it.

use std::{
    env,
    io::{self, Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

/// How long each step may take. A function that starts late is worse than one without SIGTERM.
const PATIENCE: Duration = Duration::from_millis(500);

/// Far more than the head of the answer to a registration has.
const HEAD: usize = 4096;

/// Registers the extension, which has to be before the function's first `GET /next`. It lasts until
/// what is returned is dropped.
pub(super) fn register() -> io::Result<TcpStream> {
    let api = env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let api = api.strip_prefix("http://").unwrap_or(&api);
    let (host, base) = api.split_at(api.find('/').unwrap_or(api.len()));
    let base = base.strip_suffix('/').unwrap_or(base);
    let response = call(
        host,
        &format!(
            "POST {base}/2020-01-01/extension/register HTTP/1.1\r\nhost: {host}\r\n\
             lambda-extension-name: tethered-shutdown\r\ncontent-type: application/json\r\n\
             content-length: 13\r\n\r\n{{\"events\":[]}}"
        ),
    )?;
    let id = identifier(response)?;
    // On a connection of its own: what the first one still has to say is of no interest.
    call(
        host,
        &format!(
            "GET {base}/2020-01-01/extension/event/next HTTP/1.1\r\nhost: {host}\r\n{id}\r\n\r\n"
        ),
    )
}

fn call(host: &str, request: &str) -> io::Result<TcpStream> {
    let address = host.to_socket_addrs()?.next();
    let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // In one piece: a second one would wait for the first one's acknowledgement.
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// The header with the extension's identifier, from a response's head.
fn identifier(mut response: impl Read) -> io::Result<String> {
    let (mut head, mut read) = ([0; HEAD], 0);
    while !head[..read].windows(4).any(|end| end == b"\r\n\r\n") {
        match response.read(&mut head[read..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            more => read += more,
        }
    }
    let head = String::from_utf8_lossy(&head[..read]);
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other(format!("the answer was `{status}`")));
    }
    for header in head.lines().take_while(|line| !line.is_empty()) {
        let name = header.split(':').next().unwrap_or_default();
        if name.eq_ignore_ascii_case("lambda-extension-identifier") {
            return Ok(header.to_owned());
        }
    }
    Err(io::Error::other("the answer has no identifier"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_is_a_header_of_a_success() {
        let read = |response: &str| identifier(&mut response.as_bytes());
        let response = "HTTP/1.1 200 OK\r\nA: b\r\nLambda-Extension-Identifier: it\r\n\r\n{}";
        assert_eq!(read(response).unwrap(), "Lambda-Extension-Identifier: it");
        for bad in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\n\r\nLambda-Extension-Identifier: it\r\n",
            "HTTP/1.1 403 Forbidden\r\nLambda-Extension-Identifier: it\r\n\r\n",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
