//! `ok(..)`, `err(..)` and `ret(..)`: what is recorded of the result.
//!
//! In: the three arguments. Out: the statements for each way a call can end.
//! Never: looks at a result of a span that nobody records.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Ident;

use crate::args::{self, Arg, Grammar, Value};
use crate::body::{self, Format, ResultPiece, ResultPieces};
use crate::callsite::{Callsite, Level};
use crate::errors::Errors;
use crate::field::{self, Field, Mark};
use crate::function::Function;
use crate::parameters;
use crate::paths::Paths;

/// The key of a return value that is recorded as a whole, as `tracing` calls it.
const RETURN: &str = "return";

const OK: Grammar = Grammar {
    owner: "`ok(..)`",
    keys: &["fields"],
    repeatable: &[],
    computed: &[],
    values: "fields",
    hints: &[("level", "a span has one level: `level = ..` of `#[traced]`")],
};

const ERR: Grammar = Grammar {
    owner: "`err(..)`",
    keys: &["fields", "level", "event", "Debug", "Display"],
    repeatable: &[],
    computed: &[],
    values: "fields",
    hints: &[],
};

const RET: Grammar = Grammar {
    owner: "`ret(..)`",
    keys: &["fields", "Debug", "Display"],
    repeatable: &[],
    computed: &[],
    values: "fields",
    hints: &[("level", "the return value is an attribute of the span and has the span's level")],
};

/// The three sections.
#[derive(Default)]
pub(super) struct Sections {
    ok: Option<Section>,
    err: Option<Section>,
    ret: Option<Section>,
    /// The format of the error's message, if one is required.
    format: Option<Format>,
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
    /// The names of the function's parameters.
    parameters: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Returned {
    /// `Display` or `Debug`, at the word that requires it.
    format: Format,
    index: usize,
}

impl Sections {
    /// Takes one of the three arguments.
    pub(super) fn add(&mut self, arg: Arg, errors: &mut Errors) {
        let word = Ident::new(arg.key, arg.span);
        let (grammar, example) = match arg.key {
            "ok" => (&OK, "ok(fields(rows = ok.len()))"),
            "err" => (&ERR, "err(fields(code = err.code()))"),
            _ => (&RET, "ret(fields(failed = ret.is_err()))"),
        };
        let tokens = match arg.value {
            Value::Nothing if word != "ok" => TokenStream::new(),
            _ => arg.list(example, errors).unwrap_or_default(),
        };
        let mut section = Section { word, fields: Vec::new(), first: 0, parameters: Vec::new() };
        let options = section.read(args::parse(tokens, grammar, errors), errors);
        let format = self.options(options, errors);
        if section.word == "ok" {
            self.ok = Some(section);
        } else if section.word == "err" {
            self.format = format;
            self.err = Some(section);
        } else {
            let is_whole = format.is_some() || section.fields.is_empty();
            let format = format.unwrap_or(Format::Debug(section.word.span()));
            self.returned = is_whole.then_some(Returned { format, index: 0 });
            self.ret = Some(section);
        }
    }

    /// Reads what is not a field; returns the format of the value, if one is given.
    fn options(&mut self, options: Vec<Arg>, errors: &mut Errors) -> Option<Format> {
        let mut format = None;
        for option in options {
            let (key, span) = (option.key, option.span);
            match key {
                "level" => {
                    let level = option.expression("level = \"warn\"", errors);
                    self.event = level.and_then(|it| Level::parse(&it, errors));
                }
                "event" => {
                    option.flag(errors);
                    self.event = self.event.or(Some(Level::ERROR));
                }
                _ => {
                    option.flag(errors);
                    let new = if key == "Debug" { Format::Debug } else { Format::Display };
                    if format.replace(new(span)).is_some() {
                        errors.at(span, "`Debug` and `Display` exclude each other");
                    }
                }
            }
        }
        format
    }

    /// Every field of the three.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.each().flat_map(|section| &section.fields)
    }

    fn each(&self) -> impl Iterator<Item = &Section> {
        [&self.ok, &self.err, &self.ret].into_iter().flatten()
    }

    /// True if nothing depends on the type of the result.
    pub(super) fn is_empty(&self) -> bool {
        self.returned.is_none() && self.err.is_none() && self.fields().next().is_none()
    }

