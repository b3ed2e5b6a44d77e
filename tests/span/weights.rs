//! Weights of records, compared with the memory that an allocator hands out for them.
//!
//! A binary of its own, as its allocator counts. Each thread counts for itself.
#![expect(unsafe_code, reason = "an allocator is unsafe to write")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Debug;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use spanwright::record::{
    Array, Attribute, Breadcrumb, Cause, CodeLines, ErrorRecord, EventRecord, Happening, Level,
    LinkRecord, LocalTrace, LogId, LogRecord, Metadata, ReportId, RequestRecord, Segment, Severity,
    Source, SpanContext, SpanId, SpanRecord, StackFrame, Status, Subject, TraceId, Value,
};

struct Counting;

thread_local! {
    static HELD_BYTES: Cell<usize> = const { Cell::new(0) };
}

/// Memory that `malloc` of the GNU C library takes for an allocation on 64-bit systems, in bytes.
fn chunk_bytes(layout: Layout) -> usize {
    (layout.size() + 8).next_multiple_of(16).max(32)
}

// SAFETY: everything is the system's; a thread-local without a destructor is safe to touch here.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD_BYTES.set(HELD_BYTES.get().wrapping_add(chunk_bytes(layout)));
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        HELD_BYTES.set(HELD_BYTES.get().wrapping_sub(chunk_bytes(layout)));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Compares a weight with the memory that is freed with the record: it is never less, and at most a tenth
/// more but for texts that are known at compile time.
fn compare<R: Debug>(record: R, weight_bytes: usize) -> Result<(), TestCaseError> {
    const STATIC_BYTES: usize = 1_024;
    let shown = format!("{record:?}");
    let before = HELD_BYTES.get();
    drop(record);
    let memory_bytes = size_of::<R>() + before.wrapping_sub(HELD_BYTES.get());
    let allowed = memory_bytes..=memory_bytes + memory_bytes / 10 + STATIC_BYTES;
    prop_assert!(allowed.contains(&weight_bytes), "{weight_bytes} of {memory_bytes}: {shown}");
    Ok(())
}

/// Texts as a formatter leaves them, with room for more.
fn text() -> impl Strategy<Value = String> {
    ("[a-z]{0,40}", 0_usize..200).prop_map(|(text, spare)| {
        let mut with_room = String::with_capacity(text.len() + spare);
        with_room.push_str(&text);
        with_room
    })
}

fn cow() -> impl Strategy<Value = Cow<'static, str>> {
    prop_oneof![Just(Cow::Borrowed("known")), text().prop_map(Cow::Owned)]
}

/// Lists as pushing leaves them, with room for more.
fn list<T: Debug + Clone>(
    item: impl Strategy<Value = T>,
    max: usize,
) -> impl Strategy<Value = Vec<T>> {
    (vec(item, 0..max), 0_usize..9).prop_map(|(items, spare)| {
        let mut with_room = Vec::with_capacity(items.len() + spare);
        with_room.extend(items);
        with_room
    })
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let value = prop_oneof![
        any::<i64>().prop_map(Value::I64),
        cow().prop_map(Value::Str),
        list(any::<bool>(), 20).prop_map(|items| Value::Array(Array::Bool(items))),
        list(any::<i64>(), 20).prop_map(|items| Value::Array(Array::I64(items))),
        list(text(), 5).prop_map(|items| Value::Array(Array::Str(items))),
    ];
    (cow(), value).prop_map(|(key, value)| Attribute { key, value })
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    list(attribute(), 6)
}

fn context() -> SpanContext {
    SpanContext::sampled(TraceId::from_u128(1), SpanId::from_u64(1))
}

fn event() -> impl Strategy<Value = EventRecord> {
    (cow(), attributes()).prop_map(|(name, attributes)| EventRecord {
        name,
        unix_ns: 0,
        attributes,
        dropped_attributes: 0,
    })
}

