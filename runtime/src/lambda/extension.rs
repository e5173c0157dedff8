//! The extension that makes Lambda send SIGTERM, and does nothing else.
//!
//! Lambda sends a function SIGTERM only where an extension is registered, one without events
//! included: <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>. One
//! POST registers it, and a GET that is never answered says that it is ready. That is said on a
//! plain socket: a client of HTTP would be a tenth of a small function, and the crate
//! `lambda-extension` a third, for the server of logs in it.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

/// How long each step may take. A function that starts late is worse than one without SIGTERM.
const PATIENCE: Duration = Duration::from_millis(500);

/// Registers the extension, which has to be before the function's first `GET /next`. It lasts until
/// what is returned is dropped.
pub(super) fn register() -> io::Result<TcpStream> {
    let api = env::var("AWS_LAMBDA_RUNTIME_API").map_err(io::Error::other)?;
    let api = api.trim_start_matches("http://");
    let (host, base) = api.split_at(api.find('/').unwrap_or(api.len()));
    let base = base.trim_end_matches('/');
    let address = host.to_socket_addrs()?.next();
    let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let call = |method: &str, path: &str, rest: &str| {
        format!("{method} {base}/2020-01-01/extension/{path} HTTP/1.1\r\nhost: {host}\r\n{rest}")
    };
    let register = call(
        "POST",
        "register",
        "lambda-extension-name: tethered-shutdown\r\ncontent-type: application/json\r\n\
         content-length: 13\r\n\r\n{\"events\":[]}",
    );
    // In one piece: a second one would wait for the first one's acknowledgement.
    stream.write_all(register.as_bytes())?;
    let id = identifier(&mut BufReader::new(&stream))?;
    // On a connection of its own: what the first one still has to say is of no interest.
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let next = call("GET", "event/next", &format!("{id}\r\n\r\n"));
    stream.write_all(next.as_bytes())?;
    Ok(stream)
}

/// The header with the extension's identifier, from a response's head.
fn identifier(response: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    response.read_line(&mut line)?;
    if line.split(' ').nth(1) != Some("200") {
        return Err(io::Error::other(format!(
            "the answer was `{}`",
            line.trim_end()
        )));
    }
    loop {
        line.clear();
        if response.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = line.trim_end();
        if header.is_empty() {
            return Err(io::Error::other("the answer has no identifier"));
        }
        let name = header.split(':').next().unwrap_or_default();
        if name.eq_ignore_ascii_case("lambda-extension-identifier") {
            return Ok(header.to_owned());
        }
    }
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
