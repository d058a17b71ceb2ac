//! Which rows are open, while names come and change what a site is.

use super::Site;

/// The rows that are open, each with the call stacks that it had when it was last listed.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    stacks: Vec<(String, Vec<u32>)>,
}

impl Opened {
    /// Returns the keys of the rows that are open in a new list: what is listed no more by its key is by its largest call stack.
    pub fn follow(&mut self, keys: &[String], sites: &[Site]) -> Vec<String> {
        let followed: Vec<String> = keys
            .iter()
            .map(|key| {
                let is_listed = sites.iter().any(|site| site.key == *key);
                let moved = (!is_listed).then(|| self.moved(key, sites)).flatten();
                moved.unwrap_or_else(|| key.clone())
            })
            .collect();
        let listed = sites.iter().filter(|site| followed.contains(&site.key));
        let now = listed.map(|site| {
            (
                site.key.clone(),
                site.stacks.iter().map(|stack| stack.id).collect(),
            )
        });
        self.stacks = now.collect();
        followed
    }

    fn moved(&self, key: &str, sites: &[Site]) -> Option<String> {
        let (_, stacks) = self.stacks.iter().find(|(known, _)| known == key)?;
        let largest = *stacks.first()?;
        let mut sites = sites.iter();
        let site = sites.find(|site| site.stacks.iter().any(|stack| stack.id == largest))?;
        Some(site.key.clone())
    }
}
