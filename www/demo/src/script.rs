//! Scripts in Rhai: parsed, run once within limits, and kept with their output, their result and their variables.
//!
//! Limits on operations, depth and sizes alone do not bound the time, because the engine measures a whole array at each push onto it; so a
//! clock is asked too. A script that meets a limit ends with an error like any other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, Position, Scope};

use crate::error::OpenError;
use crate::phrase;
use crate::preview::Preview;
use crate::script_value::{describe, show, write};
use crate::text::Place;
use crate::workbench::{Clock, Details};

/// Operations a script may take: about two seconds of plain loops in a browser.
const OPERATIONS: u64 = 20_000_000;

/// Milliseconds a script may take.
const TIME: f64 = 5_000.0;

/// Operations between two looks at the clock, each a call into JavaScript.
const CLOCK_INTERVAL: u64 = 256;

/// Calls inside each other.
const CALLS: usize = 24;

/// Expressions inside each other.
const EXPRESSIONS: usize = 48;

/// Arrays and maps inside each other. One access to a variable adds at most [`EXPRESSIONS`] levels, so that no value is deeper than
/// `NESTING + NESTING_INTERVAL * EXPRESSIONS`; the stack of a browser has room for about twice that.
const NESTING: usize = 200;

/// Accesses to variables between two looks at how deep a value is.
const NESTING_INTERVAL: u32 = 32;

/// Values looked at each time.
const VISITS: usize = 1_000;

/// Variables at one time.
const VARIABLES: usize = 256;

/// Elements of an array or bytes of a blob, with all arrays inside it.
const ELEMENTS: usize = 100_000;

/// Entries of an object map, with all maps inside it.
const ENTRIES: usize = 100_000;

/// Bytes of a string, or of all strings in one value.
const STRING_BYTES: usize = 4 << 20;

/// Characters of printed output; what is printed after them is left out.
const OUTPUT: usize = 1 << 16;

/// How many variables the details name.
const SHOWN: usize = 16;

/// What is kept of a script.
pub(crate) struct Run {
    program: AST,
    value: Dynamic,
    variables: Scope<'static>,
    output: String,
    operations: u64,
}

impl Run {
    /// Parses and runs a text; the error tells the place.
    pub(crate) fn read(text: &str, clock: Clock) -> Result<Self, OpenError> {
        let output = Rc::new(RefCell::new(Preview::new(OUTPUT)));
        let operations = Rc::new(Cell::new(0));
        let mut engine = limited_engine();
        watch_time(&mut engine, clock, &operations);
        watch_nesting(&mut engine);
        catch_output(&mut engine, &output);

        let program = engine.compile(text).map_err(|error| explain(&error.into()))?;
        let mut variables = Scope::new();
        let value = engine.eval_ast_with_scope(&mut variables, &program).map_err(|error| explain(&error))?;
        let output = output.replace(Preview::new(0)).finish();
        Ok(Self { program, value, variables, output, operations: operations.get() })
    }

    /// What it did, in one line.
    pub(crate) fn summary(&self) -> String {
        let operations = phrase::count(saturate(self.operations), "operation");
        let lines = phrase::count(self.output.lines().count(), "line");
        format!("{operations}, {lines} of output, result {}", show(&self.value, 60))
    }

    /// Counts, then the variables that the script left.
    pub(crate) fn details(&self) -> Details {
        let mut details = vec![
            ("result".to_owned(), describe(&self.value)),
            ("operations".to_owned(), phrase::grouped(saturate(self.operations))),
            ("functions".to_owned(), phrase::grouped(self.program.iter_functions().count())),
            ("output".to_owned(), phrase::count(self.output.len(), "byte")),
            ("variables".to_owned(), phrase::grouped(self.variables.len())),
        ];
        for (name, _, value) in self.variables.iter().take(SHOWN) {
            details.push((format!("variable {}", phrase::cut(name, 40)), describe(&value)));
        }
        details
    }

    /// What the script printed, then its result.
    pub(crate) fn preview(&self, limit: usize) -> String {
        let mut out = Preview::new(limit);
        out.push(&self.output);
        out.push("= ");
        write(&self.value, &mut out);
        out.finish()
    }
}

