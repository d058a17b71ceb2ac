//! A web server that is no agent: it has files, and answers as a test wants it to.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// What the server sends.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    /// More headers, each ending its line.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
    /// Bytes of the body that are announced and never sent.
    pub(crate) withheld: usize,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type,
            headers: String::new(),
            body: body.into(),
            withheld: 0,
        }
    }

    /// Answers that there is no such file, as web servers do.
    pub(crate) fn missing() -> Self {
        Self::new(404, "text/html", "<h1>Not Found</h1>")
    }

    /// Lets pages of every origin read it.
    pub(crate) fn for_every_origin(mut self) -> Self {
        self.headers += "Access-Control-Allow-Origin: *\r\n";
        self
    }

    fn write(&self, mut to: &TcpStream) -> std::io::Result<()> {
        let Self {
            status,
            content_type,
            headers,
            body,
            withheld,
        } = self;
        let length = body.len() + withheld;
        write!(
            to,
            "HTTP/1.1 {status} Told\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\
             {headers}Connection: close\r\n\r\n"
        )?;
        to.write_all(body)
    }
}

/// A server that runs until the test's process ends.
pub(crate) struct WebServer {
    url: String,
}

impl WebServer {
    /// Answers each path as `answer` says; `None` leaves it without an answer.
    pub(crate) fn start(answer: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let url = format!(
            "http://{}",
            listener.local_addr().expect("it has an address")
        );
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let answer = Arc::clone(&answer);
                // A browser that goes away in between is no failure.
                thread::spawn(move || serve(&visitor, &*answer).ok());
            }
        });
        Self { url }
    }

    /// Serves the files of a folder, and whatever `instead` has an answer for.
    pub(crate) fn of_files(
        folder: &str,
        instead: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let folder = folder.to_owned();
        Self::start(move |path| Some(instead(path).unwrap_or_else(|| Self::file(&folder, path))))
    }

    /// Reads a file of a folder by its path in a URL.
    pub(crate) fn file(folder: &str, path: &str) -> Reply {
        let name = if path == "/" {
            "index.html"
        } else {
            &path[1..]
        };
        let kind = match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "html" => "text/html",
            "css" => "text/css",
            "js" => "text/javascript",
            "wasm" => "application/wasm",
            "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        let bytes = std::fs::read(Path::new(folder).join(name));
        bytes.map_or_else(|_| Reply::missing(), |bytes| Reply::new(200, kind, bytes))
    }

    /// Returns its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

fn serve(
    visitor: &TcpStream,
    answer: &(impl Fn(&str) -> Option<Reply> + ?Sized),
) -> std::io::Result<()> {
    let mut lines = BufReader::new(visitor).lines();
    // A connection that a browser opens ahead is closed without a word.
    let Some(request) = lines.next().transpose()? else {
        return Ok(());
    };
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split([' ', '?']).nth(1).unwrap_or("/");
    match answer(path) {
        Some(reply) => reply.write(visitor),
        None => {
            // Until the browser gives up.
            let mut rest = BufReader::new(visitor);
            while !rest.fill_buf()?.is_empty() {
                let len = rest.buffer().len();
                rest.consume(len);
            }
            Ok(())
        }
    }
}