fn segment() -> impl Strategy<Value = Segment> {
    let metadata = (cow(), cow(), text());
    let metadata = metadata.prop_map(|(namespace, key, json)| Metadata { namespace, key, json });
    let lists = (attributes(), list(metadata, 4), list(text(), 4), option::of(text()));
    lists.prop_map(|(annotations, metadata, errors, rule)| Segment {
        annotations,
        metadata,
        errors,
        sampling_rule: rule.map(Into::into),
        ..Segment::default()
    })
}

fn span() -> impl Strategy<Value = SpanRecord> {
    static SOURCE: Source = Source::by_hand("work", "");
    let link = attributes().prop_map(|attributes| LinkRecord {
        context: context(),
        attributes,
        dropped_attributes: 0,
    });
    let lists = (attributes(), list(event(), 4), list(link, 3));
    (cow(), cow(), option::of(text()), lists, option::of(segment())).prop_map(
        |(name, message, state, (attributes, events, links), segment)| SpanRecord {
            name,
            status: Status::Error { message },
            trace_state: state.map(Into::into),
            attributes,
            events,
            links,
            segment: segment.map(Box::new),
            ..SpanRecord::new(context(), &SOURCE, 0, 0)
        },
    )
}

fn log() -> impl Strategy<Value = LogRecord> {
    (cow(), cow(), attributes(), option::of(text())).prop_map(
        |(target, message, attributes, user)| LogRecord {
            id: LogId::new(1, 1),
            unix_ns: 1,
            level: Level::Info,
            target,
            file: None,
            line: None,
            message,
            attributes,
            span: None,
            user: user.map(Into::into),
        },
    )
}

fn report() -> impl Strategy<Value = ErrorRecord> {
    let cause = (option::of(cow()), text());
    let cause = cause.prop_map(|(type_name, message)| Cause { type_name, message });
    let code = (list(text(), 4), text(), list(text(), 4));
    let code = code.prop_map(|(before, line, after)| CodeLines { before, line, after });
    let frame = (option::of(text()), option::of(text()), option::of(code));
    let frame = frame.prop_map(|(function, file, code)| StackFrame {
        function,
        file,
        code,
        ..StackFrame::default()
    });
    let pairs = || list((text(), text()), 4);
    let request = (text(), text(), option::of(text()), pairs(), pairs());
    let request = request.prop_map(|(method, url, body, params, headers)| RequestRecord {
        method,
        url,
        body,
        params,
        headers,
        ..RequestRecord::default()
    });
    let what = prop_oneof![
        text().prop_map(|message| Happening::Note { message }),
        (text(), text()).prop_map(|(method, url)| Happening::Call { method, url, status: None }),
        (cow(), option::of(text())).prop_map(|(name, error)| Happening::Span {
            name,
            duration_ns: 1,
            error
        }),
    ];
    let crumb = what.prop_map(|what| Breadcrumb { unix_ns: 1, severity: Severity::Info, what });
    let texts = (option::of(text()), list(cow(), 4), attributes());
    (list(cause, 4), list(frame, 4), option::of(request), list(crumb, 4), texts).prop_map(
        |(causes, stack, request, breadcrumbs, (title, spans, custom))| ErrorRecord {
            title,
            stack,
            spans,
            request,
            custom,
            breadcrumbs,
            ..ErrorRecord::new(ReportId::from_random(1), 1, Severity::Error, Subject::Error(causes))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn weight_of_a_span_is_its_memory(span in span()) {
        let weight_bytes = span.weight_bytes();
        compare(span, weight_bytes)?;
    }

    #[test]
    fn weight_of_a_trace_is_its_memory(spans in list(span(), 3)) {
        let trace = LocalTrace { root_id: SpanId::from_u64(1), spans };
        let weight_bytes = trace.weight_bytes();
        compare(trace, weight_bytes)?;
    }

    #[test]
    fn weight_of_a_log_event_is_its_memory(log in log()) {
        let weight_bytes = log.weight_bytes();
        compare(log, weight_bytes)?;
    }

    #[test]
    fn weight_of_a_report_is_its_memory(report in report()) {
        let weight_bytes = report.weight_bytes();
        compare(report, weight_bytes)?;
    }
}