fn limited_engine() -> Engine {
    let mut engine = Engine::new();
    engine
        .set_max_operations(OPERATIONS)
        .set_max_call_levels(CALLS)
        .set_max_expr_depths(EXPRESSIONS, EXPRESSIONS)
        .set_max_variables(VARIABLES)
        .set_max_array_size(ELEMENTS)
        .set_max_map_size(ENTRIES)
        .set_max_string_size(STRING_BYTES)
        .disable_symbol("eval");
    // Waiting is a trap in WebAssembly.
    engine.register_fn("sleep", |_: i64| no_waiting()).register_fn("sleep", |_: f64| no_waiting());
    engine
}

fn no_waiting() -> Result<(), Box<EvalAltResult>> {
    Err("a script cannot wait here".into())
}

/// Counts operations, and stops the script when its time is over.
fn watch_time(engine: &mut Engine, clock: Clock, operations: &Rc<Cell<u64>>) {
    let start = clock();
    let operations = Rc::clone(operations);
    engine.on_progress(move |count| {
        operations.set(count);
        let late = count.is_multiple_of(CLOCK_INTERVAL) && clock() - start > TIME;
        late.then_some(Dynamic::UNIT)
    });
}

/// Stops a script that nests arrays and maps inside each other without end. The engine bounds only how many elements there are in all,
/// copies and drops them by recursion, and would run out of stack, which is a trap in WebAssembly.
fn watch_nesting(engine: &mut Engine) {
    let accesses = Cell::new(0_u32);
    #[expect(deprecated, reason = "the crate marks functions so that it may still change")]
    engine.on_var(move |name, _, context| {
        accesses.set(accesses.get().wrapping_add(1));
        if accesses.get().is_multiple_of(NESTING_INTERVAL)
            && context.scope().get(name).is_some_and(|value| is_deeper(value, NESTING, &mut VISITS.clone()))
        {
            return Err("arrays and maps are nested too deep".into());
        }
        Ok(None)
    });
}

/// Whether a value has more than `limit` levels, as far as `visits` values tell: a flat array of many elements must not slow each access.
fn is_deeper(value: &Dynamic, limit: usize, visits: &mut usize) -> bool {
    *visits = visits.saturating_sub(1);
    if let Ok(array) = value.as_array_ref() {
        return limit == 0 || array.iter().take(*visits).any(|element| is_deeper(element, limit - 1, visits));
    }
    let Ok(map) = value.as_map_ref() else {
        return false;
    };
    limit == 0 || map.values().take(*visits).any(|entry| is_deeper(entry, limit - 1, visits))
}

/// Sends what the script prints to `output`.
fn catch_output(engine: &mut Engine, output: &Rc<RefCell<Preview>>) {
    let printed = Rc::clone(output);
    engine.on_print(move |text| {
        let mut output = printed.borrow_mut();
        output.push(text);
        output.push("\n");
    });
    let debugged = Rc::clone(output);
    engine.on_debug(move |text, _, position| {
        let mut output = debugged.borrow_mut();
        output.push(&format!("{text} at {position:?}\n"));
    });
}

