//! A list of notes in yew, allocating from flagstone. The page loads the heap inspector beside it: see `inspector.js`.

use flagstone::Flagstone;
use yew::prelude::{Callback, Html, component, html, use_state};

#[global_allocator]
static ALLOCATOR: Flagstone = Flagstone::new();

/// Notes that one press of the button adds.
const AT_ONCE: usize = 1_000;

#[component]
fn App() -> Html {
    let notes = use_state(Vec::<String>::new);
    let add = {
        let notes = notes.clone();
        Callback::from(move |_| {
            let mut more = (*notes).clone();
            more.extend((0..AT_ONCE).map(|index| format!("note {index}: {}", "stone ".repeat(index % 40))));
            notes.set(more);
        })
    };
    let clear = {
        let notes = notes.clone();
        Callback::from(move |_| notes.set(Vec::new()))
    };
    html! {
        <main>
            <h1>{ "Notes" }</h1>
            <p id="count">{ format!("{} notes", notes.len()) }</p>
            <button id="add" onclick={add}>{ format!("Add {AT_ONCE} notes") }</button>
            <button id="clear" onclick={clear}>{ "Clear" }</button>
        </main>
    }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
