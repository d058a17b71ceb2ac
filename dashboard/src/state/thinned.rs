//! A history of fixed size.

/// Keeps at most `capacity` items, always the first and the newest: when it is full, every second
/// item of its older half goes. The past grows coarse, the present stays sharp.
#[derive(Clone, Debug)]
pub struct Thinned<T> {
    items: Vec<T>,
    capacity: usize,
}

impl<T> Thinned<T> {
    /// Creates an empty history.
    pub fn new(capacity: usize) -> Self {
        let items = Vec::new();
        Self { items, capacity }
    }

    /// Appends the newest item.
    pub fn push(&mut self, item: T) {
        if self.items.len() >= self.capacity {
            self.thin_out();
        }
        self.items.push(item);
    }

    /// Returns what is kept, oldest first.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    fn thin_out(&mut self) {
        let older = self.items.len() / 2;
        let mut index = 0;
        self.items.retain(|_| {
            index += 1;
            index > older || index % 2 == 1
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_history_keeps_its_first_and_its_newest_items() {
        let mut history = Thinned::new(16);
        (0..1_000).for_each(|item| history.push(item));
        assert!(history.items().len() <= 16);
        assert_eq!(history.items().first(), Some(&0));
        assert!(history.items().ends_with(&[996, 997, 998, 999]));
        assert!(history.items().is_sorted());
    }
}
