//! A small server for the finished page, on this machine only. Its headers are those a careful host
//! would send: isolation (needed for shared memory) and a policy without inline code.

use crate::{page, paths, say};
use anyhow::{Result, bail};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use tiny_http::{HTTPVersion, Header, Method, Request, Response, Server};

/// Requests answered at a time: a browser opens a handful of connections.
const WORKERS: usize = 4;

/// Sent with every answer.
const HEADERS: [(&str, &str); 7] = [
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    (
        "Content-Security-Policy",
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; object-src 'none'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
];

/// Builds the page and serves it until the process is ended.
pub(crate) fn run(port: u16) -> Result<()> {
    // First of all: nobody should wait for a build to hear that the port is taken.
    let listener = listen(port)?;
    page::build()?;
    let site = Site::start(listener, paths::dist())?;
    say::doing("serving the inspector; stop it with Ctrl+C");
    println!("{}", site.url);
    for worker in site.workers {
        if worker.join().is_err() {
            bail!("the server stopped because of a fault in itself");
        }
    }
    Ok(())
}

/// A folder that is being served.
pub(crate) struct Site {
    /// The address of its start page.
    pub(crate) url: String,
    workers: Vec<JoinHandle<()>>,
}

impl Site {
    /// Serves a folder on a port that is free, until the process ends.
    pub(crate) fn on_any_port(folder: PathBuf) -> Result<Site> {
        Site::start(listen(0)?, folder)
    }

    /// Answers whatever comes to the listener.
    fn start(listener: TcpListener, folder: PathBuf) -> Result<Site> {
        let url = format!("http://{}/", listener.local_addr()?);
        let server = Server::from_listener(listener, None);
        let server = Arc::new(server.map_err(|error| anyhow::anyhow!("cannot serve: {error}"))?);
        let workers = (0..WORKERS).map(|_| {
            let (server, folder) = (Arc::clone(&server), folder.clone());
            thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    // A browser that hung up is no fault of ours.
                    let _ = answer(request, &folder);
                }
            })
        });
        Ok(Site { url, workers: workers.collect() })
    }
}

/// Takes a port of this machine; 0 takes any that is free.
fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "Port {port} is in use: end the other server, or take another port with `cargo xtask serve --port {}`.",
            port.checked_add(1).unwrap_or(8080)
        ),
        std::io::ErrorKind::PermissionDenied => {
            anyhow::anyhow!(
                "Port {port} is reserved for the system: take one from 1024 with `cargo xtask serve --port 8080`."
            )
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on port {port}")),
    })
}

/// Sends the file that was asked for.
fn answer(request: Request, folder: &Path) -> std::io::Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return send(request, with_headers(Response::from_string("only GET\n"), "text/plain").with_status_code(405));
    }
    let found = local(folder, request.url()).and_then(|path| Some((File::open(&path).ok()?, path)));
    match found {
        Some((file, path)) => send(request, with_headers(Response::from_file(file), mime(&path))),
        None => send(request, with_headers(Response::from_string("not found\n"), "text/plain").with_status_code(404)),
    }
}

/// Answers as HTTP/1.0 does, after which the browser closes the connection.
///
/// The library gives each connection to a thread and counts one that is about to begin as idle: of connections that come at once, some
/// wait for the end of another. Connections that end with their answer keep nobody waiting.
fn send<R: Read>(request: Request, response: Response<R>) -> std::io::Result<()> {
    let (headers, head_only) = (request.headers().to_vec(), *request.method() == Method::Head);
    let mut writer = request.into_writer();
    response.raw_print(&mut writer, HTTPVersion(1, 0), &headers, head_only, None)?;
    writer.flush()
}