    /// Whether a failure is told as an event.
    pub(super) fn has_event(&self) -> bool {
        self.event.is_some()
    }

    /// The rules between the sections and the rest of the attribute.
    pub(super) fn check(&mut self, entry: &[Field], function: &Function, errors: &mut Errors) {
        // A call ends one way: `ok` and `err` may use the same key.
        let always = || entry.iter().chain(fields_of(self.ret.as_ref()));
        field::check_repeated(always().chain(fields_of(self.ok.as_ref())), errors);
        let failed = fields_of(self.err.as_ref());
        let is_shared = |it: &&Field| failed.iter().any(|other| other.key.text() == it.key.text());
        field::check_repeated(always().filter(is_shared).chain(failed), errors);
        for section in [&mut self.ok, &mut self.err, &mut self.ret].into_iter().flatten() {
            section.parameters = parameters::scope(&function.signature);
            let mut scope = parameters::scope(&function.signature);
            scope.push(section.word.to_string());
            field::check_scope(&section.fields, &scope, errors);
            if section.word == "err" {
                body::check_can_fail(&section.word, function, errors);
            } else {
                body::check_result(&section.word, function, errors);
            }
        }
    }

    /// Adds the keys of the sections to the callsite; returns the index behind the last of them.
    pub(super) fn add_keys(&mut self, callsite: &mut Callsite) -> usize {
        for section in [&mut self.ok, &mut self.err, &mut self.ret].into_iter().flatten() {
            section.first = callsite.add_keys(&section.fields);
        }
        if let Some(returned) = &mut self.returned {
            returned.index = callsite.add_key(quote_spanned!(Span::mixed_site()=> #RETURN));
        }
        callsite.count_keys()
    }

    /// The statements of each section.
    pub(super) fn pieces(&self, paths: &Paths) -> ResultPieces {
        let private = paths.private();
        let frame = body::frame();
        let returned = self.returned.map(|it| it.statement(paths));
        let event = self.event.map(|level| {
            let level = level.tokens(&private);
            quote_spanned!(Span::mixed_site()=> #private::error_event(#frame, #level);)
        });
        ResultPieces {
            ok: piece(self.ok.as_ref(), returned, paths),
            err: piece(self.err.as_ref(), None, paths),
            ret: piece(self.ret.as_ref(), None, paths),
            format: self.format,
            class: None,
            late: self.each().flat_map(|it| field::used(&it.fields, &it.parameters)).collect(),
            failure: event.unwrap_or_default(),
            check: self
                .err
                .as_ref()
                .map(|it| body::needs_error(&it.word, paths))
                .unwrap_or_default(),
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
            self.fields = field::parse(list, &Mark::Attribute, errors);
        }
        options
    }
}

impl Returned {
    // Output: Recorder::record_debug(&mut frame, 3, ok);
    fn statement(self, paths: &Paths) -> TokenStream {
        let (private, frame) = (paths.private(), body::frame());
        let site = Span::mixed_site();
        let is_display = matches!(self.format, Format::Display(_));
        let method = Ident::new(if is_display { "record_display" } else { "record_debug" }, site);
        let index = syn::LitInt::new(&self.index.to_string(), site);
        let value = self.format.formatted(&Ident::new("__spanwright_ok", site), paths);
        let record = quote_spanned!(site=>
            #private::Recorder::#method(__spanwright_recorder, #index, &#value);
        );
        field::guarded_field(&frame, &index, &record, paths)
    }
}

fn fields_of(section: Option<&Section>) -> &[Field] {
    section.map_or(&[], |section| &section.fields)
}

/// The statements of a section, with what the attribute itself adds to them.
fn piece(
    section: Option<&Section>,
    added: Option<TokenStream>,
    paths: &Paths,
) -> Option<ResultPiece> {
    let fields = fields_of(section);
    let first = section.map_or(0, |it| it.first);
    let mut statements = field::record(fields, &body::frame(), first, paths);
    statements.extend(added);
    let binding = section.filter(|_| !fields.is_empty()).map(|section| section.word.clone());
    (!statements.is_empty()).then_some(ResultPiece { binding, statements })
}