fn saturate(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The reason and place of the innermost error: the calls around it say less.
fn explain(error: &EvalAltResult) -> OpenError {
    let inner = error.unwrap_inner();
    let reason = match inner {
        EvalAltResult::ErrorTooManyOperations(_) => {
            format!("the script was stopped after {}", phrase::count(saturate(OPERATIONS), "operation"))
        }
        EvalAltResult::ErrorTerminated(..) => {
            format!("the script was stopped after {} seconds", TIME / 1000.0)
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("calls are nested deeper than {CALLS} levels")
        }
        EvalAltResult::ErrorTooManyVariables(_) => {
            format!("there are more than {VARIABLES} variables")
        }
        _ => message(inner),
    };
    let place = [inner.position(), error.position()].into_iter().find_map(place);
    match place {
        Some(place) => OpenError::at(place, reason),
        None => OpenError::whole(reason),
    }
}

/// The engine's own words without the place that it adds.
fn message(error: &EvalAltResult) -> String {
    let text = error.to_string();
    match error.position() {
        Position::NONE => text,
        position => text.strip_suffix(&format!(" ({position})")).unwrap_or(&text).to_owned(),
    }
}

fn place(position: Position) -> Option<Place> {
    Some(Place { line: position.line()?, column: position.position().unwrap_or(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a script by a clock that goes on by ten milliseconds with each look at it.
    fn run(text: &str) -> Result<Run, String> {
        thread_local!(static NOW: Cell<f64> = const { Cell::new(0.0) });
        let clock = || NOW.replace(NOW.get() + 10.0);
        Run::read(text, clock).map_err(|error| error.sentence("a.rhai"))
    }

    #[test]
    fn a_script_runs_and_leaves_result_output_and_variables() {
        let run = run("fn twice(n) { n * 2 }\nlet list = [];\nfor n in 0..1000 { list.push(twice(n)); }\nlet head = list.extract(0, 3);\nprint(\"done\");\nlist[999]").unwrap();
        assert_eq!(show(&run.value, 60), "1998");
        assert_eq!(run.output, "done\n");
        assert_eq!(run.preview(100), "done\n= 1998");
        let details = run.details();
        assert!(
            details.contains(&("variable head".to_owned(), "array of 3 elements: [0, 2, 4]".to_owned())),
            "{details:?}"
        );
        assert!(details.contains(&("functions".to_owned(), "1".to_owned())), "{details:?}");
        assert!(run.operations > 1000);
        assert!(run.summary().ends_with(" operations, 1 line of output, result 1998"));
    }

    #[test]
    fn errors_tell_the_place() {
        for (text, sentence) in [
            ("let x = ;", "a.rhai, line 1, column 9: "),
            ("let x = 1;\nfn f(n) {\n  n + y\n}\nf(x)", "a.rhai, line 3, column 7: Variable not found: y."),
            ("throw \"no\"", "a.rhai, line 1, column 1: Runtime error: no."),
            ("1 / 0", "a.rhai, line 1, column 3: Division by zero: 1 / 0."),
            ("let a = [1]; a[5]", "a.rhai, line 1, column 16: "),
            ("import \"x\" as x;", "a.rhai, line 1, column 1: "),
            ("eval(\"1\")", "a.rhai, line 1, column 1: "),
            ("sleep(1)", "a.rhai, line 1, column 1: Runtime error: a script cannot wait here."),
        ] {
            let error = run(text).err().unwrap_or_else(|| panic!("{text} ended well"));
            assert!(error.starts_with(sentence), "{error}");
            assert!(error.ends_with('.') && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn runaway_scripts_end_with_a_sentence() {
        let nested = format!("{}1{}", "(".repeat(1000), ")".repeat(1000));
        for (text, part) in [
            ("loop { }", "the script was stopped after "),
            ("fn f(n) { f(n + 1) } f(0)", "calls are nested deeper than 24 levels"),
            ("let s = \"ab\"; loop { s += s; }", "String"),
            ("let s = \"\"; s.pad(1000000000, \"x\");", "string"),
            ("let a = [1]; loop { a += a; }", "array"),
            ("let b = blob(1000000000);", "BLOB"),
            ("let m = #{}; let n = 0; loop { m[`k${n}`] = n; n += 1; }", ""),
            ("let a = []; a.pad(90000, 0); loop { a[0] = 1; }", "the script was stopped after "),
            ("let a = []; loop { a = [a]; }", "nested too deep"),
            ("let m = #{}; loop { let n = #{}; n.m = m; m = n; }", "nested too deep"),
            (nested.as_str(), "Expression exceeds maximum complexity"),
        ] {
            let error = run(text).err().unwrap_or_else(|| panic!("{text} ended well"));
            assert!(error.to_lowercase().contains(&part.to_lowercase()), "{error}");
        }
    }

    #[test]
    fn output_is_bounded() {
        let run = run("for n in 0..20000 { print(`line ${n}`); }").unwrap();
        assert_eq!(run.output.chars().count(), OUTPUT);
        assert!(run.output.ends_with('…'));
    }
}
