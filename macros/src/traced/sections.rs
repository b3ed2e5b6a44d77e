//! `ok(..)`, `err(..)` and `ret(..)`: what is recorded of the result.
//!
//! In: the three arguments. Out: the statements for each way a call can end.
//! Never: looks at a result of a span that nobody records.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Ident;

use crate::args::{self, Arg, Grammar, Value};
use crate::body::{self, Described, ResultPiece, ResultPieces};
use crate::callsite::{Callsite, Level};
use crate::errors::Errors;
use crate::field::{self, Field};
use crate::function::{Function, Output, Shape};
use crate::parameters;
use crate::paths::Paths;

/// The key of a return value that is recorded as a whole, as `tracing` calls it.
const RETURN: &str = "return";

const OK: Grammar = Grammar {
    owner: "`ok(..)`",
    keys: &["fields"],
    hints: &[("level", "a span has one level: `level = ..` of `#[traced]`")],
};

const ERR: Grammar = Grammar {
    owner: "`err(..)`",
    keys: &["fields", "level", "event", "Debug", "Display"],
    hints: &[],
};

const RET: Grammar = Grammar {
    owner: "`ret(..)`",
    keys: &["fields", "Debug", "Display"],
    hints: &[("level", "the return value is an attribute of the span and has the span's level")],
};

/// The three sections.
#[derive(Default)]
pub(super) struct Sections {
    ok: Option<Section>,
    err: Option<Section>,
    ret: Option<Section>,
    described: Described,
    event: Option<Level>,
    /// How a successful value is recorded as a whole.
    returned: Option<Returned>,
}

struct Section {
    /// The word that opens it, which is also the variable in it.
    word: Ident,
    fields: Vec<Field>,
    /// The index of its first key.
    first: usize,
}

#[derive(Clone, Copy, Debug)]
struct Returned {
    debug: bool,
    index: usize,
}

impl Sections {
    /// Takes one of the three arguments.
    pub(super) fn add(&mut self, arg: Arg, errors: &mut Errors) {
        let word = Ident::new(arg.key, arg.span);
        let is_list = matches!(arg.value, Value::List(_));
        let tokens = match arg.value {
            Value::Nothing => TokenStream::new(),
            _ => arg.list("ok(fields(rows = ok.len()))", errors).unwrap_or_default(),
        };
        let mut section = Section { word: word.clone(), fields: Vec::new(), first: 0 };
        if word == "ok" {
            if !is_list {
                errors.at(word.span(), "`ok` needs a list: `ok(fields(rows = ok.len()))`");
            }
            section.read(args::parse(tokens, &OK, errors), errors);
            self.ok = Some(section);
        } else if word == "err" {
            let options = section.read(args::parse(tokens, &ERR, errors), errors);
            for option in options {
                self.add_err(option, errors);
            }
            self.err = Some(section);
        } else {
            let options = section.read(args::parse(tokens, &RET, errors), errors);
            let debug = !options.iter().any(|option| option.key == "Display");
            if !options.is_empty() || section.fields.is_empty() {
                self.returned = Some(Returned { debug, index: 0 });
            }
            self.ret = Some(section);
        }
    }

    fn add_err(&mut self, option: Arg, errors: &mut Errors) {
        match option.key {
            "Debug" => self.described = Described::Debug,
            "Display" => self.described = Described::Display,
            "event" => self.event = self.event.or(Some(Level::ERROR)),
            _ => {
                let level = option.expression("err(level = \"warn\")", errors);
                self.event = level.and_then(|it| Level::parse(&it, errors));
            }
        }
    }

