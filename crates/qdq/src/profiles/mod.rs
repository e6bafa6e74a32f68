//! Profiles: the exact integer arithmetic of runtimes, one a folder.
//!
//! A [`Profile`] says to the last bit what a node in integer form computes, or refuses the node. Nothing outside this
//! folder and `targets` names a runtime.

pub mod ort;

use crate::error::{Error, Result};
use crate::exec::Profile;

/// All profiles, in the order they are listed.
pub const ALL: &[&dyn Profile] = &[&ort::ORT_X64, &ort::ORT_X64_SATURATING];

/// The profile of this name.
///
/// # Errors
/// No such profile; the message lists those there are.
pub fn find(name: &str) -> Result<&'static dyn Profile> {
    ALL.iter().copied().find(|profile| profile.name() == name).ok_or_else(|| {
        let names: Vec<_> = ALL.iter().map(|profile| profile.name()).collect();
        Error::usage(format!("there is no profile `{name}`")).help(format!("one of {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_name() {
        for profile in ALL {
            assert_eq!(find(profile.name()).unwrap().name(), profile.name());
        }
        assert!(find("ort").unwrap_err().to_string().contains("ort-x64-saturating"));
    }
}
