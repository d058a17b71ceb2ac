//! C programs against the static library, on this machine and on RISC-V: each checks for itself what calls return.

mod toolchain;

use toolchain::{ESP_IDF, HOST, Machine, RISCV};

/// Every machine, without and with optimisation.
const BUILDS: [(&Machine, &str); 4] = [
    (&HOST, "-O0"),
    (&HOST, "-O2"),
    (&RISCV, "-Og"),
    (&RISCV, "-O2"),
];

#[test]
fn every_call_in_order_and_out_of_order_returns_the_code_of_esp_idf() {
    for (machine, option) in BUILDS {
        let run = machine.run("codes", option);
        assert!(
            run.printed.ends_with("all as it should be\n"),
            "{}",
            run.printed
        );
    }
}

#[test]
fn records_and_counters_are_right_in_arrays_of_any_size() {
    for (machine, option) in BUILDS {
        let run = machine.run("counts", option);
        assert!(
            run.printed.ends_with("all as it should be\n"),
            "{}",
            run.printed
        );
        let count = run.text_behind("nameless: ");
        let sentence = format!("(NB: {count} allocations have no call stack,");
        assert!(run.printed.contains(&sentence), "{}", run.printed);
    }
}

#[test]
fn calls_in_any_order_while_threads_allocate_leave_the_trace_right() {
    let text = HOST.run("threads", "-O2").printed;
    assert!(text.ends_with("all as it should be\n"), "{text}");
}

#[test]
fn a_leak_is_found_with_the_functions_that_made_it() {
    for (machine, option) in BUILDS {
        let run = machine.run("leak", option);
        assert_eq!(run.functions("leaked by:")[..2], ["leaks_a_block", "main"]);
        assert_eq!(run.functions("freed by:")[..2], ["gives_back", "main"]);
        let text = run.printed;
        assert_eq!(text.matches("   321 bytes (@ 0x").count(), 1, "{text}");
        let freed = "0 bytes alive in trace (0/1 allocations)";
        assert!(
            text.contains(freed) && text.contains("total frees: 1\n"),
            "{text}"
        );
        assert!(
            text.contains("321 bytes 'leaked' in trace (1 allocations)"),
            "{text}"
        );
    }
}

#[test]
fn a_dump_of_some_memory_has_its_blocks_alone() {
    let text = RISCV.run("psram", "-O2").printed;
    let dumps: Vec<_> = text.split("====== Heap Trace: ").skip(1).collect();
    let [all, internal, external] = dumps[..] else {
        panic!("three dumps are asked for:\n{text}");
    };
    assert!(
        all.contains("   111 bytes (@ 0x3c000100,    PSRAM) allocated CPU 0"),
        "{all}"
    );
    assert!(
        all.contains("   222 bytes (@ 0x3fc80100, Internal) allocated CPU 0"),
        "{all}"
    );
    assert!(
        all.contains("333 bytes 'leaked' in trace (2 allocations)"),
        "{all}"
    );
    assert!(!internal.contains("   111 bytes (@"), "{internal}");
    assert!(
        internal.contains("222 bytes 'leaked' in trace (1 allocations)"),
        "{internal}"
    );
    assert!(!external.contains("   222 bytes (@"), "{external}");
    assert!(
        external.contains("111 bytes 'leaked' in trace (1 allocations)"),
        "{external}"
    );
}

/// A task has 2 to 4 KB of stack, and runs more than these.
#[test]
fn calls_take_little_of_a_stack() {
    let run = RISCV.run("stack", "-O2");
    let most = [
        ("alloc hook: ", 512),
        ("free hook: ", 512),
        ("heap_trace_summary: ", 1024),
        ("heap_trace_get: ", 1536),
        ("heap_trace_dump: ", 2048),
    ];
    for (call, most) in most {
        let bytes: usize = run.text_behind(call).parse().expect("a number");
        println!("{call}{bytes} bytes of stack");
        assert!(
            bytes <= most,
            "{call}{bytes} bytes of stack are more than {most}"
        );
    }
}

#[test]
fn code_in_the_style_of_esp_idf_compiles_unchanged() {
    for (machine, option) in BUILDS {
        let text = machine.run("usage", option).printed;
        assert!(text.contains("records: 1 (100 capacity, "), "{text}");
        let end = "leak of 64 bytes\nstopped before: ESP_ERR_INVALID_STATE\n";
        assert!(text.ends_with(end), "{text}");
    }
}

#[test]
fn the_port_for_esp_idf_records_every_way_to_allocate() {
    for option in ["-O0", "-O2"] {
        let run = ESP_IDF.run("esp_idf", option);
        let callers = run.functions("allocated by:");
        assert_eq!(callers[0], "asks_for_a_block");
        assert!(
            run.printed.ends_with("all as it should be\n"),
            "{}",
            run.printed
        );
    }
}

#[test]
fn the_headers_are_strict_c_and_cpp_with_call_stacks_of_any_depth() {
    for machine in [&HOST, &RISCV] {
        for depth in [0, 1, 2, 5, 6, 16, 32] {
            let option = format!("-DCONFIG_HEAP_TRACING_STACK_DEPTH={depth}");
            for language in ["-std=c99", "-std=c11", "-std=c17"] {
                machine.check(language, &[&option], "tests/programs/headers.c");
            }
            // In C++, an array of nothing is an extension at the end alone.
            for language in ["-std=c++11", "-std=c++20"] {
                if depth > 0 {
                    machine.check(language, &[&option, "-xc++"], "tests/programs/headers.c");
                }
            }
        }
    }
}
