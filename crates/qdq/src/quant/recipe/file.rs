//! Recipes in files.

use super::{Recipe, Rule, under};
use crate::error::{Error, Result};
use crate::ops::Op;

impl Recipe {
    /// Reads a recipe and checks what can be checked without a model.
    ///
    /// # Errors
    /// Unknown keys and values of the wrong type, with their line; what [`Recipe::check`] finds.
    pub fn from_toml(text: &str) -> Result<Self> {
        let recipe: Self =
            toml::from_str(text).map_err(|error| Error::usage(error.to_string().trim_end()))?;
        recipe.check()?;
        Ok(recipe)
    }

    /// The text that [`Recipe::from_toml`] reads.
    ///
    /// # Errors
    /// Never for a recipe that is valid.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::internal(format!("the recipe as TOML: {error}")))
    }

    /// Checks what the types of the fields do not say.
    ///
    /// # Errors
    /// All that is wrong, each with its key.
    pub fn check(&self) -> Result<()> {
        let mut errors = Vec::new();
        for (table, settings) in [("activation", &self.activation), ("weight", &self.weight)] {
            errors.extend(settings.check().err().map(|error| under(error, table)));
        }
        if self.activation.scale.is_some() {
            errors.push(
                Error::usage("one scale for all activations")
                    .attribute("activation.scale")
                    .help("give a scale in a rule that names its value"),
            );
        }
        if let Some(mapping) = &self.qconfig_mapping {
            errors.extend(mapping.check().err());
        }
        for (position, rule) in self.rules.iter().enumerate() {
            errors.extend(rule.check().into_iter().map(|error| under(error, &rule.place(position))));
        }
        Error::all(errors).map_or(Ok(()), Err)
    }
}

impl Rule {
    /// How the rule is called in messages: `rule 2 (op = "conv")`.
    pub(super) fn place(&self, position: usize) -> String {
        let selector =
            |key: &str, text: &Option<String>| text.as_ref().map(|text| format!("{key} = {text:?}"));
        let selectors =
            [selector("op", &self.op), selector("scope", &self.scope), selector("value", &self.value)];
        let selectors: Vec<String> = selectors.into_iter().flatten().collect();
        format!("rule {} ({})", position + 1, selectors.join(", "))
    }

    fn check(&self) -> Vec<Error> {
        let mut errors = Vec::new();
        let mut wrong = |key: &str, message: String, help: &str| {
            errors.push(Error::usage(message).attribute(key).help(help));
        };
        let sets = !self.activation.is_empty() || !self.weight.is_empty();
        match (&self.value, self.op.is_some() || self.scope.is_some()) {
            (None, false) => wrong("op", "the rule names nothing".into(), "give it op, scope or value"),
            (Some(_), true) => wrong("value", "a value beside an op or a scope".into(), "write two rules"),
            _ => {}
        }
        if let Some(op) = self.op.as_ref().filter(|op| !Op::NAMES.contains(&op.as_str())) {
            let help = "`qdq inspect MODEL` lists a model's ops";
            wrong("op", format!("there is no op `{op}`"), help);
        }
        match (self.exclude, sets) {
            (Some(true), true) => {
                let help = "what stays in float has no integers to set: remove one of the two";
                wrong("exclude", "excluded, and settings for its integers".into(), help);
            }
            (None, false) => {
                wrong("exclude", "the rule says nothing".into(), "give it exclude, activation or weight")
            }
            _ => {}
        }
        for (table, settings) in [("activation", &self.activation), ("weight", &self.weight)] {
            errors.extend(settings.check().err().map(|error| under(error, table)));
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets::Target;

    fn refused(text: &str) -> String {
        Recipe::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("[activation]\nstorrage = \"u8\"", &["storrage", "line 2"][..]),
            ("[activation]\nstorage = \"u9\"", &["u9", "line 2"]),
            ("[activation]\nobserver = \"guess\"", &["guess", "minmax"]),
            ("[weight]\nquant_min = 5\nquant_max = 5", &["weight.quant_min", "5"]),
            ("[weight]\nscale = 0.0", &["weight.scale"]),
            ("[weight]\nscale = inf", &["weight.scale"]),
            ("[weight]\nzero_point = 3", &["weight.zero_point"]),
            ("[[rule]]\nexclude = true", &["rule 1", "names nothing"]),
            ("[[rule]]\nop = \"convv\"\nexclude = true", &["rule 1", "convv"]),
            ("[[rule]]\nop = \"conv\"", &["rule 1", "says nothing"]),
            ("[[rule]]\nop = \"conv\"\nexclude = true\nweight = {storage = \"i8\"}", &["rule 1", "excluded"]),
            ("[[rule]]\nop = \"conv\"\nvalue = \"x\"\nexclude = true", &["rule 1", "value"]),
            ("[[rule]]\nvalue = \"x\"\nactivation = {scale = -1.0}", &["rule 1", "activation.scale", "-1"]),
            (
                "[[rule]]\nvalue = \"x\"\nactivation = {observer = \"mse\", scale = 1.0}",
                &["rule 1", "activation.scale"],
            ),
        ];
        for (text, words) in cases {
            let message = refused(text);
            for word in words {
                assert!(message.contains(word), "{text}: {message} does not say {word}");
            }
        }
    }

    #[test]
    fn the_effective_recipe_parses_back_to_the_same() {
        let text = "[activation]\nobserver = \"percentile:99.5\"\n\n[[rule]]\nscope = \"a/*\"\nexclude = true\n\n\
                    [[rule]]\nop = \"conv\"\nweight = {granularity = \"per-tensor\", eps = 0.1}\n";
        let recipe = Recipe::from_toml(text).unwrap();
        for target in Target::all() {
            let effective = recipe.effective(&target);
            // Torch's own backends take a percentile as well.
            let effective = effective.unwrap();
            let again = Recipe::from_toml(&effective.to_toml().unwrap()).unwrap();
            assert_eq!(again, effective, "{}", target.name);
            assert_eq!(again.effective(&target).unwrap(), effective, "{}", target.name);
            assert_eq!(again.weight_for(&target).unwrap(), recipe.weight_for(&target).unwrap());
            assert_eq!(again.activation_for(&target).unwrap(), recipe.activation_for(&target).unwrap());
        }
    }
}
