use leptos::prelude::*;

/// Runs something now and whenever a signal changes that it reads, for as long as the caller's view is there.
///
/// It is [`Effect`] with a boxed closure: that one is compiled anew wherever it is used, this one once.
pub fn follow(run: impl Fn() + 'static) {
    boxed(Box::new(run));
}

fn boxed(run: Box<dyn Fn()>) {
    Effect::new(move |_| run());
}