    /// Every field of the three.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.each().flat_map(|section| &section.fields)
    }

    fn each(&self) -> impl Iterator<Item = &Section> {
        [&self.ok, &self.err, &self.ret].into_iter().flatten()
    }

    /// Whether the user's code does not look at the result.
    pub(super) fn is_empty(&self) -> bool {
        self.returned.is_none() && self.fields().next().is_none()
    }

    /// The rules between the sections and the rest of the attribute.
    pub(super) fn check(&self, entry: &[Field], function: &Function, errors: &mut Errors) {
        let always = || entry.iter().chain(self.ret.iter().flat_map(|it| &it.fields));
        // A call ends one way: `ok` and `err` may use the same key.
        field::check_repeated(always().chain(self.ok.iter().flat_map(|it| &it.fields)), errors);
        if let Some(err) = &self.err {
            let keys: Vec<_> = err.fields.iter().map(|field| field.key.text()).collect();
            let shared = always().filter(|field| keys.contains(&field.key.text()));
            field::check_repeated(shared.chain(&err.fields), errors);
        }
        for section in self.each() {
            let mut scope = parameters::scope(&function.signature);
            scope.push(section.word.to_string());
            field::check_scope(&section.fields, &scope, errors);
            check_result(section, function, errors);
        }
    }

    /// Adds the keys of the sections to the callsite.
    pub(super) fn add_keys(&mut self, callsite: &mut Callsite) {
        for section in [&mut self.ok, &mut self.err, &mut self.ret].into_iter().flatten() {
            section.first = callsite.add_keys(&section.fields);
        }
        if let Some(returned) = &mut self.returned {
            returned.index = callsite.keys.len();
            callsite.keys.push(quote_spanned!(Span::mixed_site()=> #RETURN));
        }
    }

    /// The statements of each section.
    pub(super) fn pieces(&self, paths: &Paths) -> ResultPieces {
        let private = paths.private();
        let frame = body::frame();
        let returned = self.returned.map(|it| it.statement(paths));
        let event = self.event.map(|level| {
            let level = level.tokens(&private);
            quote_spanned!(Span::mixed_site()=> #private::error_event(&mut #frame, #level);)
        });
        ResultPieces {
            ok: piece(self.ok.as_ref(), "ok", returned, paths),
            err: piece(self.err.as_ref(), "err", event, paths),
            ret: piece(self.ret.as_ref(), "ret", None, paths),
            described: self.described,
        }
    }
}

impl Section {
    /// Takes the fields out of the arguments and leaves the options.
    fn read(&mut self, args: Vec<Arg>, errors: &mut Errors) -> Vec<Arg> {
        let (fields, options): (Vec<_>, Vec<_>) =
            args.into_iter().partition(|it| it.key == "fields");
        for arg in fields {
            let list = arg.list("fields(rows = ok.len())", errors).unwrap_or_default();
            self.fields = field::parse(list, errors);
        }
        options
    }
}

impl Returned {
    // Output: Recorder::record_debug(&mut frame, 3, ok);
    fn statement(self, paths: &Paths) -> TokenStream {
        let (private, frame) = (paths.private(), body::frame());
        let site = Span::mixed_site();
        let method = Ident::new(if self.debug { "record_debug" } else { "record_display" }, site);
        let index = syn::LitInt::new(&self.index.to_string(), site);
        let record = quote_spanned!(site=> #private::Recorder::#method(&mut #frame, #index, __spanwright_ok););
        field::guarded(&record, paths)
    }
}

/// The statements of a section, with what the attribute itself adds to them.
fn piece(
    section: Option<&Section>,
    word: &str,
    added: Option<TokenStream>,
    paths: &Paths,
) -> Option<ResultPiece> {
    let fields = section.map_or(&[][..], |it| &it.fields);
    let first = section.map_or(0, |it| it.first);
    let mut statements = field::record(fields, &body::frame(), first, paths);
    statements.extend(added);
    let binding = match section {
        Some(section) if !fields.is_empty() => section.word.clone(),
        _ => Ident::new(word, Span::mixed_site()),
    };
    (!statements.is_empty()).then_some(ResultPiece { binding, statements })
}

/// There is a result to look at, and looking at it costs nothing that the user asked for.
fn check_result(section: &Section, function: &Function, errors: &mut Errors) {
    let word = &section.word;
    match function.output() {
        Output::Never => {
            errors.at(word.span(), format!("`{word}` needs a result, and this function has none"));
        }
        Output::Value(_) if function.shape() == Shape::Plain && function.is_track_caller() => {
            errors.at(
                word.span(),
                format!(
                    "`{word}` needs the body in a closure, which would hide the caller from \
                     `#[track_caller]`; remove one of the two"
                ),
            );
        }
        _ => {}
    }
}
