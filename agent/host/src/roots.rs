//! What a scan for references reads of this process: its heap, its variables, C's memory, and the stacks of its threads.
//!
//! Variables and C's memory are read as they are while the process runs, through `/proc/self/mem`: what is unmapped meanwhile is an
//! error then, and no crash; of C's memory, it holds nothing. Stacks are copies that their threads made when the scan began. The server's thread and its pool are the agent's own.

use std::fs::{self, File};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use heapbeacon::memory::{Area, AreaKind};
use heapbeacon::platform::ScanGuard;

use crate::threads::{self, Stack};
use crate::{heap, image, stack};

/// Most distinct names of threads.
const NAMES: usize = 64;

static MEMORY: OnceLock<Option<File>> = OnceLock::new();
static SNAPSHOT: Mutex<Option<Snapshot>> = Mutex::new(None);
/// Names of threads that were seen.
static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// What was found when a scan began.
struct Snapshot {
    /// Roots that are read as they are.
    mapped: Vec<(AreaKind, &'static str, Range<usize>)>,
    stacks: Vec<(&'static str, Stack)>,
}

/// One line of `/proc/self/maps`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapping {
    memory: Range<usize>,
    is_writable: bool,
    path: String,
}

impl Mapping {
    /// Returns whether it is of no file; the kernel may say what for.
    fn has_no_name(&self) -> bool {
        self.path.is_empty() || self.path.starts_with("[anon")
    }
}

/// Returns the area of an index; roots are known while there is a scan. `events` is where the agent keeps some.
pub(crate) fn area(index: usize, events: Range<usize>) -> Option<Area> {
    file()?;
    let listed = [
        Area::read_by(read_memory, AreaKind::Heap, "heap", heap::application()),
        Area::own(heap::server()),
        Area::own(events),
    ];
    if let Some(area) = listed.get(index) {
        return Some(area.clone());
    }
    let index = index - listed.len();
    let snapshot = snapshot();
    let Snapshot { mapped, stacks } = snapshot.as_ref()?;
    if let Some((kind, name, memory)) = mapped.get(index) {
        let read = match kind {
            AreaKind::Driver => read_c_memory,
            _ => read_memory,
        };
        let area = Area::read_by(read, *kind, name, memory.clone());
        let own = image::get().filter(|image| image.data.contains(&memory.start));
        return Some(area.loaded_at(own.map_or(0, |image| image.bias)));
    }
    let (name, stack) = stacks.get(index - mapped.len())?;
    Some(Area::read_by(
        read_stack,
        AreaKind::Stack,
        name,
        stack.memory(),
    ))
}

/// Looks for roots; `None` while another scan is at work.
pub(crate) fn begin() -> Option<ScanGuard> {
    let mut snapshot = snapshot();
    if snapshot.is_some() {
        return None;
    }
    *snapshot = Some(look());
    Some(ScanGuard::new(|| *self::snapshot() = None))
}

fn snapshot() -> MutexGuard<'static, Option<Snapshot>> {
    SNAPSHOT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns this process's memory as a file.
fn file() -> Option<&'static File> {
    let file = MEMORY.get_or_init(|| File::open("/proc/self/mem").ok());
    file.as_ref()
}

fn look() -> Snapshot {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let writable: Vec<_> = maps
        .lines()
        .filter_map(mapping)
        .filter(|mapping| mapping.is_writable)
        .collect();
    let copies = threads::copy_stacks(writable.iter().map(|mapping| mapping.memory.clone()));
    let mut mapped = Vec::new();
    for (index, mapping) in writable.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &writable[before]);
        if let Some((kind, name)) = root(mapping, before) {
            mapped.push((kind, keep(name), mapping.memory.clone()));
        } else if mapping.has_no_name() {
            mapped.extend(unnamed(&mapping.memory, &copies));
        }
    }
    let stacks = copies.into_iter();
    Snapshot {
        mapped,
        stacks: stacks.map(|(name, stack)| (keep(&name), stack)).collect(),
    }
}

/// Returns what memory without a name is as a root: what C has allocated, or variables of a thread whose stack lies elsewhere. A
/// stack is none: its copy goes up to the end of its mapping.
fn unnamed(
    memory: &Range<usize>,
    stacks: &[(String, Stack)],
) -> Option<(AreaKind, &'static str, Range<usize>)> {
    let has = |address: usize| memory.contains(&address);
    let mut threads = stacks.iter().map(|(_, stack)| stack);
    if threads.clone().any(|stack| has(stack.memory().start)) {
        return None;
    }
    let (kind, name) = match threads.any(|stack| has(stack.thread_pointer())) {
        true => (AreaKind::Static, "thread-local"),
        false => (AreaKind::Driver, "mmap"),
    };
    // Who asks is the agent, whose stack is its own.
    let own_end = stack::end();
    let start = match has(own_end.saturating_sub(1)) {
        true => own_end,
        false => memory.start,
    };
    Some((kind, name, start..memory.end))
}

