//! The tracer against a plain model: a vector of blocks.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Allocate {
        block: usize,
        size: usize,
        stack: usize,
    },
    Free {
        block: usize,
    },
    FreeInside {
        block: usize,
    },
    FailedRealloc {
        size: usize,
    },
    Pause,
    Resume,
    Stop,
    Start(Mode),
}

fn step() -> impl Strategy<Value = Step> {
    let block = 1_usize..40;
    prop_oneof![
        40 => (block.clone(), 1_usize..500, 0_usize..8)
            .prop_map(|(block, size, stack)| Step::Allocate { block, size, stack }),
        30 => block.clone().prop_map(|block| Step::Free { block }),
        10 => block.prop_map(|block| Step::FreeInside { block }),
        3 => (1_usize..500).prop_map(|size| Step::FailedRealloc { size }),
        2 => Just(Step::Pause),
        4 => Just(Step::Resume),
        1 => Just(Step::Stop),
        1 => Just(Step::Start(Mode::All)),
        1 => Just(Step::Start(Mode::Leaks)),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Block {
    address: usize,
    size: usize,
    stack: usize,
    live: bool,
    /// How many allocations there were before it.
    number: u64,
}

/// What the tracer should know, written down the plainest way.
struct Model {
    capacity: usize,
    state: State,
    mode: Mode,
    blocks: Vec<Block>,
    counters: Summary,
    high_water_mark: usize,
    /// Unmatched frees since somebody looked that can still be of a block, and which ones those are.
    suspects: Vec<Vec<u64>>,
    /// How many allocations there were when recording went on after a stop, and after a stop or a pause.
    trusted_after: u64,
    complete_after: u64,
    /// Leaks mode: the blocks whose records were removed and whose slots were not used again, the latest last.
    vacant: Vec<Block>,
}

impl Model {
    fn address(block: usize) -> usize {
        block * 1024
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Allocate { block, size, stack } if self.state == State::Recording => {
                self.counters.total_allocations += 1;
                self.counters.total_allocated_bytes += size as u64;
                self.miss(Self::address(block));
                self.vacant.pop();
                if self.blocks.len() == self.capacity {
                    self.evict();
                }
                self.blocks.push(Block {
                    address: Self::address(block),
                    size,
                    stack,
                    live: true,
                    number: self.counters.total_allocations,
                });
                self.high_water_mark = self.high_water_mark.max(self.blocks.len());
            }
            Step::Free { block } if self.state >= State::Recording => {
                self.free(Self::address(block))
            }
            Step::FreeInside { block } if self.state >= State::Recording => {
                self.free(Self::address(block) + 1)
            }
            Step::FailedRealloc { size } if self.state == State::Recording => {
                self.counters.failed_allocations += 1;
                self.counters.failed_bytes += size as u64;
            }
            Step::Pause if self.state == State::Recording => self.state = State::Paused,
            Step::Resume => {
                self.look();
                if self.state == State::Stopped {
                    self.trusted_after = self.counters.total_allocations;
                }
                if self.state != State::Recording {
                    self.complete_after = self.counters.total_allocations;
                }
                self.state = State::Recording;
            }
            Step::Stop if self.state != State::Stopped => self.state = State::Stopped,
            Step::Start(mode) => {
                *self = Self {
                    state: State::Recording,
                    mode,
                    ..Self::new(self.capacity)
                };
            }
            _ => {}
        }
    }

    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: State::Stopped,
            mode: Mode::All,
            blocks: Vec::new(),
            counters: Summary::default(),
            high_water_mark: 0,
            suspects: Vec::new(),
            trusted_after: 0,
            complete_after: 0,
            vacant: Vec::new(),
        }
    }

    /// Somebody looks: the suspects are checked.
    fn look(&mut self) {
        self.suspects.clear();
    }

    fn evict(&mut self) {
        let block = self.blocks.remove(0);
        self.counters.evicted += 1;
        if block.live {
            self.is_gone(block.number);
            self.counters.evicted_live += 1;
            self.counters.evicted_live_bytes += block.size as u64;
        }
    }

    fn free(&mut self, address: usize) {
        let newest = self
            .blocks
            .iter()
            .rposition(|block| block.live && block.address == address);
        match newest {
            None => self.suspect(address),
            Some(index) => {
                self.is_gone(self.blocks[index].number);
                self.counters.matched_frees += 1;
                self.counters.matched_freed_bytes += self.blocks[index].size as u64;
                self.end(index);
            }
        }
    }

    /// An address is handed out: no block is live there any more.
    fn miss(&mut self, address: usize) {
        let is_it = |block: &Block| block.live && block.address == address;
        if let Some(index) = self.blocks.iter().position(is_it) {
            self.is_gone(self.blocks[index].number);
            self.counters.missed_frees += 1;
            self.counters.missed_freed_bytes += self.blocks[index].size as u64;
            self.end(index);
        }
    }

    fn end(&mut self, index: usize) {
        match self.mode {
            Mode::Leaks => self.vacant.push(self.blocks.remove(index)),
            Mode::All => self.blocks[index].live = false,
        }
    }

    /// Whether a free of an address without a live block is a double free, as far as can be known.
    fn is_double(&self, address: usize) -> bool {
        let lately = self.vacant.iter().rev().take(16);
        let is_it = |block: &&Block| block.address == address;
        let freed = match self.mode {
            Mode::Leaks => lately.copied().find(|block| is_it(&block)),
            Mode::All => self.blocks.iter().rfind(is_it).copied(),
        };
        let is_complete = |block: Block| block.number > self.complete_after;
        self.state == State::Recording && freed.is_some_and(is_complete)
    }

    fn suspect(&mut self, address: usize) {
        self.counters.unmatched_frees += 1;
        if self.suspects.len() == ledger::PENDING {
            self.counters.unchecked_frees += 1;
            return;
        }
        let around =
            |block: &&Block| (block.address..block.address + block.size).contains(&address);
        let is_there = |block: &&Block| block.live && block.number > self.trusted_after;
        let live = self.blocks.iter().filter(is_there);
        let around: Vec<_> = live.filter(around).map(|block| block.number).collect();
        let is_wrong = !around.is_empty() || self.is_double(address);
        self.counters.wrong_frees += u64::from(is_wrong);
        self.suspects.push(around);
    }

    fn is_gone(&mut self, block: u64) {
        self.suspects.retain(|around| !around.contains(&block));
    }
}

