//! The recorder's side of the wire.

use std::{cell::RefCell, io, rc::Rc};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::LocalSet,
};

use super::{Ask, Mark};
use crate::clock::Stamp;

/// Records for ever what comes in on `listener`.
pub async fn serve(listener: TcpListener) -> io::Result<()> {
    let record = Rc::new(RefCell::new(Vec::new()));
    let connections = LocalSet::new();
    connections
        .run_until(async {
            loop {
                let (stream, _) = listener.accept().await?;
                let record = Rc::clone(&record);
                // A connection that breaks is its function's end; the record stays.
                connections.spawn_local(async move { converse(stream, &record).await });
            }
        })
        .await
}

async fn converse(stream: TcpStream, record: &RefCell<Vec<Mark>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let at = Stamp::now();
        let mut answer = match serde_json::from_str(&line)? {
            Ask::Write {
                request_id,
                name,
                phase,
            } => {
                record.borrow_mut().push(Mark {
                    request_id,
                    name,
                    phase,
                    at,
                });
                "true".to_owned()
            }
            Ask::Record => serde_json::to_string(&*record.borrow())?,
        };
        answer.push('\n');
        stream.write_all(answer.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}
