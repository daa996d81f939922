//! Values of a script in words, bounded in length however large they are.

use rhai::Dynamic;

use crate::phrase;
use crate::preview::Preview;

/// A value on at most `limit` characters. Stops when they are used up, since writing a large value out in full may take megabytes.
pub(crate) fn show(value: &Dynamic, limit: usize) -> String {
    let mut out = Preview::new(limit);
    write(value, &mut out);
    phrase::cut(&out.finish(), limit)
}

/// Writes a value as the script would; false when there is no more room. Every level takes room, so the recursion ends.
pub(crate) fn write(value: &Dynamic, out: &mut Preview) -> bool {
    if let Ok(array) = value.as_array_ref() {
        let mut elements = array.iter().enumerate();
        return out.push("[")
            && elements.all(|(position, element)| comma(position, out) && write(element, out))
            && out.push("]");
    }
    if let Ok(map) = value.as_map_ref() {
        let mut entries = map.iter().enumerate();
        return out.push("#{")
            && entries.all(|(position, (key, value))| {
                comma(position, out) && out.push(key) && out.push(": ") && write(value, out)
            })
            && out.push("}");
    }
    if let Ok(blob) = value.as_blob_ref() {
        return out.push(&format!("blob of {}", phrase::count(blob.len(), "byte")));
    }
    if let Ok(string) = value.as_immutable_string_ref() {
        return out.push("\"") && out.push(&string) && out.push("\"");
    }
    match value.as_float() {
        Ok(number) => out.push(&phrase::decimal(number)),
        Err(_) if value.is_unit() => out.push("nothing"),
        Err(_) => out.push(&value.to_string()),
    }
}

fn comma(position: usize, out: &mut Preview) -> bool {
    position == 0 || out.push(", ")
}

/// A value of a variable: large ones by their size.
pub(crate) fn describe(value: &Dynamic) -> String {
    let size = match (value.as_array_ref(), value.as_map_ref()) {
        (Ok(array), _) => format!("array of {}: ", phrase::count(array.len(), "element")),
        (_, Ok(map)) => format!("map of {}: ", phrase::count(map.len(), "entry")),
        _ => String::new(),
    };
    format!("{size}{}", show(value, 60))
}

#[cfg(test)]
mod tests {
    use rhai::Engine;

    use super::*;

    #[test]
    fn values_are_shown_as_written() {
        for (text, result) in [
            ("[1, [2, 3]]", "[1, [2, 3]]"),
            ("#{a: 1, b: []}", "#{a: 1, b: []}"),
            ("blob(7)", "blob of 7 bytes"),
            ("\"text\"", "\"text\""),
            ("1.0 / 4", "0.25"),
            ("true", "true"),
            ("let x = 1;", "nothing"),
            ("exit(3); 4", "3"),
            ("let a = []; a.pad(1000, 1.5); a", "[1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5…"),
        ] {
            assert_eq!(show(&Engine::new().eval(text).unwrap(), 60), result, "{text}");
        }
    }

    #[test]
    fn large_values_are_described_by_size_first() {
        for (text, words) in
            [("[1, 2]", "array of 2 elements: [1, 2]"), ("#{a: 1}", "map of 1 entry: #{a: 1}"), ("\"abc\"", "\"abc\"")]
        {
            assert_eq!(describe(&Engine::new().eval(text).unwrap()), words);
        }
    }
}