fn frames(stack: usize) -> Vec<usize> {
    (0..=stack)
        .map(|frame| 0x4200_0000 + frame * 16 + stack)
        .collect()
}

fn apply(fixture: &Fixture, step: Step) {
    let tracer = &fixture.tracer;
    match step {
        Step::Allocate { block, size, stack } => {
            fixture.allocate_from(Model::address(block), size, &frames(stack));
        }
        Step::Free { block } => fixture.free(Model::address(block)),
        Step::FreeInside { block } => fixture.free(Model::address(block) + 1),
        Step::FailedRealloc { size } => fixture.fail(size),
        // A call that does not fit the state is refused, which the model does by doing nothing.
        Step::Pause => drop(tracer.alloc_pause()),
        Step::Resume => drop(tracer.resume()),
        Step::Stop => drop(tracer.stop()),
        Step::Start(mode) => drop(tracer.start(mode, 0)),
    }
}

fn compare(fixture: &Fixture, model: &Model) {
    let summary = fixture.tracer.summary();
    let seen = fixture.records();
    let blocks: Vec<_> = seen
        .iter()
        .map(|record| {
            (
                record.address.0 as usize,
                record.size as usize,
                record.freed.is_none(),
            )
        })
        .collect();
    let wanted: Vec<_> = model
        .blocks
        .iter()
        .map(|block| (block.address, block.size, block.live))
        .collect();
    assert_eq!(blocks, wanted);
    assert!(seen.is_sorted_by(|a, b| a.seq < b.seq));
    for (record, block) in seen.iter().zip(&model.blocks) {
        let stack = fixture.stack(record.stack).unwrap();
        assert_eq!(
            stack.frames,
            frames(block.stack)
                .iter()
                .map(|f| *f as u64)
                .collect::<Frames>()
        );
    }
    assert_eq!(summary.high_water_mark as usize, model.high_water_mark);
    assert_eq!(summary.state, model.state);
    assert_eq!(counted(summary), model.counters);
    fixture.assert_accounts();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 2 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_tracer_agrees_with_a_plain_model(
        capacity in 1_u32..24,
        steps in proptest::collection::vec(step(), 1..if cfg!(miri) { 40 } else { 300 }),
        // What is found out only when somebody looks does not depend on how often that is.
        unseen in prop_oneof![Just(1), 2_usize..100],
    ) {
        let fixture = Fixture::with_records(capacity);
        let mut model = Model::new(capacity as usize);
        for steps in steps.chunks(unseen) {
            for step in steps {
                apply(&fixture, *step);
                model.apply(*step);
            }
            model.look();
            compare(&fixture, &model);
        }
    }
}
