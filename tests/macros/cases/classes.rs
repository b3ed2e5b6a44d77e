//! Errors whose type gives their class.

use std::error::Error;
use std::fmt::{self, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use spanwright::{ClassifyError, ErrorClass, report_errors, traced, xray_subsegment};

use super::block_on;
use crate::{check, check_reports, check_segments};

/// An error of an application, with one variant a class, and one whose classification panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Failed {
    Fault,
    Error,
    Throttle,
    Ignored,
    Broken,
}

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no")
    }
}

impl Error for Failed {}

impl ClassifyError for Failed {
    fn error_class(&self) -> ErrorClass {
        match self {
            Self::Fault => ErrorClass::Fault,
            Self::Error => ErrorClass::Error,
            Self::Throttle => ErrorClass::Throttle,
            Self::Ignored => ErrorClass::Ignored,
            Self::Broken => std::panic::resume_unwind(Box::new("class")),
        }
    }
}

const ALL: [Failed; 5] =
    [Failed::Fault, Failed::Error, Failed::Throttle, Failed::Ignored, Failed::Broken];

#[traced(kind = "server", fields(of = ?failed), err(event, fields(seen = true)))]
#[report_errors(custom(of = ?failed))]
fn answer(failed: Failed) -> Result<(), Failed> {
    Err(failed)
}

#[test]
fn c01_an_ignored_error_does_not_fail_the_span() {
    let line = |of| {
        format!(
            "answer [Server] of={of} error.type=macros::cases::classes::Failed seen=true @exception -> error !no\n"
        )
    };
    let expected = ["Fault", "Error", "Throttle"].map(line).concat()
        + "answer [Server] of=Ignored seen=true\n"
        + &line("Broken");
    check(&expected, || {
        for failed in ALL {
            assert_eq!(answer(failed), Err(failed));
        }
    });
}

#[test]
fn c02_the_class_sets_the_flags_of_a_segment() {
    let expected = "answer -> error !Fault\nanswer -> error !Error\nanswer -> error !Throttle\n\
                    answer !Ignored\nanswer -> error\n";
    check_segments(expected, || {
        for failed in ALL {
            assert_eq!(answer(failed), Err(failed));
        }
    });
}

#[test]
fn c03_only_faults_are_reported_by_default() {
    let expected = "error answer: Failed(no) of=Fault\nerror answer: Failed(no) of=Broken\n";
    check_reports(expected, || {
        for failed in ALL {
            assert_eq!(answer(failed), Err(failed));
        }
    });
}

#[report_errors(when = |err| *err != Failed::Fault, custom(of = ?failed))]
async fn chosen(failed: Failed) -> Result<(), Failed> {
    Err(failed)
}

#[report_errors(ignore(Failed::Broken), custom(of = ?failed))]
fn narrowed(failed: Failed) -> Result<(), Failed> {
    Err(failed)
}

#[test]
fn c04_a_condition_of_the_attribute_overrides_the_class() {
    let expected = "error chosen: Failed(no) of=Error\nerror chosen: Failed(no) of=Throttle\n\
                    error chosen: Failed(no) of=Broken\nerror narrowed: Failed(no) of=Fault\n";
    check_reports(expected, || {
        for failed in ALL {
            assert_eq!(block_on(chosen(failed)), Err(failed));
        }
        for failed in ALL {
            assert_eq!(narrowed(failed), Err(failed));
        }
    });
}

#[xray_subsegment(class = "error")]
fn always(failed: Failed) -> Result<(), Failed> {
    Err(failed)
}

#[xray_subsegment(class = |_| ErrorClass::Ignored)]
fn never(failed: Failed) -> Result<(), Failed> {
    Err(failed)
}

#[traced]
#[xray_subsegment(class = ErrorClass::Throttle)]
fn beside(failed: Failed) -> Result<(), Failed> {
    Err(failed)
}

#[test]
fn c05_the_class_of_a_subsegment_overrides_that_of_the_type() {
    #[traced(kind = "server")]
    fn request(failed: Failed) {
        assert_eq!(always(failed), Err(failed));
        assert_eq!(never(failed), Err(failed));
        assert_eq!(beside(failed), Err(failed));
    }
    let expected = "request\n  always -> error !Error\n  never !Ignored\n  beside -> error !Throttle\n\
                    request\n  always -> error !Error\n  never !Ignored\n  beside !Throttle\n";
    check_segments(expected, || {
        request(Failed::Fault);
        request(Failed::Ignored);
    });
}

macro_rules! behind {
    ($($name:ident: $error:ty = $make:expr;)*) => {$(
        #[report_errors]
        fn $name(failed: Failed) -> Result<(), $error> {
            Err($make(failed))
        }
    )*};
}

behind! {
    boxed: Box<Failed> = Box::new;
    counted: Rc<Failed> = Rc::new;
    shared: Arc<Failed> = Arc::new;
    nested: Box<Arc<Failed>> = |failed| Box::new(Arc::new(failed));
    erased: Box<dyn Error> = Into::into;
}

#[report_errors]
fn lent(failed: &Failed) -> Result<(), &Failed> {
    Err(failed)
}

#[report_errors]
fn later(failed: Failed) -> Pin<Box<dyn Future<Output = Result<(), Box<Failed>>>>> {
    Box::pin(async move { Err(Box::new(failed)) })
}

#[report_errors]
fn generic<E: ClassifyError>(error: E) -> Result<(), E> {
    Err(error)
}

#[test]
fn c06_the_class_is_found_behind_pointers() {
    check_reports("error erased: (no)\n", || {
        assert!(boxed(Failed::Error).is_err());
        assert!(counted(Failed::Error).is_err());
        assert!(shared(Failed::Error).is_err());
        assert!(nested(Failed::Error).is_err());
        assert!(lent(&Failed::Error).is_err());
        assert!(block_on(later(Failed::Throttle)).is_err());
        assert!(generic(Failed::Error).is_err());
        // A type that does not tell what it holds has no class.
        assert!(erased(Failed::Error).is_err());
    });
}
