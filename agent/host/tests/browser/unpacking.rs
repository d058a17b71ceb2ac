//! What `unlzma.js` makes of packed bytes, in a browser.

use heapbeacon_bundle::lzma;
use thirtyfour::prelude::*;

use super::story::bundle;
use crate::support::page::Page;
use crate::support::process::executable;
use crate::support::web_server::{Reply, WebServer};

/// Unpacks each file, in parts of some sizes and cut off at some places, and says what it should not have been.
const UNPACK: &str = r"
(async (count, done) => {
    const bytes = async (answer) => new Uint8Array(await answer.arrayBuffer());
    const parts = (packed, size) => new ReadableStream({
        start(stream) {
            for (let at = 0; at < packed.length; at += size) stream.enqueue(packed.slice(at, at + size));
            stream.close();
        },
    });
    const { unlzma } = await import('/unlzma.js');
    const problems = [];
    for (let file = 0; file < count; file += 1) {
        const [original, packed] = [await bytes(await fetch(`/${file}`)), await bytes(await fetch(`/${file}.lzma`))];
        for (const size of [1, 13, 19, 1460, 1e9]) {
            // By single bytes, large files take too long.
            if (size < 19 && packed.length > 1e5) continue;
            const made = await bytes(unlzma(new Response(parts(packed, size))));
            const isSame = made.length === original.length && made.every((byte, at) => byte === original[at]);
            if (!isSame) problems.push(`file ${file}, which came by ${size} bytes, became another one`);
        }
        for (let part = 0; part < 8; part += 1) {
            const cut = packed.slice(0, (packed.length * part) >> 3);
            let refusal;
            await bytes(unlzma(new Response(cut), (words) => (refusal = words))).catch(() => {});
            if (!refusal) problems.push(`${cut.length} of ${packed.length} bytes of file ${file} were taken for whole`);
        }
    }
    done(problems);
})(...arguments);
";

/// Returns bytes in which nothing comes again.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..count).map(|_| next()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_packed_comes_out_again_and_what_was_cut_off_is_refused() -> WebDriverResult<()> {
    let program = std::fs::read(executable())?;
    let words: Vec<u8> = noise(20_000).iter().flat_map(|at| [*at & 3; 5]).collect();
    let files = vec![
        Vec::new(),
        vec![7],
        vec![0; 300_000],
        noise(70_000),
        words,
        program[..2_000_000.min(program.len())].to_vec(),
    ];
    let count = files.len();
    let packed: Vec<_> = files
        .iter()
        .map(|file| lzma(file))
        .collect::<Result<_, _>>()?;
    let server = WebServer::start(move |path| {
        let octets = |bytes: &Vec<u8>| Reply::new(200, "application/octet-stream", bytes.clone());
        let (number, all) = match path[1..].strip_suffix(".lzma") {
            Some(number) => (number, &packed),
            None => (&path[1..], &files),
        };
        let file = number
            .parse::<usize>()
            .ok()
            .map(|number| octets(&all[number]));
        Some(file.unwrap_or_else(|| WebServer::file(&bundle(), path)))
    });
    let page = Page::open(&format!("{}/icon.svg", server.url())).await?;
    let problems = page.problems_later(UNPACK, vec![count.into()]).await?;
    assert_eq!(problems, [""; 0]);
    page.close().await
}
