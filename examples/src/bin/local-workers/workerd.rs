//! The real workerd, serving the built workers on loopback.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Error, Read, Result},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

/// A worker's name, and the folder of its modules. Each has an address and an isolate of its own.
pub(crate) type Worker = (String, &'static str);

/// A worker that passes on what has no HTTP: `/scheduled?WORKER?NAME` and `/queue?WORKER?BODY`.
const DOOR: &str = r#"
export default {
  async fetch(request, env) {
    const [kind, worker, what] = request.url.split("?").map(decodeURIComponent);
    const outcome = kind.endsWith("/scheduled")
      ? await env[worker].scheduled({ scheduledTime: new Date(), cron: what })
      : await env[worker].queue("queue", [
          { id: "1", timestamp: new Date(), attempts: 1, body: what },
        ]);
    return new Response(outcome.outcome);
  },
};
"#;

pub(crate) struct Workerd {
    process: Child,
    ports: HashMap<String, SocketAddr>,
    console: Arc<Mutex<Vec<String>>>,
    config: PathBuf,
}

impl Workerd {
    /// Serves workers whose modules are in `built`.
    pub(crate) fn start(
        workerd: &Path,
        built: &Path,
        recorder: &str,
        served: &[Worker],
    ) -> Result<Self> {
        let config = built.join("config.capnp");
        fs::write(built.join("door.js"), DOOR)?;
        fs::write(&config, configuration(served, built, recorder)?)?;
        let mut process = Command::new(workerd)
            .args(["serve", "--experimental", "--control-fd=1"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let console = Arc::default();
        let (listening, ports) = mpsc::channel();
        for output in [
            process
                .stdout
                .take()
                .map(|it| Box::new(it) as Box<dyn Read + Send>),
            process
                .stderr
                .take()
                .map(|it| Box::new(it) as Box<dyn Read + Send>),
        ] {
            let output = output.ok_or_else(|| Error::other("no output"))?;
            let (console, listening) = (Arc::clone(&console), listening.clone());
            thread::spawn(move || follow(output, &console, &listening));
        }
        let mut workerd = Self {
            process,
            ports: HashMap::new(),
            console,
            config,
        };
        while workerd.ports.len() <= served.len() {
            let Ok((name, port)) = ports.recv_timeout(Duration::from_secs(20)) else {
                let said = workerd.console().join("\n");
                return Err(Error::other(format!("workerd does not listen: {said}")));
            };
            workerd.ports.insert(name, ([127, 0, 0, 1], port).into());
        }
        Ok(workerd)
    }

    /// Where `worker` listens, or the door.
    pub(crate) fn address(&self, worker: &str) -> SocketAddr {
        self.ports[worker]
    }

    /// What was written to the console so far.
    pub(crate) fn console(&self) -> Vec<String> {
        let console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.clone()
    }

    /// Whether the console has a line with all of `parts`, or gets it soon.
    pub(crate) fn says(&self, parts: &[&str]) -> bool {
        let started = Instant::now();
        loop {
            let has = |line: &String| parts.iter().all(|part| line.contains(part));
            if self.console().iter().any(has) {
                return true;
            }
            if started.elapsed() > Duration::from_secs(3) {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.config);
    }
}

/// Keeps what is written, but for the words on which port a socket listens.
fn follow(output: impl Read, console: &Mutex<Vec<String>>, ports: &mpsc::Sender<(String, u16)>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let word = serde_json::from_str::<serde_json::Value>(&line).ok();
        let socket = word.as_ref().and_then(|word| {
            let port = u16::try_from(word.get("port")?.as_u64()?).ok()?;
            Some((word.get("socket")?.as_str()?.to_owned(), port))
        });
        match socket {
            Some(socket) => drop(ports.send(socket)),
            None => console
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(line),
        }
    }
}

fn configuration(served: &[Worker], built: &Path, recorder: &str) -> Result<String> {
    let mut services = String::new();
    let mut constants = String::new();
    let mut sockets = String::new();
    let mut bindings = String::new();
    let failed = |_| Error::other("no memory");
    for (number, (name, folder)) in served.iter().enumerate() {
        let modules = modules(&built.join(folder), folder)?;
        let constant = format!("worker{number}");
        let object = if folder.starts_with("scenarios") {
            (
                r#"(name = "OBJECT", durableObjectNamespace = "Counter"),"#,
                format!(
                    r#"durableObjectNamespaces = [(className = "Counter", uniqueKey = "{name}")],
  durableObjectStorage = (inMemory = void),"#
                ),
            )
        } else {
            ("", String::new())
        };
        writeln!(services, r#"    (name = "{name}", worker = .{constant}),"#).map_err(failed)?;
        writeln!(
            sockets,
            r#"    (name = "{name}", address = "127.0.0.1:0", http = (), service = "{name}"),"#
        )
        .map_err(failed)?;
        writeln!(bindings, r#"    (name = "{name}", service = "{name}"),"#).map_err(failed)?;
        writeln!(
            constants,
            r#"
const {constant} :Workerd.Worker = (
  modules = [
{modules}  ],
  compatibilityDate = "2026-01-01",
  bindings = [{} (name = "RECORDER", text = "{recorder}")],
  {}
  globalOutbound = "loopback",
);"#,
            object.0, object.1
        )
        .map_err(failed)?;
    }
    Ok(format!(
        r#"using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
{services}    (name = "door", worker = .door),
    (name = "loopback", network = (allow = ["private"])),
  ],
  sockets = [
{sockets}    (name = "door", address = "127.0.0.1:0", http = (), service = "door"),
  ],
);

const door :Workerd.Worker = (
  modules = [(name = "door.js", esModule = embed "door.js")],
  compatibilityDate = "2026-01-01",
  compatibilityFlags = ["service_binding_extra_handlers", "experimental"],
  bindings = [
{bindings}  ],
);
{constants}"#
    ))
}

/// The modules of a worker, the shim first, since the first one is its entry.
fn modules(folder: &Path, name: &str) -> Result<String> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort_by_key(|path| (!path.ends_with("shim.js"), path.clone()));
    let mut modules = String::new();
    for path in files {
        let kind = match path.extension().and_then(|it| it.to_str()) {
            Some("js") => "esModule",
            Some("wasm") => "wasm",
            _ => continue,
        };
        let inside = path.strip_prefix(folder).map_err(Error::other)?.display();
        writeln!(
            modules,
            r#"    (name = "{inside}", {kind} = embed "{name}/{inside}"),"#
        )
        .map_err(|_| Error::other("no memory"))?;
    }
    Ok(modules)
}
