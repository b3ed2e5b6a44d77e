//! A forked child has telemetry of its own, or none that is at once known to be off.

use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use spanwright::loss::LossReason;
use spanwright::record::{ErrorRecord, Processor, Severity};
use spanwright::sample::{Decide, Decision, Input, Sampler};
use spanwright::{Span, report_message, set_user, traced};
use support::otlp_sink::OtlpSink;

use crate::Case;
use crate::support::{
    LONG, assert_delivered, assert_spans, assert_traces, at_once, config, deliver, in_child,
    install, print, status_of,
};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "fork_before_install_gives_each_process_its_own_ids",
        run: before_install,
        check: |sink, run| assert_traces(sink, run, &["child", "parent"]),
    },
    Case {
        name: "fork_after_ids_are_seeded_gives_each_process_its_own_ids",
        run: after_seeding,
        check: |sink, run| {
            assert_traces(sink, run, &["child", "parent", "seeds"]);
            let printed = String::from_utf8_lossy(&run.stdout);
            let reports: HashSet<_> = printed.lines().collect();
            assert_eq!(reports.len(), 3, "two processes have made one report id: {printed}");
        },
    },
    Case {
        name: "panic_in_a_child_is_named_though_its_parent_named_one",
        run: named_panics,
        check: |_, run| {
            let printed = String::from_utf8_lossy(&run.stderr);
            assert!(run.status.success(), "{printed}");
            assert_eq!(printed.matches("sampler").count(), 2, "{printed}");
        },
    },
    Case {
        name: "forked_child_installs_anew_with_sums_from_zero",
        run: after_install,
        check: |sink, run| assert_traces(sink, run, &["after", "before", "child"]),
    },
    Case {
        name: "unsent_spans_stay_with_the_parent",
        run: with_spans_pending,
        check: |sink, run| assert_traces(sink, run, &["child", "pending"]),
    },
    Case {
        name: "span_open_at_the_fork_is_sent_by_the_parent_alone",
        run: inside_a_span,
        check: assert_one_trace,
    },
    Case {
        name: "locks_of_other_threads_do_not_hang_the_child",
        run: under_load,
        check: |sink, run| {
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
            let spans = sink.spans().concat();
            assert_eq!(spans.iter().filter(|span| span.name == "child").count(), CHILDREN);
        },
    },
    Case {
        name: "grandchild_has_its_own_ids_and_sums",
        run: grandchild,
        check: |sink, run| assert_traces(sink, run, &["child", "grandchild", "parent"]),
    },
    Case {
        name: "child_that_exits_or_execs_does_not_wait_or_print",
        run: short_children,
        check: |sink, run| {
            assert_traces(sink, run, &["parent"]);
            assert_eq!(String::from_utf8_lossy(&run.stderr), "");
        },
    },
    Case {
        name: "child_without_an_install_counts_and_says_once_that_it_is_off",
        run: off_in_the_child,
        check: |sink, run| {
            assert_traces(sink, run, &["parent"]);
            let printed = String::from_utf8_lossy(&run.stderr);
            assert_eq!(printed.matches("install").count(), 1, "{printed}");
        },
    },
];

#[traced]
fn leaf() {}

fn before_install(endpoint: &str) {
    // The standard library keeps random keys per thread, and a fork copies them.
    let _keys = HashMap::<u8, u8>::new();
    in_child(|| deliver("child", endpoint));
    deliver("parent", endpoint);
}

fn after_seeding(endpoint: &str) {
    // The ids of this thread and those of reports are seeded; a fork copies the seeds.
    let report = |name, spans| {
        let telemetry = config(endpoint).error_processor(Ignore).install();
        let telemetry = telemetry.expect("nothing else is installed");
        Span::root(name).end();
        print(&format!("{:?}", report_message("out of stock", Severity::Warning)));
        let report = telemetry.shutdown(LONG);
        assert_eq!((report.in_time, report.spans.delivered), (true, spans), "{report}");
    };
    report("seeds", 1);
    in_child(|| report("child", 1));
    report("parent", 2);
}

#[derive(Debug)]
struct Broken;

impl Decide for Broken {
    fn decide(&self, _: &Input<'_>) -> Decision {
        std::panic::resume_unwind(Box::new("on purpose"))
    }
}

fn named_panics(endpoint: &str) {
    let root = || {
        let telemetry = config(endpoint).sampler(Sampler::Custom(Arc::new(Broken))).install();
        let telemetry = telemetry.expect("nothing else is installed");
        for _ in 0..2 {
            Span::root("work").end();
        }
        assert!(telemetry.shutdown(LONG).in_time);
    };
    root();
    in_child(root);
}

