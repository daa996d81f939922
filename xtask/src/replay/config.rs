//! Configurations: which constants of the allocator are changed, as the command line says it.

use anyhow::{Result, bail};
use std::str::FromStr;

/// Changed constants, in the order given. None is the allocator as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Config {
    changes: Vec<(String, String)>,
}

impl Config {
    /// Names and new values.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.changes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// For tables.
    pub(super) fn title(&self) -> String {
        if self.changes.is_empty() {
            return "flagstone".to_owned();
        }
        self.changes.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
    }
}

/// `NAME=VALUE[,NAME=VALUE]...`. A comma that no `NAME=` follows belongs to the value.
impl FromStr for Config {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Config> {
        let mut changes: Vec<(String, String)> = Vec::new();
        for part in text.split(',') {
            match (change(part), changes.last_mut()) {
                (Some((name, value)), _) => changes.push((name.to_owned(), value.to_owned())),
                (None, Some((_, value))) => *value += &format!(",{part}"),
                (None, None) => bail!("`{part}` is not NAME=VALUE with the name of a constant"),
            }
        }
        for (index, (name, value)) in changes.iter().enumerate() {
            if value.trim().is_empty() {
                bail!("{name} gets no value");
            }
            if changes[..index].iter().any(|(other, _)| other == name) {
                bail!("{name} gets two values");
            }
        }
        Ok(Config { changes })
    }
}

/// Name and value of `NAME=VALUE`.
fn change(part: &str) -> Option<(&str, &str)> {
    let (name, value) = part.split_once('=')?;
    let named = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    named.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::Config;

    fn changes(text: &str) -> Vec<(String, String)> {
        text.parse::<Config>().expect("a configuration").changes
    }

    #[test]
    fn names_get_values() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(changes("PROBES=4"), [pair("PROBES", "4")]);
        assert_eq!(changes("PROBES=4,STEP_SHIFT=6"), [pair("PROBES", "4"), pair("STEP_SHIFT", "6")]);
        assert_eq!(changes("T=[1, 2],B=max(1,2)"), [pair("T", "[1, 2]"), pair("B", "max(1,2)")]);
        assert_eq!("A=1,B=2".parse::<Config>().expect("one").title(), "A=1,B=2");
        assert_eq!(Config::default().title(), "flagstone");
    }

    #[test]
    fn nonsense_is_refused_with_its_words() {
        let error = |text: &str| text.parse::<Config>().expect_err("a fault").to_string();
        assert!(error("PROBES").contains("`PROBES` is not NAME=VALUE"));
        assert!(error("probes=4").contains("`probes=4`"));
        assert!(error("").contains("``"));
        assert!(error("A=1,A=2").contains("A gets two values"));
        assert!(error("A=,B=1").contains("A gets no value"));
    }
}