/// Returns what a mapping is as a root, if it is one: C's heap, or variables, by the name of their executable or library.
fn root<'m>(mapping: &'m Mapping, before: Option<&'m Mapping>) -> Option<(AreaKind, &'m str)> {
    if mapping.path == "[heap]" {
        return Some((AreaKind::Driver, "malloc"));
    }
    // What is zero at the start has no file, and follows directly what has one.
    let is_behind = |before: &&Mapping| before.memory.end == mapping.memory.start;
    let named = match mapping.has_no_name() {
        true => before.filter(is_behind)?,
        false => mapping,
    };
    let (_, file) = named.path.rsplit_once('/')?;
    Some((AreaKind::Static, file))
}

/// Reads a line of `/proc/self/maps` (`proc_pid_maps(5)`).
fn mapping(line: &str) -> Option<Mapping> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let address = |digits| usize::from_str_radix(digits, 16).ok();
    let rights = fields.next()?;
    Some(Mapping {
        memory: address(start)?..address(end)?,
        is_writable: rights.starts_with("rw"),
        path: fields.nth(3).unwrap_or_default().to_owned(),
    })
}

/// Keeps a name for as long as the process runs.
fn keep(name: &str) -> &'static str {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known.iter().find(|known| **known == name) {
        return known;
    }
    if known.len() == NAMES {
        return "thread";
    }
    let name: &'static str = name.to_owned().leak();
    known.push(name);
    name
}

fn read_memory(from: usize, out: &mut [usize]) -> usize {
    const WORD: usize = size_of::<usize>();
    const BYTES: usize = 64 * WORD;
    let mut read = 0;
    let mut bytes = [0; BYTES];
    for part in out.chunks_mut(BYTES / WORD) {
        let bytes = &mut bytes[..size_of_val(part)];
        let at = (from + read * WORD) as u64;
        if file().is_none_or(|file| file.read_exact_at(bytes, at).is_err()) {
            break;
        }
        for (word, bytes) in part.iter_mut().zip(bytes.chunks_exact(WORD)) {
            *word = bytes.try_into().map_or(0, usize::from_ne_bytes);
        }
        read += part.len();
    }
    read
}

/// Reads C's memory, of which C may have given some back since the scan began: that holds nothing any more.
fn read_c_memory(from: usize, out: &mut [usize]) -> usize {
    let read = read_memory(from, out);
    out[read..].fill(0);
    out.len()
}

fn read_stack(from: usize, out: &mut [usize]) -> usize {
    let snapshot = snapshot();
    let mut stacks = snapshot.iter().flat_map(|snapshot| &snapshot.stacks);
    let stack = stacks.find(|(_, stack)| stack.memory().contains(&from));
    stack.map_or(0, |(_, stack)| stack.read(from, out))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn line(text: &str) -> Mapping {
        mapping(text).expect("it is a line")
    }

    #[test]
    fn a_line_of_the_maps_is_read() {
        let data = line("55d0c0a0c000-55d0c0a10000 rw-p 00a0b000 08:01 1311 /usr/bin/agent");
        assert_eq!(data.memory, 0x55d0_c0a0_c000..0x55d0_c0a1_0000);
        assert_eq!((data.is_writable, &*data.path), (true, "/usr/bin/agent"));
        assert!(!line("7f00-8000 r-xp 0 08:01 1311 /usr/lib/libc.so.6").is_writable);
        assert_eq!(mapping("nonsense"), None);
    }

    #[test]
    fn zeroes_behind_a_file_are_its_variables_and_others_are_not() {
        let data = line("1000-2000 rw-p 0 08:01 1311 /usr/bin/agent");
        let (bss, apart) = (
            line("2000-3000 rw-p 0 00:00 0"),
            line("5000-6000 rw-p 0 00:00 0"),
        );
        assert_eq!(root(&bss, Some(&data)), Some((AreaKind::Static, "agent")));
        assert_eq!(root(&apart, Some(&data)), None);
        assert_eq!(root(&bss, None), None);
    }

    /// Where C's allocator puts blocks: large ones alone, those of threads in an arena of their own.
    fn c_block(bytes: usize) -> usize {
        // SAFETY: any size may be asked for.
        unsafe { libc::malloc(bytes) }.addr()
    }

    #[test]
    fn what_c_has_given_back_holds_nothing_and_other_memory_that_is_gone_is_unread() {
        let gone = usize::MAX / 2 / 8 * 8;
        let mut words = [7; 4];
        assert_eq!(read_memory(gone, &mut words), 0);
        assert_eq!((read_c_memory(gone, &mut words), words), (4, [0; 4]));
        let there = [5_usize, 6];
        assert_eq!(read_c_memory(there.as_ptr().addr(), &mut words[..2]), 2);
        assert_eq!(words, [5, 6, 0, 0]);
    }

    #[test]
    fn what_c_holds_is_a_root_wherever_it_lies_and_stacks_are_only_where_they_live() {
        let large = c_block(1 << 20);
        let (place, places) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let local = 0;
            let here = (c_block(64), (&raw const local).addr());
            place.send(here).expect("the test waits");
            let _ = ended.recv();
        });
        let (small, on_stack) = places.recv().expect("the thread runs");
        let own = 0;
        let snapshot = look();
        let is_mapped = |at: usize| {
            snapshot
                .mapped
                .iter()
                .any(|(.., memory)| memory.contains(&at))
        };
        assert!(is_mapped(large) && is_mapped(small));
        assert!(!is_mapped(on_stack) && !is_mapped((&raw const own).addr()));
        drop(end);
        thread.join().expect("it ends");
    }
}