fn after_install(endpoint: &str) {
    let mut telemetry = Some(install(endpoint));
    Span::root("before").end();
    in_child(|| {
        let telemetry = telemetry.take().expect("the fork has copied it");
        assert!(!telemetry.is_running());
        for report in [at_once(|| telemetry.flush(LONG)), at_once(|| telemetry.shutdown(LONG))] {
            assert!(!report.in_time, "{report}");
            assert_eq!(report.spans.accepted, 0, "{report}");
        }
        deliver("child", endpoint);
    });
    Span::root("after").end();
    assert_delivered(&telemetry.expect("this is the parent").shutdown(LONG), 2);
}

fn with_spans_pending(endpoint: &str) {
    let mut telemetry = Some(install(endpoint));
    Span::root("pending").end();
    in_child(|| {
        at_once(|| drop(telemetry.take()));
        deliver("child", endpoint);
    });
    assert_delivered(&telemetry.expect("this is the parent").shutdown(LONG), 1);
}

fn inside_a_span(endpoint: &str) {
    let telemetry = install(endpoint);
    let mut outer = Some(Span::root("outer"));
    in_child(|| {
        let telemetry = install(endpoint);
        let outer = outer.take().expect("the fork has copied it");
        outer.in_scope(|| Span::new("inner").end());
        outer.end();
        let report = telemetry.shutdown(LONG);
        assert!(report.in_time, "{report}");
        assert_eq!((report.spans.accepted, report.spans.delivered), (2, 1), "{report}");
        assert_eq!(report.spans.lost_to(LossReason::Forked), 1, "{report}");
    });
    outer.expect("this is the parent").end();
    assert_delivered(&telemetry.shutdown(LONG), 1);
}

fn assert_one_trace(sink: &OtlpSink, run: &Output) {
    assert_spans(sink, run, &["inner", "outer"]);
    let spans = sink.spans().concat();
    let named = |name: &str| spans.iter().find(|span| span.name == name).expect("it is there");
    assert_eq!(named("inner").parent_span_id, named("outer").span_id);
}

/// Number of children that are forked while other threads work.
const CHILDREN: usize = 20;

/// Has the reports of errors finished, and keeps none.
struct Ignore;

impl Processor<ErrorRecord> for Ignore {
    fn process(&self, _: &Arc<[ErrorRecord]>) {}
}

fn under_load(endpoint: &str) {
    let telemetry = config(endpoint).error_processor(Ignore).install();
    let mut telemetry = Some(telemetry.expect("nothing else is installed"));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    work();
                }
            });
        }
        for _ in 0..CHILDREN {
            in_child(|| {
                at_once(|| drop(telemetry.take()));
                deliver("child", endpoint);
            });
        }
        is_over.store(true, Ordering::Relaxed);
    });
    drop(telemetry);
}

/// Something of all that takes a lock.
fn work() {
    let request = Span::build("request").segment().start();
    request.in_scope(|| {
        set_user("andrew");
        leaf();
        thread::scope(|scope| {
            scope.spawn(leaf);
        });
        report_message("out of stock", Severity::Warning);
    });
    request.end();
}

fn grandchild(endpoint: &str) {
    let telemetry = install(endpoint);
    in_child(|| {
        let mut telemetry = Some(install(endpoint));
        Span::root("child").end();
        in_child(|| {
            at_once(|| drop(telemetry.take()));
            deliver("grandchild", endpoint);
        });
        assert_delivered(&telemetry.expect("this is the child").shutdown(LONG), 1);
    });
    Span::root("parent").end();
    assert_delivered(&telemetry.shutdown(LONG), 1);
}

fn short_children(endpoint: &str) {
    let telemetry = install(endpoint);
    at_once(|| in_child(|| {}));
    #[expect(unsafe_code, reason = "the case is about this call")]
    // SAFETY: it ends the process and does nothing else.
    let exit = || unsafe { nix::libc::_exit(7) };
    assert_eq!(at_once(|| status_of(exit)), 7);
    let program = CString::new("/bin/true").expect("it has no zero");
    at_once(|| {
        in_child(|| {
            let error = nix::unistd::execv(&program, &[&program]);
            panic!("not executed: {error:?}");
        });
    });
    Span::root("parent").end();
    assert_delivered(&telemetry.shutdown(LONG), 1);
}

fn off_in_the_child(endpoint: &str) {
    let telemetry = config(endpoint).error_processor(Ignore).install();
    let telemetry = telemetry.expect("nothing else is installed");
    in_child(|| {
        for _ in 0..3 {
            leaf();
            assert!(report_message("nobody takes it", Severity::Warning).is_none());
        }
        assert!(Span::new("nobody takes it").is_none());
        for _ in 0..2 {
            let report = at_once(|| telemetry.flush(LONG));
            assert!(!report.in_time, "{report}");
        }
    });
    Span::root("parent").end();
    assert_delivered(&telemetry.shutdown(LONG), 1);
}
