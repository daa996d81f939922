//! The text that sets everything: `audit=lite;cache:doc_nodes=all;sample=512k;policy=continue`.
//!
//! It is read whole before anything is done, so a text with an error changes nothing.
#![forbid(unsafe_code)]

use core::fmt;

use super::fault::Policy;
use super::inject::Injection;
use super::mode::Mode;
use super::record::FRAMES;
use crate::objects::record::NAME_LEN;

/// What is wrong with a text. The word is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError<'t> {
    /// There is no `=` where a setting should be.
    NoValue(&'t str),
    /// No setting has that name.
    UnknownSetting(&'t str),
    /// No mode has that name.
    UnknownMode(&'t str),
    /// Not a number of bytes or of anything, with `k` or `m` behind it or not.
    BadNumber(&'t str),
    /// The policy is `trap` or `continue`.
    BadPolicy(&'t str),
    /// Empty, or longer than 31 bytes.
    BadName(&'t str),
    /// No object cache has that name.
    UnknownCache(&'t str),
    /// There are modes for 16 names already.
    TooManyRules(&'t str),
    /// There is no memory for a reserve of so many bytes.
    NoMemory(&'t str),
    /// Settings may not be changed any more.
    Locked,
}

impl fmt::Display for ConfigError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValue(text) => write!(f, "\"{text}\" is no setting: a setting is a name, =, and a value"),
            Self::UnknownSetting(text) => write!(
                f,
                "there is no setting \"{text}\": there are audit, cache:NAME, sample, policy, quarantine, depth, reserve, fail"
            ),
            Self::UnknownMode(text) => write!(
                f,
                "there is no mode \"{text}\": there are off, lite, audit, poison, redzone, contents, guard, sites, all, with + and - between them"
            ),
            Self::BadNumber(text) => write!(f, "\"{text}\" is no number: digits, with k or m behind them or not"),
            Self::BadPolicy(text) => write!(f, "\"{text}\" is no policy: there are trap and continue"),
            Self::BadName(text) => write!(f, "\"{text}\" is no name: a name has 1 to 31 bytes"),
            Self::UnknownCache(text) => write!(f, "there is no object cache \"{text}\""),
            Self::TooManyRules(text) => write!(f, "there are modes for 16 names already, so none for \"{text}\""),
            Self::NoMemory(text) => write!(f, "there is no memory for a reserve of {text} bytes"),
            Self::Locked => f.write_str("the settings are locked"),
        }
    }
}

impl core::error::Error for ConfigError<'_> {}

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting<'t> {
    Front(Mode),
    Cache(&'t str, Mode),
    Sampling { bytes: u32, most: u32 },
    Policy(Policy),
    Quarantine { bytes: u32, age: u32 },
    Depth(u32),
    Reserve(u32, &'t str),
    Fail(Option<Injection<'t>>),
}

/// The settings of a text, each with what is wrong with it.
pub(super) fn settings(text: &str) -> impl Iterator<Item = Result<Setting<'_>, ConfigError<'_>>> {
    text.split(';').map(str::trim).filter(|setting| !setting.is_empty()).map(setting)
}

fn setting(text: &str) -> Result<Setting<'_>, ConfigError<'_>> {
    let (name, value) = text.split_once('=').ok_or(ConfigError::NoValue(text))?;
    let (name, value) = (name.trim(), value.trim());
    if let Some(cache) = name.strip_prefix("cache:") {
        return Ok(Setting::Cache(self::name(cache)?, mode(value)?));
    }
    Ok(match name {
        "audit" => Setting::Front(mode(value)?),
        "sample" if value == "off" => Setting::Sampling { bytes: 0, most: 0 },
        "sample" => {
            let (bytes, most) = value.split_once(',').unwrap_or((value, "0"));
            Setting::Sampling { bytes: number(bytes)?, most: number(most)? }
        }
        "policy" => Setting::Policy(match value {
            "trap" => Policy::Trap,
            "continue" => Policy::Continue,
            _ => return Err(ConfigError::BadPolicy(value)),
        }),
        "quarantine" => {
            let (bytes, age) = value.split_once(',').unwrap_or((value, "0"));
            Setting::Quarantine { bytes: number(bytes)?, age: number(age)? }
        }
        "depth" => Setting::Depth(
            number(value).ok().filter(|&depth| depth as usize <= FRAMES).ok_or(ConfigError::BadNumber(value))?,
        ),
        "reserve" => Setting::Reserve(number(value)?, value),
        "fail" => Setting::Fail(if value == "off" { None } else { Some(injection(value)?) }),
        _ => return Err(ConfigError::UnknownSetting(name)),
    })
}

fn mode(text: &str) -> Result<Mode, ConfigError<'_>> {
    Mode::parse(text).ok_or(ConfigError::UnknownMode(text))
}

/// A name of an object cache.
pub(super) fn name(text: &str) -> Result<&str, ConfigError<'_>> {
    if text.is_empty() || text.len() >= NAME_LEN { Err(ConfigError::BadName(text)) } else { Ok(text) }
}

/// A number, of bytes where it has `k` or `m` behind it.
fn number(text: &str) -> Result<u32, ConfigError<'_>> {
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1 << 10),
        None => text.strip_suffix(['m', 'M']).map_or((text, 1), |digits| (digits, 1 << 20)),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let number = digits.parse::<u32>().ok().and_then(|number| number.checked_mul(unit)).filter(|_| plain);
    number.ok_or(ConfigError::BadNumber(text))
}

/// `nth:5`, `one_in:100,seed:7,times:3`, `one_in:1,min:1k,cache:doc_nodes`.
fn injection(text: &str) -> Result<Injection<'_>, ConfigError<'_>> {
    let mut injection = Injection::default();
    for part in text.split(',') {
        let (name, value) = part.split_once(':').ok_or(ConfigError::NoValue(part))?;
        let place = match name {
            "one_in" => &mut injection.one_in,
            "nth" => &mut injection.nth,
            "times" => &mut injection.times,
            "space" => &mut injection.space,
            "min" => &mut injection.min,
            "max" => &mut injection.max,
            "seed" => &mut injection.seed,
            "cache" => {
                injection.cache = Some(if value.is_empty() { "" } else { self::name(value)? });
                continue;
            }
            "tag" => {
                injection.tag = Some(self::name(value)?);
                continue;
            }
            _ => return Err(ConfigError::UnknownSetting(name)),
        };
        *place = number(value)?;
    }
    Ok(injection)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_text_is_read_as_its_settings() {
        let text = "audit=lite; cache:doc_nodes=all-sites ;sample=512k,500;policy=continue;quarantine=1m,500;depth=8;reserve=64k;fail=one_in:100,seed:7,max:1k,cache:,tag:parser;";
        let read: Result<Vec<_>, _> = settings(text).collect();
        let injection =
            Injection { one_in: 100, seed: 7, max: 1024, cache: Some(""), tag: Some("parser"), ..Injection::default() };
        assert_eq!(
            read.unwrap(),
            [
                Setting::Front(Mode::LITE),
                Setting::Cache("doc_nodes", Mode(0xf)),
                Setting::Sampling { bytes: 512 << 10, most: 500 },
                Setting::Policy(Policy::Continue),
                Setting::Quarantine { bytes: 1 << 20, age: 500 },
                Setting::Depth(8),
                Setting::Reserve(64 << 10, "64k"),
                Setting::Fail(Some(injection)),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, error) in [
            ("audit", ConfigError::NoValue("audit")),
            ("aduit=lite", ConfigError::UnknownSetting("aduit")),
            ("audit=light", ConfigError::UnknownMode("light")),
            ("cache:=lite", ConfigError::BadName("")),
            (
                "cache:a_name_of_more_than_31_bytes_is_cut=all",
                ConfigError::BadName("a_name_of_more_than_31_bytes_is_cut"),
            ),
            ("sample=5g", ConfigError::BadNumber("5g")),
            ("sample=-1", ConfigError::BadNumber("-1")),
            ("sample=+1", ConfigError::BadNumber("+1")),
            ("sample=", ConfigError::BadNumber("")),
            ("sample=5000m", ConfigError::BadNumber("5000m")),
            ("policy=abort", ConfigError::BadPolicy("abort")),
            ("quarantine=1m,", ConfigError::BadNumber("")),
            ("depth=33", ConfigError::BadNumber("33")),
            ("fail=always", ConfigError::NoValue("always")),
            ("fail=every:5", ConfigError::UnknownSetting("every")),
            ("fail=tag:", ConfigError::BadName("")),
        ] {
            assert_eq!(settings(text).collect::<Result<Vec<_>, _>>(), Err(error), "{text}");
        }
    }
}