/// Adds the headers, with the type of the content.
fn with_headers<R: Read>(mut response: Response<R>, mime: &str) -> Response<R> {
    for (name, value) in HEADERS.into_iter().chain([("Content-Type", mime)]) {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    response
}

/// The file in `folder` that a URL means; none when it leaves the folder or is not there.
fn local(folder: &Path, url: &str) -> Option<PathBuf> {
    let path = percent_decoded(url.split(['?', '#']).next()?)?;
    let relative = Path::new(path.strip_prefix('/')?);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    let file = folder.join(relative);
    let file = if file.is_dir() { file.join("index.html") } else { file };
    file.is_file().then_some(file)
}

/// `a b` for `a%20b`; none when that is not text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

/// The type a browser needs to hear; wasm is compiled while it loads only with its own.
fn mime(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "md" | "csv" | "txt" | "rhai" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{HEADERS, Site, listen, local, mime, percent_decoded};
    use std::fs;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::path::{Path, PathBuf};
    use std::thread;
    use std::time::Duration;

    /// A folder with a page, a module, and a secret beside it.
    fn folder(name: &str) -> PathBuf {
        let above = std::env::temp_dir().join(format!("flagstone-serve-{name}-{}", std::process::id()));
        let folder = above.join("dist");
        fs::create_dir_all(&folder).expect("a temporary folder");
        fs::write(folder.join("index.html"), "<p>page").expect("a page");
        fs::write(folder.join("a b.wasm"), b"\0asm").expect("a module");
        fs::write(above.join("secret"), "secret").expect("a secret");
        folder
    }

    #[test]
    fn a_url_means_a_file_of_the_folder_and_nothing_else() {
        let folder = folder("local");
        assert_eq!(local(&folder, "/"), Some(folder.join("index.html")));
        assert_eq!(local(&folder, "/index.html?x=/../"), Some(folder.join("index.html")));
        assert_eq!(local(&folder, "/a%20b.wasm"), Some(folder.join("a b.wasm")));
        for outside in ["/../secret", "/%2e%2e/secret", "//etc/passwd", "index.html", "/no", "/%", "/%zz", "/%00"] {
            assert_eq!(local(&folder, outside), None, "{outside}");
        }
    }

    #[test]
    fn escapes_are_undone_once() {
        assert_eq!(percent_decoded("/%2520").as_deref(), Some("/%20"));
        assert_eq!(percent_decoded("/%e2%82%ac").as_deref(), Some("/€"));
        assert_eq!(percent_decoded("/%ff"), None);
    }

    #[test]
    fn wasm_and_scripts_have_their_own_types() {
        assert_eq!(mime(Path::new("flagstone_bg.wasm")), "application/wasm");
        assert_eq!(mime(Path::new("main.js")), "text/javascript; charset=utf-8");
        assert_eq!(mime(Path::new("unknown")), "application/octet-stream");
    }

    #[test]
    fn the_policy_allows_no_inline_code() {
        let policy = HEADERS.iter().find(|(name, _)| *name == "Content-Security-Policy").expect("a policy").1;
        assert!(policy.contains("script-src 'self' 'wasm-unsafe-eval';"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }

    #[test]
    fn a_request_gets_the_file_with_every_header() {
        let site = Site::on_any_port(folder("request")).expect("a server");
        let host = site.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let ask = |request: &str| {
            let mut stream = TcpStream::connect(&host).expect("a connection");
            write!(stream, "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("a request");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            answer
        };
        let page = ask("GET /");
        assert!(page.starts_with("HTTP/1.0 200") && page.ends_with("<p>page"), "{page}");
        for (name, value) in HEADERS {
            assert!(page.contains(&format!("{name}: {value}\r\n")), "{name}");
        }
        assert!(page.contains("Content-Type: text/html; charset=utf-8\r\n"));
        assert!(ask("GET /secret").starts_with("HTTP/1.0 404"));
        assert!(ask("POST /").starts_with("HTTP/1.0 405"));
    }

    /// Asks as a browser does: what is answered by HTTP/1.1 leaves the connection open, which is returned; `None` without an answer.
    fn ask_and_keep(host: &str) -> Option<Option<TcpStream>> {
        let mut stream = TcpStream::connect(host).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").ok()?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"<p>page") {
            let mut piece = [0; 1024];
            let len = stream.read(&mut piece).ok().filter(|&len| len != 0)?;
            answer.extend_from_slice(&piece[..len]);
        }
        Some(answer.starts_with(b"HTTP/1.1").then_some(stream))
    }

    #[test]
    fn connections_that_come_at_once_are_all_answered() {
        let folder = folder("many");
        for round in 0..40 {
            let site = Site::on_any_port(folder.clone()).expect("a server");
            let host = site.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
            let asked: Vec<_> =
                (0..8).map(|_| host.clone()).map(|host| thread::spawn(move || ask_and_keep(&host))).collect();
            let answers: Vec<_> = asked.into_iter().map(|asked| asked.join().expect("no panic")).collect();
            assert!(answers.iter().all(Option::is_some), "round {round}: some of eight got no answer");
        }
    }

    #[test]
    fn a_busy_port_is_one_sentence_with_the_remedy() {
        let taken = listen(0).expect("a free port");
        let port = taken.local_addr().expect("an address").port();
        let error = listen(port).expect_err("the port is taken").to_string();
        assert!(error.starts_with(&format!("Port {port} is in use:")) && error.contains("--port"), "{error}");
    }
}
